//! What the customer has opened around the shared page, and how it lies there.

import { MediaQuery } from 'svelte/reactivity';
import type { LiveSession } from '../live/LiveSession.svelte';

export type Sheet = 'tabs' | 'address' | 'more';

export class Opened {
  /** One bar above and one below. A phone on its side has no height for two. */
  readonly #narrow = new MediaQuery('(max-width: 719px), (max-width: 899px) and (min-height: 501px) and (pointer: coarse)');
  chat = $state(false);
  /** What comes from below on a phone. */
  sheet = $state<Sheet | null>(null);
  /** The bar to draw with is there. */
  drawing = $state(false);
  readonly #live: () => LiveSession;

  constructor(live: () => LiveSession) {
    this.#live = live;
  }

  get narrow(): boolean {
    return this.#narrow.current;
  }

  toggleSheet(which: Sheet): void {
    this.sheet = this.sheet === which ? null : which;
    this.chat = false;
  }

  toggleChat(): void {
    this.chat = !this.chat;
    if (this.chat) this.sheet = null;
  }

  draw(on: boolean): void {
    this.drawing = on;
    if (on) this.#live().hiding = false;
    else this.#live().board.tool = null;
  }

  /** A tool was chosen from the sheet, or put down. */
  chose(): void {
    this.sheet = null;
    this.drawing = this.#live().board.tool !== null;
  }

  /** The customer is about to point at something to hide, or no longer. */
  toggleHiding(): void {
    this.draw(false);
    this.sheet = null;
    this.#live().hiding = !this.#live().hiding;
  }
}
