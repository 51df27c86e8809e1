//! Sizes: what to ask the cloud browser for, where its picture goes on the page, and how the two map onto each other.

import type { Viewport } from '../protocol.gen';

export interface Size {
  width: number;
  height: number;
}

/** A rectangle in CSS pixels of this page. */
export interface Box extends Size {
  left: number;
  top: number;
}

/** A place in CSS pixels of the remote page. */
export interface Place {
  x: number;
  y: number;
}

/** The picture in pixels, as the encoder makes it: both sides even (H.264 4:2:0). */
export function pictureOf(viewport: Viewport): Size {
  const side = (length: number) => Math.round(length * viewport.scale) & ~1;
  return { width: side(viewport.width), height: side(viewport.height) };
}

/**
 * The viewport that fills a stage at one picture pixel to one device pixel. Sides are cut so that they stay whole and even
 * when scaled; a picture that is cropped by a pixel would be stretched by it, and blur.
 */
export function viewportFor(stage: Size, devicePixelRatio: number): Viewport {
  const scale = Math.min(2, Math.max(1, Math.round(devicePixelRatio * 4) / 4 || 1));
  const step = Number.isInteger(scale) ? 2 : 8;
  const side = (length: number, least: number) => Math.max(least, Math.floor(length / step) * step);
  return { width: side(stage.width, 320), height: side(stage.height, 240), scale };
}

/**
 * Where the picture stands on a stage: centred, whole, and at 1:1 when that is near enough. `fill` lets it grow beyond its
 * natural size (the customer's page); without it (the console) a small remote page stays small and sharp.
 */
export function placeOnStage(stage: Size, viewport: Viewport, devicePixelRatio: number, fill: boolean): Box {
  const picture = pictureOf(viewport);
  const page = { width: picture.width / viewport.scale, height: picture.height / viewport.scale };
  const fit = Math.min(stage.width / page.width, stage.height / page.height);
  const sharp = viewport.scale / devicePixelRatio;
  let zoom = fill ? fit : Math.min(fit, Math.max(1, sharp));
  const near = fill ? 0.03 : 0.12;
  if (sharp <= fit && Math.abs(zoom - sharp) <= near * zoom) zoom = sharp;
  const width = page.width * zoom;
  const height = page.height * zoom;
  const onDevicePixel = (length: number) => Math.round(length * devicePixelRatio) / devicePixelRatio;
  return {
    left: onDevicePixel(Math.max(0, (stage.width - width) / 2)),
    top: onDevicePixel(Math.max(0, (stage.height - height) / 2)),
    width,
    height,
  };
}

/** The part of an element's box that a picture covers when it is letter-boxed into it (`object-fit: contain`). */
export function letterbox(box: Box, picture: Size): Box {
  if (!(picture.width > 0 && picture.height > 0 && box.width > 0 && box.height > 0)) return box;
  const zoom = Math.min(box.width / picture.width, box.height / picture.height);
  const width = picture.width * zoom;
  const height = picture.height * zoom;
  return { left: box.left + (box.width - width) / 2, top: box.top + (box.height - height) / 2, width, height };
}

/** From a place on this page to one on the remote page, kept inside it; `inside` says whether it was. */
export function toRemote(x: number, y: number, box: Box, viewport: Viewport): Place & { inside: boolean } {
  const picture = pictureOf(viewport);
  const shown = letterbox(box, picture);
  const width = picture.width / viewport.scale;
  const height = picture.height / viewport.scale;
  const rx = ((x - shown.left) / shown.width) * width;
  const ry = ((y - shown.top) / shown.height) * height;
  return { x: clamp(rx, width), y: clamp(ry, height), inside: rx >= 0 && ry >= 0 && rx < width && ry < height };
}

/** From a place on the remote page to one inside the element that shows it. */
export function toLocal(place: Place, box: Size, viewport: Viewport): Place {
  const picture = pictureOf(viewport);
  const shown = letterbox({ left: 0, top: 0, width: box.width, height: box.height }, picture);
  const zoom = (shown.width * viewport.scale) / picture.width;
  return { x: shown.left + place.x * zoom, y: shown.top + place.y * zoom };
}

/**
 * How far up to push the picture so that a caret is seen above the soft keyboard. All in CSS pixels from the top of the
 * layout viewport; never further than it takes.
 */
export function liftFor(caret: { top: number; bottom: number }, visible: { top: number; bottom: number }): number {
  const margin = 24;
  const below = caret.bottom + margin - visible.bottom;
  const room = caret.top - margin - visible.top;
  return Math.max(0, Math.min(below, Math.max(0, room)));
}

/** Calls `resized` with the latest size once it has been still for `wait` milliseconds, and only when it differs. */
export class Resizer {
  readonly #resized: (viewport: Viewport) => void;
  readonly #wait: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last: Viewport | null = null;

  constructor(resized: (viewport: Viewport) => void, wait = 150) {
    this.#resized = resized;
    this.#wait = wait;
  }

  offer(viewport: Viewport): void {
    clearTimeout(this.#timer);
    const same = this.#last;
    if (same && same.width === viewport.width && same.height === viewport.height && same.scale === viewport.scale) return;
    this.#timer = setTimeout(() => {
      this.#last = viewport;
      this.#resized(viewport);
    }, this.#wait);
  }

  /** Says the next size even if it is the last one: the other end is new and knows nothing. */
  forget(): void {
    this.#last = null;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** Inside, also after rounding to the wire's 32-bit floats. */
function clamp(value: number, length: number): number {
  return Math.min(Math.max(0, value), Math.max(0, length - 0.01));
}
