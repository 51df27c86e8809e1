//! Mouse, wheel and fingers: DOM events of the element that shows the remote page become its input.

import type { ControlInput, MouseButton } from '../protocol.gen';
import type { Inputs } from './inputs';
import type { Place } from './viewport';

export interface PointerOptions {
  inputs: Inputs;
  /** From `clientX`, `clientY` to the remote page; null while there is no picture. */
  place(x: number, y: number): (Place & { inside: boolean }) | null;
  /** Runs `step` before the next paint. */
  frame?(step: () => void): void;
  /** Takes a press at this place for itself; true when it did. */
  taken?(place: Place): boolean;
  /** A press began here, so the page may move the keyboard focus. */
  pressed?(touch: boolean): void;
  /** A finger tapped; called while the tap is handled. */
  tapped?(): void;
  /** Two fingers went from one place to another: the page zooms its own picture, and the remote page has no part in it. */
  pinched?(from: Pinch, to: Pinch): void;
  pinchEnded?(): void;
}

/** Where two fingers are: the middle between them and how far apart they are, in CSS pixels of this page. */
export interface Pinch {
  x: number;
  y: number;
  apart: number;
}

const BUTTONS: readonly MouseButton[] = ['left', 'middle', 'right', 'back', 'forward'];
/** What Chromium makes of one line and of one page of wheel. */
const PIXELS_PER_LINE = 40;
const PAGE_PART = 0.875;
const FINGERS = 10;
/** A finger that went no farther, and stayed no longer, has tapped (CSS pixels, milliseconds). */
const TAP_REACH = 12;
const TAP_TIME = 700;

/** `WheelEvent` deltas in CSS pixels, whatever unit the browser gives them in. */
export function wheelPixels(event: Pick<WheelEvent, 'deltaX' | 'deltaY' | 'deltaMode' | 'shiftKey'>, page: number): { dx: number; dy: number } {
  const unit = event.deltaMode === 1 ? PIXELS_PER_LINE : event.deltaMode === 2 ? page * PAGE_PART : 1;
  const dx = event.deltaX * unit;
  const dy = event.deltaY * unit;
  // Shift turns the wheel sideways; browsers that have not done it themselves leave it to us.
  return event.shiftKey && dx === 0 ? { dx: dy, dy: 0 } : { dx, dy };
}

/** Takes over the pointer on `element`; the returned function gives it back. */
export function attachPointer(element: HTMLElement, options: PointerOptions): () => void {
  const pointer = new Pointer(element, options);
  const stop = new AbortController();
  const on = <K extends keyof HTMLElementEventMap>(type: K, listener: (event: HTMLElementEventMap[K]) => void) =>
    element.addEventListener(type, listener, { signal: stop.signal, passive: false });
  on('pointermove', (event) => pointer.move(event));
  on('pointerdown', (event) => pointer.down(event));
  on('pointerup', (event) => pointer.up(event));
  on('pointercancel', (event) => pointer.cancel(event));
  on('lostpointercapture', (event) => pointer.cancel(event));
  on('wheel', (event) => pointer.wheel(event));
  // The remote page has its own answers to these; the local ones would be in the way.
  for (const type of ['contextmenu', 'mousedown', 'mouseup', 'auxclick', 'dragstart', 'selectstart', 'touchstart'] as const) {
    on(type, (event) => event.preventDefault());
  }
  // A phone that shows something else takes the fingers along without a word.
  const away = () => pointer.releaseAll();
  window.addEventListener('blur', away, { signal: stop.signal });
  window.addEventListener('pagehide', away, { signal: stop.signal });
  document.addEventListener('visibilitychange', () => document.hidden && away(), { signal: stop.signal });
  return () => {
    stop.abort();
    pointer.releaseAll();
  };
}

