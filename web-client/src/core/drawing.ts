//! What is drawn over the page: how a stroke is made of what a hand does, what is kept of it, and how it is drawn. Places are in CSS
//! pixels of the remote page.

import type { Drawing, DrawingInput, DrawingNotice, ParticipantId, TabId, Tool } from '../protocol.gen';
import type { Place } from './viewport';

export type Point = [number, number];

/** So often places are sent at the most (milliseconds): the relay takes some 50 messages a second of each person. */
export const SENT_EVERY = 40;
/** Places that say nothing new are left out; how far the rest may be from where the hand was. */
const EXACT = 0.6;
/** A message stays far below the largest that is taken. */
const MOST_POINTS = 300;
/** How long one's own stroke waits to be heard of again before it is given up (milliseconds). */
const UNHEARD = 5_000;
/** The last part of its life in which something that fades does so (milliseconds). */
export const FADING = 1_000;

/** Joins what a hand draws into few messages. */
export class Batch {
  readonly #send: (points: Point[]) => void;
  readonly #spans: boolean;
  #waiting: Point[] = [];
  #last: Point;
  #sent = -Infinity;

  /** `spans`: only the last place counts. */
  constructor(at: Point, spans: boolean, send: (points: Point[]) => void) {
    this.#last = at;
    this.#spans = spans;
    this.#send = send;
  }

