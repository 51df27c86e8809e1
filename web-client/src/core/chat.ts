//! The chat of a session as one person has it: what was said, what of theirs is on its way, and who is writing.
//!
//! It knows no page and no clock: times come as milliseconds, and whoever uses it asks [`Chat.deadline`] when to call [`Chat.tick`].

import type { ChatInput, ChatNotice, FileOffer, Language, Participant, ParticipantId, SessionState } from '../protocol.gen';

/** The longest message, in characters as the node counts them. */
export const LONGEST = 2_000;
/** As much as the node keeps, and what happened meanwhile. */
const KEPT = 600;
/** For how long somebody is writing who does not say so anew. */
const WRITING = 6_000;
/** How often somebody who writes says so. */
const SAYS_SO = 3_000;
/** After how long a message that was not answered is sent again, and how often. */
const AGAIN = 5_000;
const TRIES = 3;
/** For how long somebody has to be away until they have left: a page that is loaded anew is back sooner. */
const LEFT = 8_000;
/** What one person says in this time stands together. */
const TOGETHER = 5 * 60_000;

export interface Said {
  kind: 'said';
  from: ParticipantId;
  number: number;
  at: number;
  text: string;
  /** What is offered with it. */
  file: FileOffer | null;
  /** It can be fetched no more. */
  withdrawn: boolean;
}

export interface Happened {
  kind: 'came' | 'left' | 'paused' | 'resumed';
  who: ParticipantId | null;
  at: number;
}

export type Entry = Said | Happened;

/** What this person said and nobody has confirmed. */
export interface Pending {
  number: number;
  text: string;
  file: FileOffer | null;
  /** `waiting` goes by itself when the connection is back; what has `failed` has to be sent again. */
  state: 'waiting' | 'sending' | 'failed';
}

type Tried = Pending & { at: number; tries: number };

export interface Group {
  kind: 'group';
  from: ParticipantId;
  at: number;
  said: Said[];
}

export interface ChatEnvironment {
  /** Tells whether it is on its way. */
  send(input: ChatInput): boolean;
  /** This tab's, so that what is not sent yet, and what was read, outlive a reload. */
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  key: string;
  /** 0 ≤ x < 1 */
  random(): number;
  /** Whether the file that was offered with this number is still at hand: not after a reload. */
  holds(number: number): boolean;
}

export class Chat {
  entries: readonly Entry[] = [];
  /** In which language each one reads our pages, as far as their page has said it. */
  languages: ReadonlyMap<ParticipantId, Language> = new Map();
  readonly #environment: ChatEnvironment;
  #session: string | null = null;
  #self: ParticipantId | null = null;
  #pending: readonly Tried[] = [];
  #heard = false;
  /** Of the latest message that was read. */
  #read = 0;
  #number: number;
  #wrote = -Infinity;
  readonly #writing = new Map<ParticipantId, number>();
  readonly #known = new Set<ParticipantId>();
  /** Since when somebody is not here; null when it was told that they left. */
  readonly #away = new Map<ParticipantId, number | null>();
  #state: SessionState | null = null;

  constructor(environment: ChatEnvironment) {
    this.#environment = environment;
    // Another window of the same person, or this one before it was loaded anew, has counted from elsewhere.
    this.#number = Math.floor(environment.random() * 2 ** 31);
  }

  get pending(): readonly Pending[] {
    return this.#pending;
  }

  get unread(): readonly Said[] {
    const isUnread = (one: Entry): one is Said => one.kind === 'said' && one.from !== this.#self && one.at > this.#read;
    return this.entries.filter(isUnread);
  }

