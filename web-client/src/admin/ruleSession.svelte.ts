//! A rule session as its page draws it: one person with two views of a page, and a draft of the rules that both views go by.

import { api, Failure } from '../core/api';
import { isSame, rebase, shows } from '../core/draft';
import { tokenOf } from '../core/session';
import type { Place } from '../core/viewport';
import { LiveSession } from '../live/LiveSession.svelte';
import { sentence } from '../look/failure';
import type { Policy, RuleSession, Thing } from '../protocol.gen';
import { texts } from '../texts';

/** How often it is asked what the rules find (milliseconds): usually, and while a draft is on its way. */
const ASK = 1_500;
const ASK_SOON = 150;
/** A question about a place that has no answer after so long has none. */
const PATIENCE = 1_000;

/** Before there is a session. */
const NOBODY = 'rules/nobody';

export class Trial {
  customer: LiveSession = $state.raw(new LiveSession(NOBODY));
  agent: LiveSession = $state.raw(new LiveSession(NOBODY));
  draft: Policy = $state.raw({} as Policy);
  /** What the company goes by, as far as this page knows. */
  saved: Policy = $state.raw({} as Policy);
  /** Earlier drafts, the latest last. */
  past = $state.raw<readonly Policy[]>([]);
  /** What is under the pointer, and what was pointed at. */
  hovered = $state.raw<Thing | null>(null);
  chosen = $state.raw<Thing | null>(null);
  /** Nothing could be found at the place that was pointed at. */
  missed = $state(false);
  /** The draft is on its way to the page. */
  trying = $state(false);
  saving = $state(false);
  said = $state.raw<{ text: string; bad: boolean } | null>(null);

  readonly #company: string;
  #session: RuleSession | null = null;
  #version: string | null;
  /** The draft that the page was told last; none, when it is not known by what it goes. */
  #told: Policy | null;
  #busy = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hover: { id: number; at: number } | null = null;
  #next: Place | null = null;
  #choice: number | null = null;
  #patience: ReturnType<typeof setTimeout> | undefined;

  constructor(company: string, policy: Policy, version: string | null) {
    this.#company = company;
    this.#version = version;
    this.draft = this.saved = this.#told = policy;
    this.#ask();
  }

  /** Both views join; the draft goes on in a session that takes the place of one that has ended. */
  join(session: RuleSession): void {
    this.#letGo();
    this.#told = this.#session ? null : this.saved;
    this.#session = session;
    this.customer = new LiveSession(`rules/customer/${session.id}`);
    this.agent = new LiveSession(`rules/agent/${session.id}`);
    this.customer.start(tokenOf(session.customer_url));
    this.agent.start(tokenOf(session.agent_url));
    this.drop();
    void this.#tell();
  }

  get isChanged(): boolean {
    return !isSame(this.draft, this.saved);
  }

  /** What each rule of the draft finds, once the page goes by it. */
  get found(): { masking: readonly (number | null)[]; blocking: readonly (number | null)[] } | null {
    const { matches } = this.customer;
    const isOfDraft = matches?.masking.length === this.draft.masking.rules.length && matches.blocking.length === this.draft.blocking.rules.length;
    return matches && isOfDraft && !this.trying ? matches : null;
  }

  /** The host of the page. */
  get site(): string | null {
    try {
      return new URL(this.customer.tab?.url ?? '').hostname || null;
    } catch {
      return null;
    }
  }

  over(place: Place): void {
    this.#next = place;
    this.#hoverNext();
  }

  /** The page moves under the pointer: what was there is no longer. */
  moved(): void {
    this.hovered = this.#next = null;
  }

  at(place: Place): void {
    this.missed = false;
    this.#choice = this.customer.pick(place);
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#choice !== null && this.#chose(null), PATIENCE);
  }

