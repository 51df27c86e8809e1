//! The signalling client: one conversation with `/ws` that survives reloads and dropped sockets.
//!
//! It knows no page and no media. Whoever uses it gets every change as a [`Link`] (where the conversation stands) or as
//! the server's own signal.

import type { ClientSignal, Credential, Refusal, ServerSignal } from '../protocol.gen';

/** Where the conversation with signalling stands. */
export type Link =
  /** There is neither a token nor a key to come back with. */
  | { kind: 'absent' }
  | { kind: 'joining' }
  | { kind: 'open' }
  /** The socket is gone; `attempt` counts the tries to get it back. */
  | { kind: 'lost'; attempt: number }
  /** The same person has another window open: ask which one goes on. */
  | { kind: 'elsewhere' }
  | { kind: 'taken_over' }
  | { kind: 'refused'; reason: Refusal }
  /** The session is over. */
  | { kind: 'over' };

export type Joined = Extract<ServerSignal, { type: 'joined' }>;

export interface SessionEvents {
  link(link: Link): void;
  signal(signal: ServerSignal): void;
}

/** What a session needs of the page around it. */
export interface SessionEnvironment {
  open(): WebSocket;
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** Where in `storage` the key for coming back is kept. */
  key: string;
  /** The token is used up: take it out of the page's address. */
  forgetToken(): void;
  /** 0 ≤ x < 1, so that many clients don't come back in step. */
  random(): number;
}

const FIRST_WAIT = 250;
const LONGEST_WAIT = 8_000;

/** Milliseconds to wait before try number `attempt` (from 1): doubling, capped, and spread by a quarter. */
export function backOff(attempt: number, random: number): number {
  const wait = Math.min(FIRST_WAIT * 2 ** Math.min(attempt - 1, 10), LONGEST_WAIT);
  return Math.round(wait * (0.75 + random / 2));
}

/** The one-time token in an address such as `/c/demo#t=TOKEN`. */
export function tokenOf(address: string): string | null {
  const hash = address.split('#')[1] ?? '';
  return new URLSearchParams(hash).get('t') || null;
}

export class Session {
  readonly #environment: SessionEnvironment;
  readonly #events: SessionEvents;
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #token: string | null = null;
  #attempt = 0;
  #takeOver = false;
  #joined = false;
  #leaving = false;
  #link: Link = { kind: 'absent' };

  constructor(environment: SessionEnvironment, events: SessionEvents) {
    this.#environment = environment;
    this.#events = events;
  }

  get link(): Link {
    return this.#link;
  }

  /** Joins by a token, or else comes back by the key that an earlier page left. */
  start(token: string | null): void {
    this.#token = token;
    if (!this.#credential()) return this.#move({ kind: 'absent' });
    this.#move({ kind: 'joining' });
    this.#open();
  }

  /** Goes on in this window after `elsewhere` or `taken_over`. */
  takeOver(): void {
    this.#takeOver = true;
    this.#attempt = 0;
    this.#move({ kind: 'joining' });
    this.#open();
  }

  /** Tries again at once: the network is back, or the page is looked at again. */
  hurry(): void {
    if (this.#link.kind !== 'lost') return;
    this.#attempt = 0;
    this.#open();
  }

  /** Says it when joined; tells whether it was said. */
  send(signal: ClientSignal): boolean {
    if (!this.#joined || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(signal));
    return true;
  }

  /** Ends the session. Without a connection it is at least over for this page, and nothing comes back to it. */
  end(): void {
    if (this.send({ type: 'end' })) {
      this.#leaving = true;
      return;
    }
    this.#finish({ kind: 'over' });
  }

  /** Lets go of the socket without ending the session. */
  close(): void {
    clearTimeout(this.#timer);
    this.#drop();
  }

  #credential(): Credential | null {
    if (this.#token !== null) return { kind: 'token', token: this.#token };
    const key = this.#environment.storage.getItem(this.#environment.key);
    return key === null ? null : { kind: 'resume', key };
  }

  #open(): void {
    clearTimeout(this.#timer);
    this.#drop();
    const socket = this.#environment.open();
    this.#socket = socket;
    socket.onopen = () => {
      const credential = this.#credential();
      if (!credential) return this.#finish({ kind: 'absent' });
      const join: ClientSignal = { type: 'join', credential, take_over: this.#takeOver };
      socket.send(JSON.stringify(join));
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      const signal = parse(event.data);
      if (signal) this.#heard(signal);
    };
    socket.onclose = () => this.#lost();
  }

  #heard(signal: ServerSignal): void {
    switch (signal.type) {
      case 'joined':
        this.#joined = true;
        this.#takeOver = false;
        this.#attempt = 0;
        this.#token = null;
        this.#environment.storage.setItem(this.#environment.key, signal.resume);
        this.#environment.forgetToken();
        this.#events.signal(signal);
        this.#move({ kind: 'open' });
        return;
      case 'elsewhere':
        return this.#rest({ kind: 'elsewhere' });
      case 'taken_over':
        return this.#rest({ kind: 'taken_over' });
      case 'ended':
        this.#events.signal(signal);
        return this.#finish({ kind: 'over' });
      case 'refused':
        if (this.#joined) return this.#events.signal(signal);
        return this.#refused(signal.reason);
      case 'state':
      case 'check':
      case 'people':
      case 'answer':
      case 'ticket':
      case 'reconnect':
        return this.#events.signal(signal);
      case 'waiting':
      case 'called':
        // Only for who has not joined yet.
        return;
      default:
        // A newer server may know words that this page does not; those it can do without.
        return unknown(signal);
    }
  }

  #refused(reason: Refusal): void {
    switch (reason) {
      case 'invalid_link':
        // A page that was reloaded before it could forget its token still has the key to come back.
        if (this.#token !== null) {
          this.#token = null;
          if (this.#credential()) return this.#open();
        } else {
          this.#environment.storage.removeItem(this.#environment.key);
        }
        return this.#finish({ kind: 'refused', reason });
      case 'not_yet':
      case 'too_many':
        return this.#retry();
      case 'no_capacity':
      case 'not_allowed':
      case 'malformed':
        return this.#rest({ kind: 'refused', reason });
      default:
        return unknown(reason);
    }
  }

  #lost(): void {
    this.#socket = null;
    if (this.#leaving) return this.#finish({ kind: 'over' });
    this.#retry();
  }

  #retry(): void {
    this.#drop();
    this.#attempt += 1;
    this.#move({ kind: 'lost', attempt: this.#attempt });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(), backOff(this.#attempt, this.#environment.random()));
  }

  /** Over for good: nothing to come back to. */
  #finish(link: Link): void {
    if (link.kind === 'over') this.#environment.storage.removeItem(this.#environment.key);
    this.#rest(link);
  }

  /** Quiet, but a person may go on from here. */
  #rest(link: Link): void {
    clearTimeout(this.#timer);
    this.#drop();
    this.#move(link);
  }

  #drop(): void {
    this.#joined = false;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #move(link: Link): void {
    this.#link = link;
    this.#events.link(link);
  }
}

function parse(data: unknown): ServerSignal | null {
  if (typeof data !== 'string') return null;
  try {
    const signal: unknown = JSON.parse(data);
    return typeof signal === 'object' && signal !== null && 'type' in signal ? (signal as ServerSignal) : null;
  } catch {
    return null;
  }
}

function unknown(_: never): void {}
