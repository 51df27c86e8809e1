import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ClientSignal, ServerSignal } from '../protocol.gen';
import { backOff, Session, tokenOf, type Link } from './session';

class Socket {
  static all: Socket[] = [];
  readyState = 0;
  sent: ClientSignal[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor() {
    Socket.all.push(this);
  }
  send(text: string) {
    this.sent.push(JSON.parse(text) as ClientSignal);
  }
  close() {
    this.readyState = 3;
  }
  opens() {
    this.readyState = 1;
    this.onopen?.();
  }
  says(signal: ServerSignal | Record<string, unknown>) {
    this.onmessage?.({ data: JSON.stringify(signal) });
  }
  breaks() {
    this.readyState = 3;
    this.onclose?.();
  }
}

const joined: ServerSignal = {
  type: 'joined', session: 's', company: 'demo', company_name: 'Demo', sites: [], participant: 1, role: 'customer', resume: 'R', ice_servers: [],
};

function world(stored: string | null = null) {
  Socket.all = [];
  const kept = new Map<string, string>(stored === null ? [] : [['k', stored]]);
  const links: Link[] = [];
  const signals: ServerSignal[] = [];
  const forgetToken = vi.fn();
  const session = new Session(
    {
      open: () => new Socket() as unknown as WebSocket,
      storage: {
        getItem: (key) => kept.get(key) ?? null,
        setItem: (key, value) => void kept.set(key, value),
        removeItem: (key) => void kept.delete(key),
      },
      key: 'k',
      forgetToken,
      random: () => 0.5,
    },
    { link: (link) => links.push(link), signal: (signal) => signals.push(signal) },
  );
  return { session, kept, links, signals, forgetToken, socket: () => Socket.all.at(-1)! };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('the token is read from the fragment only', () => {
  expect(tokenOf('https://h/c/demo#t=abc')).toBe('abc');
  expect(tokenOf('https://h/c/demo#x=1&t=a%2Bb')).toBe('a+b');
  expect(tokenOf('https://h/c/demo?t=abc')).toBeNull();
  expect(tokenOf('https://h/c/demo#t=')).toBeNull();
});

test('waits double, are capped and spread', () => {
  expect([1, 2, 3, 4, 9, 500].map((n) => backOff(n, 0.5))).toEqual([250, 500, 1000, 2000, 8000, 8000]);
  expect([backOff(1, 0), backOff(1, 0.999)]).toEqual([188, 312]);
});

describe('joining', () => {
  test('without token or key nothing is opened', () => {
    const { session, links } = world();
    session.start(null);
    expect(links).toEqual([{ kind: 'absent' }]);
    expect(Socket.all).toHaveLength(0);
  });

  test('uses the token once, keeps the key and forgets the token', () => {
    const { session, kept, links, signals, forgetToken, socket } = world();
    session.start('T');
    socket().opens();
    expect(socket().sent).toEqual([{ type: 'join', credential: { kind: 'token', token: 'T' }, take_over: false }]);
    expect(forgetToken).not.toHaveBeenCalled();
    socket().says(joined);
    expect(forgetToken).toHaveBeenCalledOnce();
    expect(kept.get('k')).toBe('R');
    expect(signals).toEqual([joined]);
    expect(links.at(-1)).toEqual({ kind: 'open' });
  });

  test('a reload comes back by the key', () => {
    const { session, socket } = world('R');
    session.start(null);
    socket().opens();
    expect(socket().sent).toEqual([{ type: 'join', credential: { kind: 'resume', key: 'R' }, take_over: false }]);
  });

  test('a used token falls back to the key that the page still has', () => {
    const { session, kept, links, socket } = world('R');
    session.start('T');
    socket().opens();
    socket().says({ type: 'refused', reason: 'invalid_link' });
    socket().opens();
    expect(socket().sent[0]).toMatchObject({ credential: { kind: 'resume', key: 'R' } });
    socket().says({ type: 'refused', reason: 'invalid_link' });
    expect(links.at(-1)).toEqual({ kind: 'refused', reason: 'invalid_link' });
    expect(kept.size).toBe(0);
  });

  test.each(['no_capacity', 'malformed', 'not_allowed'] as const)('%s rests until a person acts', (reason) => {
    const { session, kept, links, socket } = world('R');
    session.start(null);
    socket().opens();
    socket().says({ type: 'refused', reason });
    vi.advanceTimersByTime(60_000);
    expect(links.at(-1)).toEqual({ kind: 'refused', reason });
    expect(Socket.all).toHaveLength(1);
    expect(kept.get('k')).toBe('R');
  });

  test.each(['not_yet', 'too_many'] as const)('%s is tried again later', (reason) => {
    const { session, socket } = world('R');
    session.start(null);
    socket().opens();
    socket().says({ type: 'refused', reason });
    expect(Socket.all).toHaveLength(1);
    vi.advanceTimersByTime(250);
    expect(Socket.all).toHaveLength(2);
  });
});

describe('a lost socket', () => {
  function live() {
    const it = world();
    it.session.start('T');
    it.socket().opens();
    it.socket().says(joined);
    return it;
  }

  test('is made anew with longer and longer waits, and the count starts over once joined', () => {
    const { session, links, socket } = live();
    socket().breaks();
    expect(links.at(-1)).toEqual({ kind: 'lost', attempt: 1 });
    vi.advanceTimersByTime(249);
    expect(Socket.all).toHaveLength(1);
    vi.advanceTimersByTime(1);
    socket().breaks();
    expect(links.at(-1)).toEqual({ kind: 'lost', attempt: 2 });
    vi.advanceTimersByTime(500);
    socket().opens();
    expect(socket().sent).toEqual([{ type: 'join', credential: { kind: 'resume', key: 'R' }, take_over: false }]);
    socket().says(joined);
    socket().breaks();
    expect(links.at(-1)).toEqual({ kind: 'lost', attempt: 1 });
    expect(session.link.kind).toBe('lost');
  });

  test('is tried at once when the network is back', () => {
    const { session, socket } = live();
    socket().breaks();
    session.hurry();
    expect(Socket.all).toHaveLength(2);
    vi.advanceTimersByTime(60_000);
    expect(Socket.all).toHaveLength(2);
  });

  test('nothing is sent meanwhile, and hurrying an open one does nothing', () => {
    const { session, socket } = live();
    session.hurry();
    expect(Socket.all).toHaveLength(1);
    expect(session.send({ type: 'accept' })).toBe(true);
    socket().breaks();
    expect(session.send({ type: 'accept' })).toBe(false);
  });
});

test('another window: asks, and goes on here only when told', () => {
  const { session, links, socket } = world('R');
  session.start(null);
  socket().opens();
  socket().says({ type: 'elsewhere' });
  expect(links.at(-1)).toEqual({ kind: 'elsewhere' });
  vi.advanceTimersByTime(60_000);
  expect(Socket.all).toHaveLength(1);
  session.takeOver();
  socket().opens();
  expect(socket().sent[0]).toMatchObject({ take_over: true });
  socket().says(joined);
  socket().says({ type: 'taken_over' });
  expect(links.at(-1)).toEqual({ kind: 'taken_over' });
  vi.advanceTimersByTime(60_000);
  expect(Socket.all).toHaveLength(2);
});

describe('the end', () => {
  test('by the server: told, forgotten, never opened again', () => {
    const { session, kept, links, signals, socket } = world('R');
    session.start(null);
    socket().opens();
    socket().says(joined);
    socket().says({ type: 'ended', reason: 'idle', url: 'https://shop.example/' });
    vi.advanceTimersByTime(60_000);
    expect(signals.at(-1)).toMatchObject({ type: 'ended', reason: 'idle' });
    expect(links.at(-1)).toEqual({ kind: 'over' });
    expect(kept.size).toBe(0);
    expect(Socket.all).toHaveLength(1);
  });

  test('by this person: over also if the answer never comes', () => {
    const { session, kept, links, socket } = world('R');
    session.start(null);
    socket().opens();
    socket().says(joined);
    session.end();
    expect(socket().sent.at(-1)).toEqual({ type: 'end' });
    socket().breaks();
    expect(links.at(-1)).toEqual({ kind: 'over' });
    expect(kept.size).toBe(0);
  });

  test('without a connection the exit works too', () => {
    const { session, links, socket } = world('R');
    session.start(null);
    socket().breaks();
    session.end();
    vi.advanceTimersByTime(60_000);
    expect(links.at(-1)).toEqual({ kind: 'over' });
    expect(Socket.all).toHaveLength(1);
  });
});

test('what is no signal, or none that we know, is passed over', () => {
  const { session, signals, links, socket } = world('R');
  session.start(null);
  socket().opens();
  socket().onmessage?.({ data: 'not json' });
  socket().onmessage?.({ data: 'null' });
  socket().says({ type: 'from_the_future' });
  socket().says(joined);
  expect(signals).toEqual([joined]);
  expect(links.at(-1)).toEqual({ kind: 'open' });
});
