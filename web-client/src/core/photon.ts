//! Click-to-photon: from the DOM event of an input to the presentation of the first picture that answers it.
//!
//! The node says which RTP timestamp that picture has; frames are matched by it as they are presented, whichever of
//! the two comes first.

import type { InputId, Report } from '../protocol.gen';

/** RTP timestamps wrap at 32 bits (RFC 3550 §5.1): `a` is `b` or comes after it. */
export function atOrAfter(a: number, b: number): boolean {
  return ((a - b) >>> 0) < 0x8000_0000;
}

/** How long an input waits for its picture, and a picture for its input, in milliseconds. */
const PATIENCE = 3_000;
const FRAMES_KEPT = 128;

interface Frame {
  timestamp: number;
  /** `performance.now()` clock. */
  presented: number;
}

export class Photon {
  readonly #report: (report: Report) => void;
  readonly #pressed = new Map<InputId, number>();
  /** Inputs whose picture the node has named and nobody has seen yet. */
  #waiting: { began: number; timestamp: number }[] = [];
  #frames: Frame[] = [];

  constructor(report: (report: Report) => void) {
    this.#report = report;
  }

  /** A button or key went down at `now`. */
  pressed(id: InputId, now: number): void {
    for (const [old, began] of this.#pressed) if (now - began > PATIENCE) this.#pressed.delete(old);
    this.#pressed.set(id, now);
  }

  /** The node's word: `timestamp` is the first picture after input `id`. */
  shown(id: InputId, timestamp: number, now: number): void {
    const began = this.#pressed.get(id);
    if (began === undefined) return;
    this.#pressed.delete(id);
    const frame = this.#frames.find((one) => one.presented >= began && atOrAfter(one.timestamp, timestamp));
    if (frame) return this.#say(frame.presented - began, true);
    this.#waiting = this.#waiting.filter((one) => now - one.began <= PATIENCE);
    this.#waiting.push({ began, timestamp });
  }

  /** A frame was presented; `timestamp` is undefined where the browser does not tell it. */
  frame(timestamp: number | undefined, presented: number): void {
    if (timestamp === undefined) return this.estimate(presented);
    this.#frames.push({ timestamp, presented });
    if (this.#frames.length > FRAMES_KEPT) this.#frames.shift();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) {
      if (presented - one.began > PATIENCE) continue;
      if (atOrAfter(timestamp, one.timestamp)) this.#say(presented - one.began, true);
      else this.#waiting.push(one);
    }
  }

  /** The page painted, and that is all the browser tells: whoever waits takes this as their picture. */
  estimate(now: number): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { began } of waiting) if (now - began <= PATIENCE) this.#say(now - began, false);
  }

  /** The media connection is new: its timestamps have nothing to do with the old ones. */
  reset(): void {
    this.#pressed.clear();
    this.#waiting = [];
    this.#frames = [];
  }

  #say(milliseconds: number, exact: boolean): void {
    if (milliseconds >= 0) this.#report({ type: 'click_to_photon', milliseconds, exact });
  }
}

/** Calls `seen` for every frame the video presents, or before every paint where the browser cannot tell. */
export function watchFrames(video: HTMLVideoElement, seen: (timestamp: number | undefined, presented: number) => void): () => void {
  let going = true;
  if ('requestVideoFrameCallback' in video) {
    const next = () =>
      video.requestVideoFrameCallback((_, metadata) => {
        if (!going) return;
        seen(metadata.rtpTimestamp, metadata.presentationTime);
        next();
      });
    next();
  } else {
    const next = (now: number) => {
      if (!going) return;
      seen(undefined, now);
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  }
  return () => {
    going = false;
  };
}
