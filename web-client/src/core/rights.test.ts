import { expect, test } from 'vitest';
import type { ControlInput } from '../protocol.gen';
import { needs } from './rights';

const key = { type: 'key', id: 1, code: 'KeyA', key: 'a', repeat: false, modifiers: { shift: false, control: false, alt: false, alt_graph: false, caps_lock: false } } as const;
const table: [ControlInput, ReturnType<typeof needs>][] = [
  [{ type: 'button', id: 1, x: 0, y: 0, button: 'left', pressed: true }, 'click'],
  [{ type: 'button', id: 1, x: 0, y: 0, button: 'left', pressed: false }, null],
  [{ type: 'wheel', id: 1, x: 0, y: 0, dx: 0, dy: 1 }, 'click'],
  [{ type: 'touch', id: 1, finger: 0, phase: 'start', x: 0, y: 0 }, 'click'],
  [{ type: 'touch', id: 1, finger: 0, phase: 'cancel', x: 0, y: 0 }, null],
  [{ ...key, pressed: true }, 'typing'],
  [{ ...key, pressed: false }, null],
  [{ type: 'text', id: 1, text: 'x' }, 'typing'],
  [{ type: 'navigate', to: { kind: 'back' } }, 'navigate'],
  [{ type: 'tab', tab: 1, close: true }, 'open_tabs'],
  [{ type: 'new_tab' }, 'open_tabs'],
  [{ type: 'open_link', menu: 1, image: false }, 'open_tabs'],
  [{ type: 'answer', dialog: 1, answer: { answer: 'dismiss' } }, 'click'],
  [{ type: 'answer', dialog: 1, answer: { answer: 'accept', text: null } }, null],
  [{ type: 'sound', on: true }, 'hear'],
  [{ type: 'sound', on: false }, null],
  [{ type: 'release_all' }, null],
];

test.each(table)('%o needs %s', (input, right) => expect(needs(input)).toBe(right));
