import { expect, test } from 'vitest';
import { arrowPath, Batch, beginning, boxOf, Drawings, inFrame, SENT_EVERY, simplified, strokePath, type Point } from './drawing';
import type { Drawing } from '../protocol.gen';

const drawing = (more: Partial<Drawing> = {}): Drawing => ({
  id: 1, from: 2, number: null, tab: 1, tool: 'pen', text: null, at: 0, frame: [100, 200, 400, 50], points: [[0, 0], [0.5, 1]], done: true, life: null, ...more,
});
const pointsOf = (drawings: Drawings, tab = 1, now = 0) => drawings.shown(tab, 7, now).map(({ points }) => points);

test('what a hand draws goes in few messages, and none is lost', () => {
  const sent: Point[][] = [];
  const batch = new Batch([0, 0], false, (points) => sent.push(points));
  expect(batch.add([[10, 0]], 1_000)).toBe(false);
  expect(batch.add([[20, 30]], 1_010)).toBe(true);
  expect(batch.add([[5, 40]], 1_020)).toBe(true);
  expect(sent).toEqual([[[10, 0]]]);
  batch.add([[5, 80]], 1_000 + SENT_EVERY);
  expect(sent[1]).toEqual([[20, 30], [5, 40], [5, 80]]);
  batch.flush(2_000);
  expect(sent).toHaveLength(2);
});

test('of what spans two places only the last counts', () => {
  const sent: Point[][] = [];
  const batch = new Batch([0, 0], true, (points) => sent.push(points));
  batch.add([[1, 1], [2, 2]], 0);
  batch.add([[3, 3]], 1);
  batch.add([[4, 4]], 2);
  batch.flush(3);
  expect(sent).toEqual([[[2, 2]], [[4, 4]]]);
});

test('a line of few places is as good as one of many', () => {
  const line = Array.from({ length: 1_000 }, (_, i): Point => [i, Math.sin(i / 80) * 50]);
  const few = simplified(line, 0.6);
  expect(few.length).toBeLessThan(80);
  expect([few[0], few.at(-1)]).toEqual([line[0], line.at(-1)]);
  expect(simplified([[0, 0], [5, 0], [10, 0]], 0.6)).toEqual([[0, 0], [10, 0]]);
  expect(simplified([[0, 0], [5, 9], [0, 0]], 0.6)).toHaveLength(3);
  expect(simplified([], 1)).toEqual([]);
});

test('a drawing goes where its box goes, and is seen in its tab alone', () => {
  const drawings = new Drawings();
  expect(drawings.heard({ type: 'drawn', drawings: [drawing()] }, 0)).toBe(2);
  expect(pointsOf(drawings)).toEqual([[[100, 200], [300, 250]]]);
  expect(pointsOf(drawings, 2)).toEqual([]);
  drawings.heard({ type: 'moved', places: [{ id: 1, frame: [100, 150, 200, 50] }, { id: 9, frame: null }] }, 0);
  expect(pointsOf(drawings)).toEqual([[[100, 150], [200, 200]]]);
  drawings.heard({ type: 'moved', places: [{ id: 1, frame: null }] }, 0);
  expect(pointsOf(drawings)).toEqual([]);
  expect(inFrame([0.5, 3], [10, 10, 0, 0])).toEqual([10.5, 13]);
});

test('one’s own stroke is there at once, and handed over when the node has all of it', () => {
  const drawings = new Drawings();
  const number = drawings.begin(1, 'pen', [1, 1], '', 0);
  drawings.go(number, [[2, 2], [3, 3]]);
  expect(pointsOf(drawings)).toEqual([[[1, 1], [2, 2], [3, 3]]]);
  expect(drawings.heard({ type: 'drawn', drawings: [drawing({ number, from: 7, done: false, points: [[0, 0]] })] }, 0)).toBeNull();
  expect(pointsOf(drawings)).toEqual([[[1, 1], [2, 2], [3, 3]]]);
  drawings.heard({ type: 'grown', id: 1, points: [[0.5, 1]] }, 0);
  drawings.end(number, 0);
  drawings.heard({ type: 'done', id: 1 }, 0);
  expect(drawings.shown(1, 7, 0)).toMatchObject([{ key: `own:${number}`, id: 1, points: [[100, 200], [300, 250]] }]);
});

test('a stroke that the node never heard of is given up', () => {
  const drawings = new Drawings();
  drawings.end(drawings.begin(1, 'box', [1, 1], '', 0), 100);
  const over = drawings.next() ?? 0;
  expect(pointsOf(drawings, 1, over - 1)).toHaveLength(1);
  expect(pointsOf(drawings, 1, over)).toEqual([]);
});

test('numbers go on after a reload', () => {
  const drawings = new Drawings();
  drawings.heard({ type: 'drawn', drawings: [drawing({ number: 41 })] }, 0);
  expect(drawings.begin(1, 'pen', [0, 0], '', 0)).toBe(42);
});

test('undo takes the last of one’s own in this tab, heard of or not', () => {
  const drawings = new Drawings();
  const list = [drawing({ number: 1 }), drawing({ id: 2, tab: 2, number: 2 }), drawing({ id: 3 })];
  drawings.heard({ type: 'drawn', drawings: list }, 0);
  drawings.begin(1, 'pen', [9, 9], '', 0);
  expect(drawings.undo(1)).toBe(true);
  expect(pointsOf(drawings)).toHaveLength(2);
  expect(drawings.undo(1)).toBe(true);
  expect(drawings.shown(1, 7, 0).map(({ id }) => id)).toEqual([3]);
  expect(drawings.undo(1)).toBe(false);
  drawings.clear(false);
  expect(pointsOf(drawings)).toHaveLength(1);
  drawings.clear(true);
  expect(pointsOf(drawings)).toEqual([]);
});

test('what fades is over once its life is', () => {
  const drawings = new Drawings();
  drawings.heard({ type: 'drawn', drawings: [drawing({ done: false, life: 6_000 })] }, 1_000);
  expect(drawings.next()).toBeNull();
  expect(drawings.shown(1, 7, 50_000)[0]?.life).toBeNull();
  drawings.heard({ type: 'done', id: 1 }, 50_000);
  expect(drawings.next()).toBe(56_000);
  expect(drawings.shown(1, 7, 55_999)[0]?.life).toBe(6_000);
  expect(drawings.shown(1, 7, 56_000)).toEqual([]);
});

test('how things are drawn', () => {
  expect(strokePath([])).toBe('');
  expect(strokePath([[1, 2]])).toBe('M1 2h.01');
  expect(strokePath([[0, 0], [10, 0], [10, 10]])).toBe('M0 0Q10 0 10 5L10 10');
  expect(boxOf([9, 8], [1, 20])).toEqual({ x: 1, y: 8, width: 8, height: 12 });
  const numbers = (path: string) => path.match(/-?[\d.]+/g)?.map(Number) ?? [];
  const [x, y, tipX, tipY, leftX, leftY, , , rightX, rightY] = numbers(arrowPath([0, 0], [100, 0])) as [number, number, number, number, number, number, number, number, number, number];
  expect([x, y, tipX, tipY]).toEqual([0, 0, 100, 0]);
  expect([leftX, leftY]).toEqual([rightX, -rightY]);
  expect(leftX).toBeLessThan(100);
  expect(arrowPath([5, 5], [5, 5])).toBe('M5 5L5 5M5 5L5 5L5 5');
  expect(beginning(3, 'pen', { x: 1.26, y: 2 }, true, 'x')).toEqual({ type: 'begin', number: 3, tool: 'pen', at: [1.3, 2], fade: true, text: null });
});
