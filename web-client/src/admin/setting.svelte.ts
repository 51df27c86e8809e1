//! One document of a company's settings: shown, changed at once, saved in turn, taken back.

import { api, Failure } from '../core/api';
import { sentence } from '../look/failure';
import { policyErrors, type LineError } from '../core/words';
import { texts } from '../texts';
import { toast } from './toast.svelte';

export class Setting<T> {
  value = $state.raw<T | null>(null);
  /** What the server says about places in it. */
  errors = $state.raw<readonly LineError[]>([]);
  #version: string | null = null;
  /** Saves go one after the other, and only the latest one counts. */
  #queue: Promise<void> = Promise.resolve();
  #turn = 0;

  constructor(
    readonly company: string,
    readonly name: string,
  ) {
    void this.load();
  }

  async load(): Promise<void> {
    try {
      this.take(await api.document<T>(this.company, this.name));
    } catch (failure) {
      toast.say({ text: sentence(failure), bad: true });
    }
  }

  take({ value, version }: { value: T; version: string | null }): void {
    this.value = value;
    this.#version = version;
  }

  change(next: T, undoing = false): void {
    const before = this.value;
    if (before === null) return;
    this.value = next;
    this.errors = [];
    const mine = ++this.#turn;
    toast.say({ text: texts.admin.saving }, true);
    this.#queue = this.#queue.then(() => this.#save(next, before, mine, undoing));
  }

  async #save(next: T, before: T, mine: number, undoing: boolean): Promise<void> {
    try {
      const answer = await api.setDocument(this.company, this.name, next, this.#version);
      this.#version = answer.version;
      if (mine !== this.#turn) return;
      toast.say(undoing ? { text: texts.admin.undone } : { text: texts.admin.saved, undo: () => this.change(before, true) });
    } catch (failure) {
      if (mine !== this.#turn) return;
      await this.#refused(failure, before);
    }
  }

  async #refused(failure: unknown, before: T): Promise<void> {
    if (failure instanceof Failure && failure.code === 'conflict') await this.load();
    // What the server did not take stays on the page to be mended when it says where; otherwise it goes back.
    else this.errors = failure instanceof Failure ? policyErrors(failure.message) : [];
    const stays = this.errors.length > 0;
    if (!stays && !(failure instanceof Failure && failure.code === 'conflict')) this.value = before;
    const undo = stays ? { undo: () => this.change(before, true) } : {};
    toast.say({ text: `${texts.admin.notSaved}. ${sentence(failure)}`, bad: true, ...undo });
  }
}
