import { beforeEach, expect, test, vi } from 'vitest';
import type { ChatInput, Participant } from '../protocol.gen';
import { Chat, grouped, lengthOf, LONGEST } from './chat';

const [EVA, ANA] = [1, 2];
let sent: ChatInput[];
let connected: boolean;
let storage: Map<string, string>;
let held: Set<number>;

function chat(random = 0.5): Chat {
  const made = new Chat({
    send: (input) => {
      if (connected) sent.push(input);
      return connected;
    },
    storage: {
      getItem: (key) => storage.get(key) ?? null,
      setItem: (key, value) => void storage.set(key, value),
      removeItem: (key) => void storage.delete(key),
    },
    key: 'chat',
    random: () => random,
    holds: (number) => held.has(number),
  });
  made.join('session', EVA);
  return made;
}

const says = () => sent.flatMap((one) => (one.type === 'say' ? [one] : []));
const texts = (one: Chat) => one.entries.map((entry) => (entry.kind === 'said' ? entry.text : entry.kind));
const said = (from: number, number: number, text: string, at = 1_000) => ({ type: 'said', from, number, at, text, file: null }) as const;
const person = (id: number, present = true) => ({ id, present }) as Participant;

beforeEach(() => {
  sent = [];
  connected = true;
  storage = new Map();
  held = new Set();
});

test('a message is sending until it is told back, and then said', () => {
  const one = chat();
  one.listening(0, null);
  expect(one.say('  Hello ', 0)).toBe(true);
  expect(one.pending).toMatchObject([{ text: 'Hello', state: 'sending' }]);
  const { number, text } = says()[0]!;
  one.heard(said(EVA, number, text), 10);
  expect(one.pending).toEqual([]);
  expect(texts(one)).toEqual(['Hello']);
  expect(one.deadline).toBe(null);
});

test('a file is offered until it is withdrawn, and who came back without it withdraws it', () => {
  const file = { name: 'contract.pdf', bytes: 7 };
  const one = chat();
  one.listening(0, null);
  const number = one.next();
  held.add(number);
  one.offer(number, file, 0);
  expect(says()).toMatchObject([{ number, text: '', file }]);
  one.heard({ ...said(EVA, number, ''), file }, 10);
  expect(one.pending).toEqual([]);
  expect(one.entries).toMatchObject([{ file, withdrawn: false }]);
  one.heard({ type: 'withdrawn', from: EVA, number }, 20);
  expect(one.entries).toMatchObject([{ file, withdrawn: true }]);
  held.clear();
  const reloaded = chat();
  reloaded.listening(30, null);
  sent = [];
  reloaded.heard({ ...said(EVA, number, ''), file }, 30);
  reloaded.heard({ ...said(EVA + 1, 5, ''), file }, 30);
  expect(sent).toEqual([{ type: 'withdraw', number }]);
});

test('nothing, and too much, is not said', () => {
  const one = chat();
  one.listening(0, null);
  for (const text of ['', ' \n ', 'x'.repeat(LONGEST + 1), 'x'.repeat(1_000_000)]) expect(one.say(text, 0)).toBe(false);
  expect(one.say('😀'.repeat(LONGEST), 0)).toBe(true);
  expect(lengthOf('😀é')).toBe(2);
  expect(says()).toHaveLength(1);
});

test('what is written without a connection goes once when it is back', () => {
  const one = chat();
  connected = false;
  one.say('First', 0);
  one.say('Second', 0);
  expect(one.pending.map((each) => each.state)).toEqual(['waiting', 'waiting']);
  connected = true;
  one.listening(1_000, 'es');
  expect(sent[0]).toEqual({ type: 'reads', language: 'es' });
  expect(says().map((each) => each.text)).toEqual(['First', 'Second']);
  for (const { number, text } of says()) one.heard(said(EVA, number, text), 1_000);
  one.listening(2_000, null);
  expect(says()).toHaveLength(2);
});

test('what was on its way when the connection went is sent again under its number', () => {
  const one = chat();
  one.listening(0, null);
  one.say('Did this arrive?', 0);
  one.lost();
  expect(one.pending[0]!.state).toBe('waiting');
  one.listening(5_000, null);
  const [first, second] = says();
  expect(second).toEqual(first);
  // It had, and is told with all that was said before.
  one.heard(said(EVA, first!.number, first!.text), 5_000);
  one.heard(said(EVA, first!.number, first!.text), 5_000);
  expect([texts(one), one.pending]).toEqual([['Did this arrive?'], []]);
});

test('what nobody confirms is tried a few times, and then by hand', () => {
  const one = chat();
  one.listening(0, null);
  one.say('Hello?', 0);
  let now = 0;
  while (one.deadline !== null) one.tick((now = one.deadline));
  expect(one.pending[0]!.state).toBe('failed');
  expect(says()).toHaveLength(3);
  one.again(one.pending[0]!.number, now);
  expect(one.pending[0]!.state).toBe('sending');
  expect(new Set(says().map((each) => each.number)).size).toBe(1);
});

