import { beforeEach, expect, test } from 'vitest';
import type { Participant } from '../protocol.gen';
import { Cursors } from './cursors';

const RIGHTS = { view: true, point: true, annotate: true, click: true, typing: true, navigate: true, open_tabs: true, send_files: true, hear: true };
const person = (id: number, present = true, name = `P${id}`): Participant => ({ id, role: 'agent', name, colour: id, present, rights: RIGHTS, control: 'given' });
const at = (participant: number, sequence: number, x = 1) => ({ participant, sequence, x, y: 2 });
let cursors: Cursors;

beforeEach(() => {
  cursors = new Cursors();
  cursors.people([person(1), person(2)], 1);
});

test('the latest place of each other person counts', () => {
  expect(cursors.moved(at(2, 5, 50))).toBe(true);
  expect(cursors.moved(at(2, 4, 40))).toBe(false);
  expect(cursors.moved(at(2, 5, 41))).toBe(false);
  expect(cursors.all()).toMatchObject([{ participant: 2, name: 'P2', colour: 2, x: 50, y: 2 }]);
});

test('one’s own is the local one, and strangers have none', () => {
  expect(cursors.moved(at(1, 1))).toBe(false);
  expect(cursors.moved(at(9, 1))).toBe(false);
  expect(cursors.all()).toEqual([]);
});

test('who leaves takes their cursor along, and counts anew on return', () => {
  cursors.moved(at(2, 500));
  cursors.people([person(1), person(2, false)], 1);
  expect(cursors.all()).toEqual([]);
  expect(cursors.moved(at(2, 501))).toBe(false);
  cursors.people([person(1), person(2)], 1);
  expect(cursors.moved(at(2, 1))).toBe(true);
});

test('presses are counted for their ripples, and survive moves and new names', () => {
  expect(cursors.pressed(2, true)).toBe(false);
  cursors.moved(at(2, 1));
  cursors.pressed(2, true);
  cursors.pressed(2, false);
  cursors.pressed(2, true);
  cursors.moved(at(2, 2, 9));
  cursors.people([person(1), person(2, true, 'Ana')], 1);
  expect(cursors.all()).toMatchObject([{ name: 'Ana', pressed: true, presses: 2, x: 9 }]);
});