class Pointer {
  readonly #element: HTMLElement;
  readonly #options: PointerOptions;
  readonly #frame: (step: () => void) => void;
  /** Buttons that went down here and have not come up. */
  readonly #held = new Map<number, Place>();
  /** Pointer id → finger number, where it last was, and where that is on this page. */
  readonly #fingers = new Map<number, { finger: number; last: Place; moved: Place | null; here: Place }>();
  /** The fingers of a pinch, by pointer id: where they are on this page. One that is left over does nothing more. */
  readonly #pinching = new Map<number, Place>();
  /** A finger that may still turn out to tap. */
  #tap: { pointer: number; x: number; y: number; at: number } | null = null;
  #waiting: Place | null = null;
  #wheel: { dx: number; dy: number; place: Place } | null = null;
  #framed = false;

  constructor(element: HTMLElement, options: PointerOptions) {
    this.#element = element;
    this.#options = options;
    this.#frame = options.frame ?? ((step) => void requestAnimationFrame(step));
  }

  move(event: PointerEvent): void {
    if (this.#pinching.has(event.pointerId)) return this.#pinch(event);
    if (this.#tap && Math.hypot(event.clientX - this.#tap.x, event.clientY - this.#tap.y) > TAP_REACH) this.#tap = null;
    const place = this.#options.place(event.clientX, event.clientY);
    if (!place) return;
    const finger = this.#fingers.get(event.pointerId);
    if (finger) {
      finger.moved = place;
      finger.here = hereOf(event);
      return this.#soon();
    }
    // A button pressed or released while another is held comes as a move with a changed `buttons`.
    if (event.button >= 0) this.#button(event.button, place, (event.buttons & bit(event.button)) !== 0);
    if (!place.inside && this.#held.size === 0) return;
    this.#waiting = place;
    this.#soon();
  }

  down(event: PointerEvent): void {
    const place = this.#options.place(event.clientX, event.clientY);
    if (!place?.inside) return;
    event.preventDefault();
    const touch = event.pointerType === 'touch';
    // What is still there of an earlier touch was lost on the way.
    if (touch && event.isPrimary) this.#lift();
    if (touch && this.#joins(event)) return;
    if (this.#options.taken?.(place)) return;
    this.#options.pressed?.(touch);
    this.#capture(event.pointerId);
    if (!touch) return this.#button(event.button, place, true);
    const taken = new Set([...this.#fingers.values()].map((one) => one.finger));
    const finger = Array.from({ length: FINGERS }, (_, i) => i).find((i) => !taken.has(i));
    if (finger === undefined) return;
    this.#tap = this.#fingers.size === 0 ? { pointer: event.pointerId, x: event.clientX, y: event.clientY, at: event.timeStamp } : null;
    this.#fingers.set(event.pointerId, { finger, last: place, moved: null, here: hereOf(event) });
    this.#touch(finger, 'start', place);
  }

  up(event: PointerEvent): void {
    if (this.#pinching.delete(event.pointerId)) return this.#options.pinchEnded?.();
    const place = this.#options.place(event.clientX, event.clientY);
    const finger = this.#fingers.get(event.pointerId);
    if (finger) {
      this.#fingers.delete(event.pointerId);
      this.#touch(finger.finger, 'end', place ?? finger.last);
      if (this.#tap?.pointer === event.pointerId && event.timeStamp - this.#tap.at <= TAP_TIME) this.#options.tapped?.();
      this.#tap = null;
      return;
    }
    event.preventDefault();
    const pressed = this.#held.get(event.button);
    if (pressed) this.#button(event.button, place ?? pressed, false);
  }

  cancel(event: PointerEvent): void {
    if (this.#pinching.delete(event.pointerId)) return this.#options.pinchEnded?.();
    const finger = this.#fingers.get(event.pointerId);
    if (finger) {
      this.#fingers.delete(event.pointerId);
      this.#touch(finger.finger, 'cancel', finger.last);
    } else if (event.pointerType !== 'touch') {
      this.#letGo();
    }
  }

  wheel(event: WheelEvent): void {
    event.preventDefault();
    // With Control it is a zoom, which the remote page does not have.
    if (event.ctrlKey) return;
    const place = this.#options.place(event.clientX, event.clientY);
    if (!place?.inside) return;
    const { dx, dy } = wheelPixels(event, this.#element.clientHeight || 600);
    const before = this.#wheel;
    this.#wheel = { dx: dx + (before?.dx ?? 0), dy: dy + (before?.dy ?? 0), place };
    this.#soon();
  }

  releaseAll(): void {
    this.#letGo();
    this.#lift();
    this.#waiting = null;
    this.#wheel = null;
  }

  /** A second finger makes a pinch of what the first began. */
  #joins(event: PointerEvent): boolean {
    if (!this.#options.pinched || this.#fingers.size + this.#pinching.size === 0) return false;
    const before = [...this.#fingers].map(([pointer, { here }]) => [pointer, here] as const);
    const pinching = new Map([...this.#pinching, ...before, [event.pointerId, hereOf(event)]]);
    this.#lift();
    for (const [pointer, here] of pinching) this.#pinching.set(pointer, here);
    this.#capture(event.pointerId);
    return true;
  }

  #pinch(event: PointerEvent): void {
    const from = pinchOf([...this.#pinching.values()]);
    this.#pinching.set(event.pointerId, hereOf(event));
    const to = pinchOf([...this.#pinching.values()]);
    if (from && to) this.#options.pinched?.(from, to);
  }

  /** Takes all fingers away, as if they had never meant anything. */
  #lift(): void {
    for (const { finger, last } of this.#fingers.values()) this.#touch(finger, 'cancel', last);
    this.#fingers.clear();
    this.#pinching.clear();
    this.#tap = null;
  }

  #letGo(): void {
    for (const [button, place] of [...this.#held]) this.#button(button, place, false);
  }

  /** The first of a frame goes at once, since waiting would only add delay; the rest of that frame is joined into one. */
  #soon(): void {
    if (this.#framed) return;
    this.#flush();
    this.#framed = true;
    this.#frame(() => {
      this.#framed = false;
      if (this.#flush()) this.#soon();
    });
  }

  #flush(): boolean {
    let sent = false;
    if (this.#waiting) {
      this.#options.inputs.move({ x: this.#waiting.x, y: this.#waiting.y });
      this.#waiting = null;
      sent = true;
    }
    if (this.#wheel && (this.#wheel.dx !== 0 || this.#wheel.dy !== 0)) {
      const { dx, dy, place } = this.#wheel;
      this.#send({ type: 'wheel', id: this.#options.inputs.next(), x: place.x, y: place.y, dx, dy });
      sent = true;
    }
    this.#wheel = null;
    for (const one of this.#fingers.values()) {
      if (!one.moved) continue;
      one.last = one.moved;
      one.moved = null;
      this.#touch(one.finger, 'move', one.last);
      sent = true;
    }
    return sent;
  }

  #button(number: number, place: Place, pressed: boolean): void {
    const button = BUTTONS[number];
    if (!button || pressed === this.#held.has(number)) return;
    if (pressed) this.#held.set(number, place);
    else this.#held.delete(number);
    // The button carries its own place; an older move must not arrive after it.
    this.#waiting = null;
    this.#send({ type: 'button', id: this.#options.inputs.next(), x: place.x, y: place.y, button, pressed });
  }

  #touch(finger: number, phase: 'start' | 'move' | 'end' | 'cancel', place: Place): void {
    this.#send({ type: 'touch', id: this.#options.inputs.next(), finger, phase, x: place.x, y: place.y });
  }

  #send(input: ControlInput): void {
    this.#options.inputs.control(input);
  }

  /** Drags go on outside the element. A pointer that is gone already cannot be captured, and need not be. */
  #capture(pointer: number): void {
    try {
      this.#element.setPointerCapture(pointer);
    } catch {
      return;
    }
  }
}

/** `MouseEvent.buttons` has middle and right the other way round from `MouseEvent.button`. */
function bit(button: number): number {
  return button === 1 ? 4 : button === 2 ? 2 : 1 << button;
}

const hereOf = (event: PointerEvent): Place => ({ x: event.clientX, y: event.clientY });

/** Of more fingers the first two count. */
function pinchOf([one, other]: Place[]): Pinch | null {
  if (!one || !other) return null;
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2, apart: Math.hypot(one.x - other.x, one.y - other.y) };
}