test('a reload keeps what was not sent, and uses no number again', () => {
  const before = chat(0.25);
  connected = false;
  before.say('Still here', 0);
  const { number } = before.pending[0]!;
  connected = true;
  // Even if chance lets it count from the same place.
  const after = chat(0.25);
  after.listening(0, null);
  expect(says()).toEqual([{ type: 'say', number, text: 'Still here', file: null }]);
  after.say('Next', 0);
  expect(says()[1]!.number).not.toBe(number);
  after.forget();
  expect(storage.size).toBe(0);
});

test('a number that the history shows is taken', () => {
  const one = chat(0);
  one.heard(said(EVA, 1, 'Long ago'), 0);
  one.heard(said(ANA, 2, 'Somebody else’s number'), 0);
  one.listening(0, null);
  one.say('Now', 0);
  expect(says()[0]!.number).toBe(2);
});

test('what is kept of another session or is no longer readable is nobody’s', () => {
  storage.set('chat', JSON.stringify({ session: 'other', self: EVA, read: 0, pending: [{ number: 1, text: 'Secret' }] }));
  expect(chat().pending).toEqual([]);
  storage.set('chat', '{');
  expect(chat().pending).toEqual([]);
});

test('a storage that refuses keeps nobody from writing', () => {
  const one = chat();
  vi.spyOn(storage, 'set').mockImplementation(() => {
    throw new Error('full');
  });
  expect(one.say('Hello', 0)).toBe(true);
});

test('somebody who writes says so now and then, and stops by themselves', () => {
  const one = chat();
  one.listening(0, null);
  for (const now of [0, 500, 2_900, 3_100]) one.write(true, now);
  one.write(false, 3_200);
  one.write(false, 3_300);
  expect(sent.map((each) => each.type === 'typing' && each.typing)).toEqual([true, true, false]);
  one.heard({ type: 'typing', from: ANA, typing: true }, 0);
  one.heard({ type: 'typing', from: EVA, typing: true }, 0);
  expect(one.writing).toEqual([ANA]);
  one.tick(one.deadline!);
  expect(one.writing).toEqual([]);
  one.heard({ type: 'typing', from: ANA, typing: true }, 0);
  one.heard(said(ANA, 1, 'There'), 1);
  expect(one.writing).toEqual([]);
});

test('what others said is unread until it is read, and after a reload too', () => {
  const one = chat();
  one.heard(said(EVA, 1, 'Mine', 1), 0);
  one.heard(said(ANA, 1, 'Hello', 2), 0);
  expect(one.unread.map((each) => each.text)).toEqual(['Hello']);
  one.read();
  expect(one.unread).toEqual([]);
  const after = chat();
  after.heard(said(ANA, 1, 'Hello', 2), 0);
  after.heard(said(ANA, 2, 'Are you there?', 3), 0);
  expect(after.unread.map((each) => each.text)).toEqual(['Are you there?']);
});

test('who comes and goes is told, and a reload is neither', () => {
  const one = chat();
  one.people([person(EVA), person(ANA)], 0);
  one.people([person(EVA), person(ANA, false)], 0);
  one.people([person(EVA), person(ANA)], 2_000);
  one.tick(60_000);
  expect(texts(one)).toEqual([]);
  one.people([person(EVA), person(ANA, false)], 60_000);
  one.tick(one.deadline!);
  one.people([person(EVA), person(ANA), person(3), person(4, false)], 90_000);
  expect(one.entries).toMatchObject([
    { kind: 'left', who: ANA },
    { kind: 'came', who: ANA },
    { kind: 'came', who: 3 },
  ]);
});

test('who reads which language is known', () => {
  const one = chat();
  one.heard({ type: 'reads', from: ANA, language: 'de' }, 0);
  expect([...one.languages]).toEqual([[ANA, 'de']]);
});

test('a pause is told', () => {
  const one = chat();
  for (const state of ['live', 'paused', 'paused', 'live'] as const) one.state(state, 0);
  expect(texts(one)).toEqual(['paused', 'resumed']);
});

test('what one person says in a row stands together', () => {
  const one = chat();
  one.heard(said(ANA, 1, 'a', 0), 0);
  one.heard(said(ANA, 2, 'b', 1_000), 0);
  one.heard(said(EVA, 1, 'c', 2_000), 0);
  one.heard(said(EVA, 2, 'd', 2_000_000), 0);
  one.state('live', 0);
  one.state('paused', 0);
  expect(grouped(one.entries).map((each) => (each.kind === 'group' ? each.said.map(({ text }) => text).join() : each.kind))).toEqual(['a,b', 'c', 'd', 'paused']);
});
