import { expect, test } from 'vitest';
import { toRemote } from './viewport';
import { enlarged, settled, WHOLE, zoomedBy, type Zoom } from './zoom';

const STAGE = { width: 400, height: 800 };
const pinch = (x: number, y: number, apart: number) => ({ x, y, apart });

test('what was between the fingers stays between them', () => {
  const zoom = zoomedBy(WHOLE, pinch(100, 200, 50), pinch(120, 190, 150), STAGE);
  expect(zoom.scale).toBe(3);
  const box = enlarged({ left: 0, top: 0, ...STAGE }, zoom);
  const remote = toRemote(120, 190, box, { ...STAGE, scale: 1 });
  expect(remote).toMatchObject({ x: expect.closeTo(100), y: expect.closeTo(200), inside: true });
});

test('two fingers move it, as far as the stage stays covered', () => {
  const zoom: Zoom = { scale: 2, x: -100, y: -100 };
  expect(zoomedBy(zoom, pinch(50, 50, 80), pinch(40, 70, 80), STAGE)).toEqual({ scale: 2, x: -110, y: -80 });
  expect(zoomedBy(zoom, pinch(50, 50, 80), pinch(390, 790, 80), STAGE)).toEqual({ scale: 2, x: 0, y: 0 });
  expect(zoomedBy(zoom, pinch(390, 790, 80), pinch(-400, -900, 80), STAGE)).toEqual({ scale: 2, x: -400, y: -800 });
});

test('never smaller than the whole, never endlessly large, and nearly whole is whole', () => {
  expect(zoomedBy(WHOLE, pinch(9, 9, 100), pinch(9, 9, 10), STAGE)).toEqual({ scale: 1, x: 0, y: 0 });
  expect(zoomedBy(WHOLE, pinch(9, 9, 1), pinch(9, 9, 900), STAGE).scale).toBe(5);
  expect(zoomedBy(WHOLE, pinch(9, 9, 0), pinch(9, 9, 900), STAGE).scale).toBe(1);
  expect(settled({ scale: 1.03, x: -2, y: -3 })).toBe(WHOLE);
  expect(settled({ scale: 1.5, x: -2, y: -3 }).scale).toBe(1.5);
});