  /** Who else is writing now. */
  get writing(): readonly ParticipantId[] {
    return [...this.#writing.keys()];
  }

  /** Who this person is, and in which session. Coming back into the same one changes nothing. */
  join(session: string, self: ParticipantId): void {
    if (this.#session === session && this.#self === self) return;
    [this.#session, this.#self] = [session, self];
    const kept = this.#kept();
    this.#read = kept?.read ?? 0;
    this.#pending = (kept?.pending ?? []).map(({ number, text }) => ({ number, text, file: null, state: 'waiting', at: 0, tries: 0 }));
  }

  /** The channel is open: all that was said is told anew, and what waits goes. */
  listening(now: number, language: Language | null): void {
    this.#heard = true;
    if (language !== null) this.#environment.send({ type: 'reads', language });
    this.#pending = this.#pending.map((one) => this.#sent({ ...one, tries: 0 }, now));
  }

  /** The connection is gone: what is on its way may not have arrived. */
  lost(): void {
    if (!this.#heard) return;
    this.#heard = false;
    this.#wrote = -Infinity;
    this.#writing.clear();
    this.#pending = this.#pending.map((one) => ({ ...one, state: 'waiting' }));
  }

  heard(notice: ChatNotice, now: number): void {
    switch (notice.type) {
      case 'said':
        return this.#said(notice);
      case 'withdrawn':
        this.entries = this.entries.map((one) => (isSaid(one, notice) ? { ...one, withdrawn: true } : one));
        return;
      case 'typing':
        if (notice.from === this.#self) return;
        if (notice.typing) this.#writing.set(notice.from, now + WRITING);
        else this.#writing.delete(notice.from);
        return;
      case 'reads':
        this.languages = new Map(this.languages).set(notice.from, notice.language);
        return;
      default:
        return notice satisfies never;
    }
  }

  /** Tells whether it could be said at all. */
  say(text: string, now: number): boolean {
    const said = text.trim();
    if (said === '' || lengthOf(said) > LONGEST) return false;
    this.#wrote = -Infinity;
    this.#begin(this.next(), said, null, now);
    return true;
  }

  /** The number of the next message. */
  next(): number {
    const isTaken = (number: number) =>
      this.#pending.some((one) => one.number === number) ||
      this.entries.some((one) => one.kind === 'said' && one.from === this.#self && one.number === number);
    do this.#number = (this.#number + 1) % 2 ** 32;
    while (isTaken(this.#number));
    return this.#number;
  }

  /** Offers the customer a file, which the environment holds by this number. */
  offer(number: number, file: FileOffer, now: number): void {
    this.#begin(number, '', file, now);
  }

  withdraw(number: number): void {
    this.#environment.send({ type: 'withdraw', number });
  }

  /** Sends once more what was not confirmed; the node knows it by its number. */
  again(number: number, now: number): void {
    this.#pending = this.#pending.map((one) => (one.number === number ? this.#sent({ ...one, tries: 0 }, now) : one));
  }

  /** This person is writing, or has taken back what they wrote. */
  write(typing: boolean, now: number): void {
    if (typing && now - this.#wrote < SAYS_SO) return;
    if (!typing && this.#wrote === -Infinity) return;
    this.#wrote = typing ? now : -Infinity;
    this.#environment.send({ type: 'typing', typing });
  }

  /** This person has seen everything so far. */
  read(): void {
    if (this.unread.length === 0) return;
    this.#read = Math.max(...this.unread.map((one) => one.at));
    this.#keep();
  }

  people(people: readonly Participant[], now: number): void {
    const first = this.#known.size === 0;
    for (const { id, present } of people) {
      if (id === this.#self) continue;
      if (present) {
        if (!this.#known.has(id) ? !first : this.#away.get(id) === null) this.#add({ kind: 'came', who: id, at: now });
        this.#known.add(id);
        this.#away.delete(id);
      } else if (this.#known.has(id) && !this.#away.has(id)) {
        this.#away.set(id, now);
        this.#writing.delete(id);
      }
    }
    if (first && this.#self !== null) this.#known.add(this.#self);
  }

  state(state: SessionState, now: number): void {
    const before = this.#state;
    this.#state = state;
    if (before === 'live' && state === 'paused') this.#add({ kind: 'paused', who: null, at: now });
    if (before === 'paused' && state === 'live') this.#add({ kind: 'resumed', who: null, at: now });
  }

  /** When [`Chat.tick`] has something to do. */
  get deadline(): number | null {
    const sent = this.#pending.filter((one) => one.state === 'sending').map((one) => one.at + AGAIN);
    const away = [...this.#away.values()].filter((since) => since !== null).map((since) => since + LEFT);
    const all = [...sent, ...away, ...this.#writing.values()];
    return all.length > 0 ? Math.min(...all) : null;
  }

  tick(now: number): void {
    for (const [who, until] of this.#writing) if (until <= now) this.#writing.delete(who);
    for (const [who, since] of this.#away) {
      if (since === null || since + LEFT > now) continue;
      this.#away.set(who, null);
      this.#add({ kind: 'left', who, at: now });
    }
    this.#pending = this.#pending.map((one) => {
      if (one.state !== 'sending' || one.at + AGAIN > now) return one;
      return one.tries < TRIES ? this.#sent(one, now) : { ...one, state: 'failed' };
    });
  }

  /** The session is over: nothing of it stays in this tab. */
  forget(): void {
    this.#environment.storage.removeItem(this.#environment.key);
  }

  #begin(number: number, text: string, file: FileOffer | null, now: number): void {
    const message: Tried = { number, text, file, state: 'waiting', at: 0, tries: 0 };
    this.#pending = [...this.#pending, this.#sent(message, now)];
    this.#keep();
  }

  #said(notice: Extract<ChatNotice, { type: 'said' }>): void {
    const { from, number, at, text, file } = notice;
    this.#writing.delete(from);
    if (from === this.#self && this.#pending.some((one) => one.number === number)) {
      this.#pending = this.#pending.filter((one) => one.number !== number);
      this.#keep();
    }
    if (this.entries.some((one) => isSaid(one, notice))) return;
    this.#add({ kind: 'said', from, number, at, text, file, withdrawn: false });
    if (file && from === this.#self && !this.#environment.holds(number)) this.withdraw(number);
  }

  #add(entry: Entry): void {
    this.entries = [...this.entries, entry].slice(-KEPT);
  }

  #sent(message: Tried, now: number): Tried {
    const { number, text, file, tries } = message;
    const state = this.#heard && this.#environment.send({ type: 'say', number, text, file }) ? 'sending' : 'waiting';
    return { ...message, state, at: now, tries: tries + 1 };
  }

  #keep(): void {
    // A file is not there any more after a reload.
    const pending = this.#pending.filter(({ file }) => file === null).map(({ number, text }) => ({ number, text }));
    const kept: Kept = { session: this.#session ?? '', self: this.#self ?? 0, read: this.#read, pending };
    try {
      this.#environment.storage.setItem(this.#environment.key, JSON.stringify(kept));
    } catch {
      // A full storage keeps nothing, and the chat goes on.
    }
  }

  #kept(): Kept | null {
    try {
      const kept = JSON.parse(this.#environment.storage.getItem(this.#environment.key) ?? 'null') as Kept | null;
      return kept?.session === this.#session && kept.self === this.#self ? kept : null;
    } catch {
      return null;
    }
  }
}

interface Kept {
  session: string;
  self: ParticipantId;
  read: number;
  pending: { number: number; text: string }[];
}

function isSaid(entry: Entry, by: { from: ParticipantId; number: number }): entry is Said {
  return entry.kind === 'said' && entry.from === by.from && entry.number === by.number;
}

/** Characters as the node counts them. */
export function lengthOf(text: string): number {
  // What is far too long is not worth counting.
  return text.length > 2 * LONGEST ? text.length : [...text].length;
}

/** What one person said in a row stands under their name once. */
export function grouped(entries: readonly Entry[]): (Group | Happened)[] {
  const groups: (Group | Happened)[] = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    if (entry.kind !== 'said') groups.push(entry);
    else if (last?.kind === 'group' && last.from === entry.from && entry.at - last.at < TOGETHER) last.said.push(entry);
    else groups.push({ kind: 'group', from: entry.from, at: entry.at, said: [entry] });
  }
  return groups;
}
