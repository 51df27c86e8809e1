//! The chat as the pages draw it: keeps the time for the framework-free module, and holds what it says.

import { Chat, type Entry, type Pending, type Said } from '../core/chat';
import { LARGEST, putFile } from '../core/files';
import type { ChatInput, ChatNotice, Language, Participant, ParticipantId, SessionState } from '../protocol.gen';
import { speech } from '../texts';
import { isWanted, play, want } from './tone';

export class LiveChat {
  entries = $state.raw<readonly Entry[]>([]);
  pending = $state.raw<readonly Pending[]>([]);
  /** Who else is writing now. */
  writing = $state.raw<readonly ParticipantId[]>([]);
  unread = $state.raw<readonly Said[]>([]);
  /** In which language each one reads our pages. */
  languages = $state.raw<ReadonlyMap<ParticipantId, Language>>(new Map());
  /** What is being written; it stays when the chat is closed. */
  draft = $state('');
  sound = $state(isWanted());
  /** How far each file of this person's is on its way to the customer: a part of it, 1 when it is there. */
  sent = $state.raw<ReadonlyMap<number, number>>(new Map());
  /** A file was too large to be offered. */
  tooLarge = $state(false);

  readonly #chat: Chat;
  readonly #files = new Map<number, File>();
  readonly #closing = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>, key: string, send: (input: ChatInput) => boolean) {
    this.#chat = new Chat({ send, storage, key, random: Math.random, holds: (number) => this.#files.has(number) });
  }

  join(session: string, self: ParticipantId): void {
    this.#do(() => this.#chat.join(session, self));
  }

  people(people: readonly Participant[]): void {
    this.#do((now) => this.#chat.people(people, now));
  }

  state(state: SessionState): void {
    this.#do((now) => this.#chat.state(state, now));
  }

  listening(): void {
    this.#do((now) => this.#chat.listening(now, speech.language as Language));
  }

  lost(): void {
    this.#do(() => this.#chat.lost());
  }

  heard(notice: ChatNotice): void {
    const before = this.unread.length;
    this.#do((now) => this.#chat.heard(notice, now));
    if (this.sound && this.unread.length > before) play();
  }

  /** Says what is being written; tells whether it could be. */
  say(): boolean {
    const said = this.#do((now) => this.#chat.say(this.draft, now));
    if (said) this.draft = '';
    return said;
  }

  /** Offers the customer files, which stay here until they are fetched. */
  offer(files: Iterable<File>): void {
    this.tooLarge = false;
    for (const file of files) {
      if (file.size > LARGEST) {
        this.tooLarge = true;
        continue;
      }
      const number = this.#chat.next();
      this.#files.set(number, file);
      this.#do((now) => this.#chat.offer(number, { name: file.name, bytes: file.size }, now));
    }
  }

  withdraw(number: number): void {
    this.#files.delete(number);
    this.#chat.withdraw(number);
  }

  /** The customer fetches a file of this person's. */
  async give(number: number, ticket: string): Promise<void> {
    const file = this.#files.get(number);
    if (!file) return;
    const set = (part: number): void => void (this.sent = new Map(this.sent).set(number, part));
    set(0);
    const arrived = await putFile(ticket, file, (sent) => set(Math.min(0.99, sent / Math.max(1, file.size))), this.#closing.signal);
    if (arrived) return set(1);
    const sent = new Map(this.sent);
    sent.delete(number);
    this.sent = sent;
  }

  again(number: number): void {
    this.#do((now) => this.#chat.again(number, now));
  }

  write(): void {
    this.#chat.write(this.draft.trim() !== '', Date.now());
  }

  read(): void {
    this.#do(() => this.#chat.read());
  }

  setSound(on: boolean): void {
    this.sound = on;
    want(on);
    // So that it is known how it sounds, and the browser knows that it was wanted.
    if (on) play();
  }

  forget(): void {
    this.#chat.forget();
  }

  stop(): void {
    this.#closing.abort();
    clearTimeout(this.#timer);
  }

  #do<T>(what: (now: number) => T): T {
    const done = what(Date.now());
    const { entries, languages, pending, writing, unread, deadline } = this.#chat;
    this.entries = entries;
    this.languages = languages;
    this.pending = pending;
    if (writing.join() !== this.writing.join()) this.writing = writing;
    if (unread.length !== this.unread.length) this.unread = unread;
    clearTimeout(this.#timer);
    if (deadline !== null) this.#timer = setTimeout(() => this.#do((now) => this.#chat.tick(now)), Math.max(0, deadline - Date.now()));
    return done;
  }
}
