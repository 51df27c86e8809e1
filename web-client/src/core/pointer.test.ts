import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ControlInput } from '../protocol.gen';
import { attachPointer, wheelPixels, type Pinch } from './pointer';

let element: HTMLElement;
let moves: [number, number][];
let inputs: ControlInput[];
let frames: (() => void)[];
let pressed: ReturnType<typeof vi.fn<(touch: boolean) => void>>;
let detach: () => void;

beforeEach(() => {
  element = document.createElement('div');
  document.body.append(element);
  moves = [];
  inputs = [];
  frames = [];
  pressed = vi.fn<(touch: boolean) => void>();
  let id = 0;
  detach = attachPointer(element, {
    inputs: { next: () => ++id, move: ({ x, y }) => moves.push([x, y]), control: (input) => inputs.push(input) },
    // The remote page is 100 × 100, shown at 1:1 from the origin.
    place: (x, y) => ({ x: Math.min(99, Math.max(0, x)), y: Math.min(99, Math.max(0, y)), inside: x >= 0 && y >= 0 && x < 100 && y < 100 }),
    frame: (step) => frames.push(step),
    pressed,
  });
});
afterEach(() => {
  detach();
  element.remove();
});

function point(type: string, x: number, y: number, more: Partial<PointerEventInit> = {}): PointerEvent {
  const event = new PointerEvent(type, {
    clientX: x, clientY: y, pointerId: 1, pointerType: 'mouse', button: type === 'pointermove' ? -1 : 0, bubbles: true, cancelable: true, ...more,
  });
  element.dispatchEvent(event);
  return event;
}

function wheel(init: WheelEventInit): Event {
  // The test's DOM has wheel events without a place.
  const event = Object.assign(new MouseEvent('wheel', { bubbles: true, cancelable: true, ctrlKey: init.ctrlKey ?? false, clientX: 10, clientY: 10 }), {
    deltaX: 0, deltaY: 0, deltaMode: 0, ...init,
  });
  element.dispatchEvent(event);
  return event;
}

function paint(): void {
  for (const step of frames.splice(0)) step();
}

test('the first move goes at once, the rest of the frame as one', () => {
  for (const x of [1, 2, 3, 4]) point('pointermove', x, 5);
  expect(moves).toEqual([[1, 5]]);
  paint();
  expect(moves).toEqual([[1, 5], [4, 5]]);
  paint();
  expect(moves).toHaveLength(2);
  point('pointermove', 9, 9);
  expect(moves).toHaveLength(3);
});

test('hovering beside the picture is nobody’s business', () => {
  point('pointermove', 150, 5);
  paint();
  expect(moves).toEqual([]);
});

test('a press and its release carry their place and pass over waiting moves', () => {
  point('pointermove', 1, 1);
  point('pointermove', 2, 2);
  const down = point('pointerdown', 3, 4);
  expect(down.defaultPrevented).toBe(true);
  expect(pressed).toHaveBeenCalledWith(false);
  point('pointerup', 5, 6);
  paint();
  expect(moves).toEqual([[1, 1]]);
  expect(inputs).toEqual([
    { type: 'button', id: 1, x: 3, y: 4, button: 'left', pressed: true },
    { type: 'button', id: 2, x: 5, y: 6, button: 'left', pressed: false },
  ]);
});

test('a drag goes on outside, at the edge', () => {
  point('pointerdown', 50, 50);
  point('pointermove', 500, 50, { buttons: 1 });
  point('pointerup', 500, -20);
  expect(moves).toEqual([[99, 50]]);
  expect(inputs.at(-1)).toMatchObject({ pressed: false, x: 99, y: 0 });
});

test('a second button during a drag comes as a move, and is a button all the same', () => {
  point('pointerdown', 10, 10);
  point('pointermove', 10, 10, { button: 2, buttons: 3 });
  point('pointermove', 10, 10, { button: 2, buttons: 1 });
  point('pointerup', 10, 10);
  expect(inputs.map((one) => one.type === 'button' && [one.button, one.pressed])).toEqual([
    ['left', true], ['right', true], ['right', false], ['left', false],
  ]);
});

test('all five buttons have their names, others are not sent', () => {
  for (const button of [0, 1, 2, 3, 4, 5]) {
    point('pointerdown', 1, 1, { button });
    point('pointerup', 1, 1, { button });
  }
  expect(inputs.filter((one) => one.type === 'button' && one.pressed).map((one) => one.type === 'button' && one.button)).toEqual([
    'left', 'middle', 'right', 'back', 'forward',
  ]);
});

test('a press beside the picture is not sent, nor is its release', () => {
  point('pointerdown', 150, 5);
  point('pointerup', 150, 5);
  expect(inputs).toEqual([]);
});

test('what is held is let go when the capture is lost or the page lets go', () => {
  point('pointerdown', 7, 8);
  point('lostpointercapture', 0, 0);
  expect(inputs.at(-1)).toEqual({ type: 'button', id: 2, x: 7, y: 8, button: 'left', pressed: false });
  point('pointerdown', 7, 8);
  detach();
  expect(inputs.at(-1)).toMatchObject({ pressed: false });
  point('pointerdown', 7, 8);
  expect(inputs).toHaveLength(4);
});

