//! What is drawn over the page, and what this person draws it with.

import { Batch, beginning, Drawings, round, type Point, type Shown } from '../core/drawing';
import type { Place } from '../core/viewport';
import type { DrawingInput, DrawingNotice, ParticipantId, TabId, Tool } from '../protocol.gen';

export const TOOLS: readonly Tool[] = ['pen', 'marker', 'box', 'arrow', 'text', 'pulse'];

export class Board {
  /** What presses on the picture do instead of reaching the page. */
  tool = $state<Tool | null>(null);
  /** Whether what this person draws goes by itself after some seconds. */
  fade = $state(false);
  /** Who drew last, counted so that the same person is news again. */
  drew = $state.raw<{ who: ParticipantId; count: number } | null>(null);

  readonly #send: (input: DrawingInput) => void;
  readonly #drawings = new Drawings();
  #version = $state(0);
  #stroke: { number: number; batch: Batch } | null = null;
  #flushing: ReturnType<typeof setTimeout> | undefined;
  #ending: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (input: DrawingInput) => void) {
    this.#send = send;
  }

  shown(tab: TabId | null, self: ParticipantId | null): Shown[] {
    void this.#version;
    return this.#drawings.shown(tab, self, performance.now());
  }

  /** Chooses a tool, or puts it down when it is the one that is held. */
  choose(tool: Tool | null): void {
    this.end();
    this.tool = this.tool === tool ? null : tool;
  }

  begin(tab: TabId, tool: Tool, at: Place, text = ''): void {
    this.end();
    const point: Point = [round(at.x), round(at.y)];
    const number = this.#drawings.begin(tab, tool, point, text, performance.now());
    this.#send(beginning(number, tool, at, this.fade, text));
    if (tool === 'text' || tool === 'pulse') {
      this.#drawings.end(number, performance.now());
    } else {
      const spans = tool === 'box' || tool === 'arrow';
      this.#stroke = { number, batch: new Batch(point, spans, (points) => this.#send({ type: 'go', number, points })) };
    }
    this.#changed();
  }

  go(places: readonly Place[]): void {
    const stroke = this.#stroke;
    if (!stroke) return;
    const points = places.map(({ x, y }): Point => [round(x), round(y)]);
    this.#drawings.go(stroke.number, points);
    if (stroke.batch.add(points, performance.now())) this.#flushing ??= setTimeout(() => this.#flush(), 40);
    this.#changed();
  }

  end(): void {
    const stroke = this.#stroke;
    if (!stroke) return;
    this.#flush();
    this.#stroke = null;
    this.#drawings.end(stroke.number, performance.now());
    this.#send({ type: 'end', number: stroke.number });
    this.#changed();
  }

  get drawing(): boolean {
    return this.#stroke !== null;
  }

  undo(tab: TabId | null): void {
    this.end();
    if (tab === null || !this.#drawings.undo(tab)) return;
    this.#send({ type: 'undo' });
    this.#changed();
  }

  clear(all: boolean): void {
    this.end();
    this.#drawings.clear(all);
    this.#send({ type: all ? 'clear_all' : 'clear' });
    this.#changed();
  }

  heard(notice: DrawingNotice): void {
    const who = this.#drawings.heard(notice, performance.now());
    if (who !== null) this.drew = { who, count: (this.drew?.count ?? 0) + 1 };
    this.#changed();
  }

  /** All is told anew, or nothing may be seen any more. */
  forget(): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    this.#stroke = null;
    this.#drawings.forget();
    this.#changed();
  }

  #flush(): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    this.#stroke?.batch.flush(performance.now());
  }

  #changed(): void {
    this.#version += 1;
    clearTimeout(this.#ending);
    const next = this.#drawings.next();
    if (next !== null) this.#ending = setTimeout(() => this.#changed(), Math.max(0, next - performance.now()) + 1);
  }
}
