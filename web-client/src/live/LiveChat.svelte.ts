//! The chat as the pages draw it: keeps the time for the framework-free module, and holds what it says.

import { Chat, type Entry, type Pending, type Said } from '../core/chat';
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

  readonly #chat: Chat;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>, key: string, send: (input: ChatInput) => boolean) {
    this.#chat = new Chat({ send, storage, key, random: Math.random });
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
