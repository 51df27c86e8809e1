//! A customer who waits for an agent to enter the PIN that they read out. It survives dropped connections and a reload with the same PIN.

import type { ClientSignal, Refusal, ServerSignal, Viewport } from '../protocol.gen';
import { backOff } from './session';

export type CallState =
  | { kind: 'getting' }
  /** `ends` is when the PIN runs out, in milliseconds of the page's own clock. */
  | { kind: 'waiting'; pin: string; more: string; ends: number }
  | { kind: 'over' }
  | { kind: 'refused'; reason: Refusal };

export interface CallEnvironment {
  open(): WebSocket;
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** Where in `storage` the key of the PIN is kept. */
  key: string;
  now(): number;
  random(): number;
}

export interface CallEvents {
  state(state: CallState): void;
  /** An agent has entered the PIN: join by this token. */
  called(token: string): void;
}

export interface Caller {
  company: string;
  language: string;
  viewport: Viewport;
}

export class Call {
  readonly #environment: CallEnvironment;
  readonly #events: CallEvents;
  readonly #caller: Caller;
  #socket: WebSocket | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #end: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;

  constructor(environment: CallEnvironment, events: CallEvents, caller: Caller) {
    this.#environment = environment;
    this.#events = events;
    this.#caller = caller;
  }

  start(): void {
    this.#events.state({ kind: 'getting' });
    this.#open();
  }

  /** Gets another PIN; the one before is not read out any more. */
  renew(): void {
    this.#environment.storage.removeItem(this.#environment.key);
    this.start();
  }

  close(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#end);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #open(): void {
    this.close();
    const socket = this.#environment.open();
    this.#socket = socket;
    socket.onopen = () => {
      const { storage, key } = this.#environment;
      const call: ClientSignal = { type: 'call', ...this.#caller, key: storage.getItem(key) };
      socket.send(JSON.stringify(call));
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (typeof event.data === 'string') this.#heard(JSON.parse(event.data) as ServerSignal);
    };
    socket.onclose = () => {
      this.#attempt += 1;
      this.#retry = setTimeout(() => this.#open(), backOff(this.#attempt, this.#environment.random()));
    };
  }

  #heard(signal: ServerSignal): void {
    if (signal.type === 'waiting') return this.#waits(signal.pin, signal.more, signal.seconds * 1_000, signal.key);
    if (signal.type === 'called') {
      this.#finish();
      return this.#events.called(signal.token);
    }
    if (signal.type === 'refused') {
      this.close();
      this.#events.state({ kind: 'refused', reason: signal.reason });
    }
  }

  #waits(pin: string, more: string, left: number, key: string): void {
    this.#attempt = 0;
    this.#environment.storage.setItem(this.#environment.key, key);
    this.#events.state({ kind: 'waiting', pin, more, ends: this.#environment.now() + left });
    clearTimeout(this.#end);
    this.#end = setTimeout(() => {
      this.#finish();
      this.#events.state({ kind: 'over' });
    }, left);
  }

  #finish(): void {
    this.#environment.storage.removeItem(this.#environment.key);
    this.close();
  }
}