  /** `now` in milliseconds. Tells whether something waits, to be sent by `flush` a little later. */
  add(points: readonly Point[], now: number): boolean {
    if (this.#spans) this.#waiting = points.slice(-1).map((point) => point);
    else this.#waiting.push(...points);
    if (now - this.#sent >= SENT_EVERY || this.#waiting.length >= MOST_POINTS) this.flush(now);
    return this.#waiting.length > 0;
  }

  flush(now: number): void {
    if (this.#waiting.length === 0) return;
    const points = this.#spans ? this.#waiting : simplified([this.#last, ...this.#waiting], EXACT).slice(1);
    this.#waiting = [];
    this.#last = points.at(-1) ?? this.#last;
    this.#sent = now;
    for (let i = 0; i < points.length; i += MOST_POINTS) this.#send(points.slice(i, i + MOST_POINTS));
  }
}

/** The same line of fewer places (Ramer, Douglas, Peucker), of which none is further from it than `tolerance`. */
export function simplified(points: readonly Point[], tolerance: number): Point[] {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || points.length < 3) return [...points];
  const keep = new Set([0, points.length - 1]);
  const open: [number, number][] = [[0, points.length - 1]];
  for (let part; (part = open.pop()); ) {
    const [from, to] = part;
    let [far, at] = [tolerance, -1];
    for (let i = from + 1; i < to; i += 1) {
      const away = distance(points[i] as Point, points[from] as Point, points[to] as Point);
      if (away > far) [far, at] = [away, i];
    }
    if (at < 0) continue;
    keep.add(at);
    open.push([from, at], [at, to]);
  }
  return points.filter((_, i) => keep.has(i));
}

/** From a place to a stretch of line. */
function distance([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length));
  return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

/** Something drawn, where it is to be drawn. */
export interface Shown {
  key: string;
  id: number | null;
  from: ParticipantId;
  tool: Tool;
  text: string;
  points: Point[];
  /** How long it is seen, from when it was heard of to be whole (milliseconds); none when it stays, or is not whole. */
  life: number | null;
}

interface Own {
  number: number;
  tab: TabId;
  tool: Tool;
  text: string;
  points: Point[];
  done: boolean;
  at: number;
}

interface Kept extends Drawing {
  /** When it is over, by the clock of whoever asks. */
  until: number | null;
}

/** All drawings there are: those that the node tells of, and one's own that it has not yet heard of whole. */
export class Drawings {
  readonly #kept = new Map<number, Kept>();
  #own: Own[] = [];
  #last = 0;

  /** The next of this person's numbers, which the node may have known before this page did. */
  begin(tab: TabId, tool: Tool, at: Point, text: string, now: number): number {
    const number = (this.#last += 1);
    this.#own.push({ number, tab, tool, text, points: [at], done: false, at: now });
    return number;
  }

  go(number: number, points: readonly Point[]): void {
    const one = this.#own.find((own) => own.number === number);
    if (one) one.points = spans(one.tool) ? [...one.points.slice(0, 1), ...points.slice(-1)] : [...one.points, ...points];
  }

  end(number: number, now: number): void {
    const one = this.#own.find((own) => own.number === number);
    if (one) [one.done, one.at] = [true, now];
  }

  /** Takes away at once what this person has drawn last in this tab; tells whether there was anything. */
  undo(tab: TabId): boolean {
    const own = this.#own.findLast((one) => one.tab === tab);
    if (own) {
      this.#own = this.#own.filter((one) => one !== own);
      const heard = [...this.#kept.values()].find((one) => one.number === own.number);
      if (heard) this.#kept.delete(heard.id);
      return true;
    }
    const last = [...this.#kept.values()].findLast((one) => one.number !== null && one.tab === tab);
    return last !== undefined && this.#kept.delete(last.id);
  }

  clear(all: boolean): void {
    this.#own = [];
    for (const one of this.#kept.values()) if (all || one.number !== null) this.#kept.delete(one.id);
  }

  /** Nothing is known any more: all is told anew. */
  forget(): void {
    this.#own = [];
    this.#kept.clear();
  }

  /** Tells who has drawn something new, if anybody other than this person. */
  heard(notice: DrawingNotice, now: number): ParticipantId | null {
    let news: ParticipantId | null = null;
    switch (notice.type) {
      case 'drawn':
        for (const drawing of notice.drawings) {
          const kept = { ...drawing, points: drawing.points.map(([x, y]): Point => [x, y]), until: until(drawing, now) };
          this.#kept.set(drawing.id, kept);
          if (drawing.number === null) news = drawing.from;
          else this.#last = Math.max(this.#last, drawing.number);
          if (drawing.done) this.#known(kept);
        }
        return news;
      case 'grown': {
        const one = this.#kept.get(notice.id);
        if (one) one.points = spans(one.tool) ? [...one.points.slice(0, 1), ...notice.points.slice(-1)] : [...one.points, ...notice.points];
        return null;
      }
      case 'done': {
        const one = this.#kept.get(notice.id);
        if (!one) return null;
        one.done = true;
        one.until = until(one, now);
        this.#known(one);
        return null;
      }
      case 'moved':
        for (const { id, frame } of notice.places) {
          const one = this.#kept.get(id);
          if (one) one.frame = frame;
        }
        return null;
      case 'gone':
        for (const id of notice.ids) this.#kept.delete(id);
        return null;
      default:
        return notice satisfies never;
    }
  }

  /** What is to be drawn in this tab. */
  shown(tab: TabId | null, self: ParticipantId | null, now: number): Shown[] {
    this.#own = this.#own.filter((one) => !one.done || now - one.at < UNHEARD);
    const shown: Shown[] = [];
    for (const one of this.#kept.values()) {
      if (one.until !== null && one.until <= now) this.#kept.delete(one.id);
      else if (one.tab === tab && one.frame && !this.#own.some((own) => own.number === one.number)) {
        shown.push({
          key: one.number === null ? `${one.from}:${one.id}` : `own:${one.number}`,
          id: one.id,
          from: one.from,
          tool: one.tool,
          text: one.text ?? '',
          points: one.points.map((point) => inFrame(point, one.frame as Frame)),
          life: one.done ? one.life : null,
        });
      }
    }
    for (const { number, tab: of, tool, text, points } of this.#own) {
      if (of === tab && self !== null) shown.push({ key: `own:${number}`, id: null, from: self, tool, text, points, life: null });
    }
    return shown;
  }

  /** When something will be over, if anything will. */
  next(): number | null {
    const ends = [...this.#kept.values()].flatMap(({ until }) => (until === null ? [] : [until]));
    for (const one of this.#own) if (one.done) ends.push(one.at + UNHEARD);
    return ends.length === 0 ? null : Math.min(...ends);
  }

  /** The node has all of it: from now on it goes with the page. */
  #known({ number }: Kept): void {
    if (number !== null) this.#own = this.#own.filter((one) => one.number !== number);
  }
}

type Frame = [number, number, number, number];

const spans = (tool: Tool): boolean => tool === 'box' || tool === 'arrow';

const until = ({ done, life }: Pick<Drawing, 'done' | 'life'>, now: number): number | null => (done && life !== null ? now + life : null);

/** From parts of a box to a place. */
export function inFrame([x, y]: Point, [left, top, width, height]: Frame): Point {
  return [left + x * Math.max(width, 1), top + y * Math.max(height, 1)];
}

/** A line through the places that is round at each of them (quadratic curves from middle to middle), as an SVG path. */
export function strokePath(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (!first) return '';
  const [x, y] = first;
  // A dot, where a pen was only put down.
  if (rest.length === 0) return `M${n(x)} ${n(y)}h.01`;
  let path = `M${n(x)} ${n(y)}`;
  rest.forEach(([toX, toY], i) => {
    const next = rest[i + 1];
    path += next ? `Q${n(toX)} ${n(toY)} ${n((toX + next[0]) / 2)} ${n((toY + next[1]) / 2)}` : `L${n(toX)} ${n(toY)}`;
  });
  return path;
}

/** From the tail to the tip, and the two sides of the head, which is never longer than the arrow. */
export function arrowPath([x, y]: Point, [tipX, tipY]: Point): string {
  const length = Math.hypot(tipX - x, tipY - y);
  const head = Math.min(22, Math.max(8, length * 0.4), length);
  const angle = Math.atan2(tipY - y, tipX - x);
  const side = (turn: number): string => `${n(tipX - head * Math.cos(angle + turn))} ${n(tipY - head * Math.sin(angle + turn))}`;
  return `M${n(x)} ${n(y)}L${n(tipX)} ${n(tipY)}M${side(0.45)}L${n(tipX)} ${n(tipY)}L${side(-0.45)}`;
}

export function boxOf([x, y]: Point, [otherX, otherY]: Point): { x: number; y: number; width: number; height: number } {
  return { x: Math.min(x, otherX), y: Math.min(y, otherY), width: Math.abs(otherX - x), height: Math.abs(otherY - y) };
}

/** How a drawing begins, as it is sent. */
export function beginning(number: number, tool: Tool, { x, y }: Place, fade: boolean, text: string): DrawingInput {
  return { type: 'begin', number, tool, at: [round(x), round(y)], fade, text: tool === 'text' ? text : null };
}

/** To a tenth of a pixel: more is nothing that anybody sees. */
export const round = (value: number): number => Math.round(value * 10) / 10;

const n = (value: number): string => String(round(value));
