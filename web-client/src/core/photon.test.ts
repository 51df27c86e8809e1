import { expect, test, vi } from 'vitest';
import type { Report } from '../protocol.gen';
import { atOrAfter, Photon } from './photon';

function world() {
  const report = vi.fn<(report: Report) => void>();
  return { photon: new Photon(report), said: () => report.mock.calls.map(([one]) => one) };
}
const exact = (milliseconds: number): Report => ({ type: 'click_to_photon', milliseconds, exact: true });

test('timestamps are compared across the wrap', () => {
  expect(atOrAfter(5, 5)).toBe(true);
  expect(atOrAfter(6, 5)).toBe(true);
  expect(atOrAfter(4, 5)).toBe(false);
  expect(atOrAfter(10, 0xffff_fff0)).toBe(true);
  expect(atOrAfter(0xffff_fff0, 10)).toBe(false);
});

test('the word first, then the picture', () => {
  const { photon, said } = world();
  photon.pressed(1, 1000);
  photon.shown(1, 9000, 1020);
  photon.frame(8000, 1025);
  expect(said()).toEqual([]);
  photon.frame(9000, 1036);
  photon.frame(9100, 1050);
  expect(said()).toEqual([exact(36)]);
});

test('the picture first, then the word', () => {
  const { photon, said } = world();
  photon.pressed(1, 1000);
  photon.frame(8000, 1010);
  photon.frame(9000, 1030);
  photon.frame(9100, 1050);
  photon.shown(1, 9000, 1060);
  expect(said()).toEqual([exact(30)]);
});

test('a later picture counts when the exact one was never shown, also across the wrap', () => {
  const { photon, said } = world();
  photon.pressed(1, 1000);
  photon.shown(1, 0xffff_ff00, 1020);
  photon.frame(0xffff_0000, 1030);
  photon.frame(50, 1044);
  expect(said()).toEqual([exact(44)]);
});

test('several inputs at once are told apart', () => {
  const { photon, said } = world();
  photon.pressed(1, 1000);
  photon.pressed(2, 1010);
  photon.shown(2, 9200, 1030);
  photon.shown(1, 9100, 1030);
  photon.frame(9100, 1040);
  photon.frame(9200, 1055);
  expect(said()).toEqual([exact(40), exact(45)]);
});

test('a picture from before the press answers nothing', () => {
  const { photon, said } = world();
  photon.frame(9000, 990);
  photon.pressed(1, 1000);
  photon.shown(1, 9000, 1010);
  expect(said()).toEqual([]);
});

test('other people’s inputs, and late ones, are not ours', () => {
  const { photon, said } = world();
  photon.shown(7, 9000, 1000);
  photon.pressed(1, 1000);
  photon.shown(1, 9000, 1010);
  photon.frame(9000, 5000);
  photon.pressed(2, 10_000);
  photon.reset();
  photon.shown(2, 9000, 10_010);
  photon.frame(9000, 10_020);
  expect(said()).toEqual([]);
});

test('without timestamps it is an estimate, and says so', () => {
  const { photon, said } = world();
  photon.pressed(1, 1000);
  photon.frame(undefined, 1010);
  photon.shown(1, 9000, 1020);
  photon.frame(undefined, 1033);
  photon.frame(undefined, 1050);
  expect(said()).toEqual([{ type: 'click_to_photon', milliseconds: 33, exact: false }]);
});