  /** The shared browser has answered a question about a place. */
  heard({ id, thing }: { id: number; thing: Thing | null }): void {
    if (id === this.#choice) return this.#chose(thing);
    if (id !== this.#hover?.id) return;
    this.#hover = null;
    this.hovered = thing;
    this.#hoverNext();
  }

  drop(): void {
    this.chosen = this.hovered = null;
    this.missed = false;
  }

  change(next: Policy): void {
    if (isSame(next, this.draft)) return;
    this.past = [...this.past, this.draft];
    this.#go(next);
  }

  undo(): void {
    const before = this.past.at(-1);
    if (!before) return;
    this.past = this.past.slice(0, -1);
    this.#go(before);
  }

  async save(): Promise<boolean> {
    this.saving = true;
    const mine = this.draft;
    try {
      const { version } = await api.setDocument<Policy>(this.#company, 'policy', mine, this.#version);
      this.#version = version;
      this.saved = mine;
      this.past = [];
      this.said = { text: texts.rules.sessionSaved, bad: false };
      return true;
    } catch (failure) {
      if (failure instanceof Failure && failure.code === 'conflict') await this.#overtaken();
      else this.said = { text: `${texts.admin.notSaved}. ${sentence(failure)}`, bad: true };
      return false;
    } finally {
      this.saving = false;
    }
  }

  /** Ends the session; its browser is deleted. */
  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#patience);
    this.#letGo();
  }

  #letGo(): void {
    if (this.#session) this.customer.end();
    this.customer.close();
    this.agent.close();
  }

  /** Somebody else was faster: the draft goes on from theirs. */
  async #overtaken(): Promise<void> {
    try {
      const { value, version } = await api.document<Policy>(this.#company, 'policy');
      const next = rebase(this.saved, this.draft, value);
      this.saved = value;
      this.#version = version;
      this.past = [];
      this.#go(next);
      this.said = { text: texts.rules.sessionConflict, bad: true };
    } catch (failure) {
      this.said = { text: `${texts.admin.notSaved}. ${sentence(failure)}`, bad: true };
    }
  }

  #go(next: Policy): void {
    this.draft = next;
    this.said = null;
    this.drop();
    void this.#tell();
  }

  /** Drafts go one after the other, and only the latest one counts. */
  async #tell(): Promise<void> {
    if (this.#busy || !this.#session) return;
    this.#busy = this.trying = true;
    try {
      while (!this.#told || !isSame(this.#told, this.draft)) {
        const [next, told] = [this.draft, this.#told];
        const before = this.customer.matches?.lesson ?? 0;
        await api.tryPolicy(this.#company, this.#session.id, next);
        const isLearnt = await this.#learnt(before);
        // What was hidden in a page stays so until it is loaded anew.
        if (isLearnt && told && shows(told, next)) this.customer.inputs.control({ type: 'navigate', to: { kind: 'reload' } });
        this.#told = next;
      }
    } catch (failure) {
      this.said = { text: sentence(failure), bad: true };
      // What is no policy is no draft.
      if (this.#told && failure instanceof Failure && failure.status === 422) this.draft = this.#told;
    } finally {
      this.#busy = this.trying = false;
    }
  }

  /** Whether the page goes by a later policy than `lesson`; asks until it does. */
  async #learnt(lesson: number): Promise<boolean> {
    const end = performance.now() + 10 * ASK;
    while (performance.now() < end) {
      if ((this.customer.matches?.lesson ?? 0) > lesson) return true;
      this.customer.askMatches();
      await new Promise((later) => setTimeout(later, ASK_SOON));
    }
    return false;
  }

  #ask(): void {
    if (!document.hidden && this.customer.media === 'connected') this.customer.askMatches();
    this.#timer = setTimeout(() => this.#ask(), ASK);
  }

  #chose(thing: Thing | null): void {
    this.#choice = null;
    this.chosen = thing;
    this.missed = thing === null;
    this.hovered = null;
  }

  /** One question at a time, about the latest place. */
  #hoverNext(): void {
    const now = performance.now();
    if (!this.#next || (this.#hover && now - this.#hover.at < PATIENCE)) return;
    this.#hover = { id: this.customer.pick(this.#next), at: now };
    this.#next = null;
  }
}