test('fingers are touches, numbered from nought, one move each a frame', () => {
  const touch = (type: string, id: number, x: number) => point(type, x, 20, { pointerId: id, pointerType: 'touch' });
  touch('pointerdown', 31, 1);
  touch('pointerdown', 32, 2);
  touch('pointermove', 31, 3);
  touch('pointermove', 31, 4);
  touch('pointermove', 32, 5);
  paint();
  touch('pointerup', 31, 6);
  touch('pointerdown', 33, 7);
  touch('pointercancel', 32, 8);
  expect(inputs.map((one) => one.type === 'touch' && [one.finger, one.phase, one.x])).toEqual([
    [0, 'start', 1], [1, 'start', 2], [0, 'move', 3], [0, 'move', 4], [1, 'move', 5],
    [0, 'end', 6], [0, 'start', 7], [1, 'cancel', 5],
  ]);
  expect(pressed).toHaveBeenCalledWith(true);
  expect(moves).toEqual([]);
});

test('wheel turns of one frame add up', () => {
  expect(wheel({ deltaY: 100 }).defaultPrevented).toBe(true);
  wheel({ deltaY: 30, deltaX: 5 });
  wheel({ deltaY: 30 });
  paint();
  expect(inputs).toEqual([
    { type: 'wheel', id: 1, x: 10, y: 10, dx: 0, dy: 100 },
    { type: 'wheel', id: 2, x: 10, y: 10, dx: 5, dy: 60 },
  ]);
});

test('a zooming wheel zooms neither page', () => {
  expect(wheel({ deltaY: 100, ctrlKey: true }).defaultPrevented).toBe(true);
  expect(inputs).toEqual([]);
});

test('wheel units', () => {
  const turn = (deltaMode: number, deltaX: number, deltaY: number, shiftKey = false) => wheelPixels({ deltaMode, deltaX, deltaY, shiftKey }, 800);
  expect(turn(0, 1, 2)).toEqual({ dx: 1, dy: 2 });
  expect(turn(1, 0, 3)).toEqual({ dx: 0, dy: 120 });
  expect(turn(2, 0, 1)).toEqual({ dx: 0, dy: 700 });
  expect(turn(0, 0, 100, true)).toEqual({ dx: 100, dy: 0 });
});

test('the local context menu stays away', () => {
  const event = new MouseEvent('contextmenu', { bubbles: true, cancelable: true });
  element.dispatchEvent(event);
  expect(event.defaultPrevented).toBe(true);
});

describe('fingers that are meant for the picture', () => {
  const finger = (type: string, pointerId: number, x: number, y: number) =>
    point(type, x, y, { pointerId, pointerType: 'touch', isPrimary: pointerId === 1 });
  const phases = () => inputs.flatMap((one) => (one.type === 'touch' ? [`${one.finger}${one.phase}`] : []));
  let pinches: { from: Pinch; to: Pinch }[];
  let tapped: ReturnType<typeof vi.fn<() => void>>;

  beforeEach(() => {
    detach();
    inputs = [];
    pinches = [];
    tapped = vi.fn<() => void>();
    let id = 0;
    detach = attachPointer(element, {
      inputs: { next: () => ++id, move: () => undefined, control: (input) => inputs.push(input) },
      place: (x, y) => ({ x, y, inside: true }),
      frame: (step) => frames.push(step),
      pinched: (from, to) => pinches.push({ from, to }),
      tapped,
    });
  });

  test('a second one makes a pinch, which the remote page never hears of', () => {
    finger('pointerdown', 1, 10, 10);
    finger('pointerdown', 2, 50, 10);
    expect(phases()).toEqual(['0start', '0cancel']);
    finger('pointermove', 2, 90, 10);
    finger('pointermove', 1, 10, 30);
    expect(pinches).toMatchObject([
      { from: { x: 30, y: 10, apart: 40 }, to: { x: 50, y: 10, apart: 80 } },
      { from: { x: 50, y: 10 }, to: { x: 50, y: 20 } },
    ]);
    finger('pointerup', 1, 10, 30);
    finger('pointermove', 2, 95, 20);
    finger('pointerup', 2, 95, 20);
    paint();
    expect(pinches).toHaveLength(2);
    expect(phases()).toHaveLength(2);
    expect(tapped).not.toHaveBeenCalled();
    finger('pointerdown', 1, 5, 5);
    finger('pointerup', 1, 5, 5);
    expect(phases().slice(2)).toEqual(['0start', '0end']);
  });

  test('a tap is one that stays where it is', () => {
    finger('pointerdown', 1, 10, 10);
    finger('pointermove', 1, 12, 11);
    finger('pointerup', 1, 12, 11);
    expect(tapped).toHaveBeenCalledOnce();
    finger('pointerdown', 1, 10, 10);
    finger('pointermove', 1, 10, 40);
    finger('pointermove', 1, 10, 11);
    finger('pointerup', 1, 10, 11);
    expect(tapped).toHaveBeenCalledOnce();
  });

  test('what a phone took along when it showed something else is not there when it is back', () => {
    finger('pointerdown', 1, 10, 10);
    window.dispatchEvent(new Event('blur'));
    expect(phases()).toEqual(['0start', '0cancel']);
    finger('pointerdown', 1, 20, 20);
    // Its end was lost on the way.
    finger('pointerdown', 1, 30, 30);
    finger('pointerup', 1, 30, 30);
    expect(phases().slice(2)).toEqual(['0start', '0cancel', '0start', '0end']);
    expect(pinches).toEqual([]);
  });
});
