//! Files between this device and the cloud browser: what is sent to a page that asks for some, and what is fetched from it.

import type { Chooser, Download, FileInput, ParticipantId, Transfer } from '../protocol.gen';

/** As `protocol/src/files.rs` has them: bytes of one file, and files that a page is given at once. */
export const LARGEST = 100 * 2 ** 20;
export const MOST = 20;

/** A ticket that has not come by then will not (milliseconds). */
const PATIENCE = 15_000;

export type FileProblem = 'too_large' | 'too_many' | 'broken';

/** All there is to show. */
export interface Filing {
  /** What a page asks for. */
  readonly chooser: Chooser | null;
  /** What is being sent for it, in bytes. */
  readonly sending: { readonly count: number; readonly sent: number; readonly total: number } | null;
  readonly problem: FileProblem | null;
  readonly downloads: readonly Download[];
  /** The download that was asked for and has not begun. */
  readonly fetching: number | null;
}

export const NOTHING: Filing = { chooser: null, sending: null, problem: null, downloads: [], fetching: null };

export interface FilesEnvironment {
  /** Asks signalling for a ticket; `false` when it does not hear. */
  ask(transfer: Transfer): boolean;
  /** Tells the browser node. */
  say(input: FileInput): void;
  /** Sends a file; whether the other end has all of it. */
  put(ticket: string, file: Blob, progress: (sent: number) => void, signal: AbortSignal): Promise<boolean>;
  /** Has this browser save what is behind a ticket. */
  save(ticket: string, name: string): void;
  changed(now: Filing): void;
}

export class Files {
  readonly #environment: FilesEnvironment;
  readonly #waiting = new Map<string, (ticket: string | null) => void>();
  #now: Filing = NOTHING;
  #stop: AbortController | null = null;

  constructor(environment: FilesEnvironment) {
    this.#environment = environment;
  }

  /** A page asks for files, or for none any more. */
  asked(chooser: Chooser | null): void {
    if (chooser?.id === this.#now.chooser?.id) return this.#show({ chooser });
    this.#stop?.abort();
    this.#stop = null;
    this.#show({ chooser, sending: null, problem: null });
  }

  offered(downloads: readonly Download[]): void {
    this.#show({ downloads });
  }

  /** Signalling's answer to `ask`. */
  ticket(transfer: Transfer, ticket: string | null): void {
    this.#waiting.get(JSON.stringify(transfer))?.(ticket);
  }

  /** Sends files one after the other, and gives them to the page. */
  async choose(files: readonly File[]): Promise<void> {
    const { chooser } = this.#now;
    if (!chooser || this.#now.sending || files.length === 0) return;
    if (files.length > (chooser.multiple ? MOST : 1)) return this.#show({ problem: 'too_many' });
    if (files.some((file) => file.size > LARGEST)) return this.#show({ problem: 'too_large' });
    const stop = (this.#stop = new AbortController());
    const total = files.reduce((sum, file) => sum + file.size, 0);
    let before = 0;
    const show = (sent: number) => {
      if (!stop.signal.aborted) this.#show({ sending: { count: files.length, sent: before + sent, total } });
    };
    this.#show({ problem: null });
    show(0);
    for (const [place, file] of files.entries()) {
      const ticket = await this.#ticket({ kind: 'upload', chooser: chooser.id, place }, stop.signal);
      const arrived = ticket !== null && (await this.#environment.put(ticket, file, show, stop.signal));
      if (stop.signal.aborted) return;
      if (!arrived) return this.#show({ sending: null, problem: 'broken' });
      before += file.size;
      show(0);
    }
    this.#environment.say({ what: 'choose', chooser: chooser.id, names: files.map((file) => file.name) });
  }

  /** The page gets nothing. */
  cancel(): void {
    const { chooser } = this.#now;
    if (!chooser) return;
    this.asked(null);
    this.#environment.say({ what: 'cancel', chooser: chooser.id });
  }

  /** Saves a download on this device. */
  async fetch(download: Download): Promise<void> {
    if (this.#now.fetching !== null) return;
    this.#show({ fetching: download.id });
    await this.#save({ kind: 'download', download: download.id }, download.name);
    this.#show({ fetching: null });
  }

  /** Saves what somebody offered by a message of theirs; whether it has begun. */
  fetchSent(from: ParticipantId, number: number, name: string): Promise<boolean> {
    return this.#save({ kind: 'sent', from, number }, name);
  }

  async #save(transfer: Transfer, name: string): Promise<boolean> {
    const ticket = await this.#ticket(transfer, new AbortController().signal);
    if (ticket !== null) this.#environment.save(ticket, name);
    return ticket !== null;
  }

  discard(download: Download): void {
    this.#environment.say({ what: 'discard', download: download.id });
  }

  #ticket(transfer: Transfer, signal: AbortSignal): Promise<string | null> {
    return new Promise((resolve) => {
      const key = JSON.stringify(transfer);
      const settle = (ticket: string | null) => {
        clearTimeout(timer);
        this.#waiting.delete(key);
        resolve(ticket);
      };
      const timer = setTimeout(() => settle(null), PATIENCE);
      signal.addEventListener('abort', () => settle(null), { once: true });
      this.#waiting.set(key, settle);
      if (!this.#environment.ask(transfer)) settle(null);
    });
  }

  #show(change: Partial<Filing>): void {
    this.#now = { ...this.#now, ...change };
    this.#environment.changed(this.#now);
  }
}

const address = (ticket: string) => `/api/v1/files/${ticket}`;

/** `put` of a browser. It is not by `fetch`, which tells nobody how far an upload is. */
export function putFile(ticket: string, file: Blob, progress: (sent: number) => void, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = (event) => progress(event.loaded);
    request.onload = () => resolve(request.status === 204);
    request.onerror = request.onabort = () => resolve(false);
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.open('PUT', address(ticket));
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.send(file);
  });
}

/** `save` of a browser, which writes it to the disk as it comes. */
export function saveFile(ticket: string, name: string): void {
  const link = document.createElement('a');
  link.href = address(ticket);
  link.download = name;
  link.click();
}
