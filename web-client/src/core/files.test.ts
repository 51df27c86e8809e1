import { expect, test } from 'vitest';
import type { Chooser, Download, FileInput, Transfer } from '../protocol.gen';
import { Files, LARGEST, MOST, NOTHING, type Filing } from './files';

const CHOOSER: Chooser = { id: 7, host: 'shop.example', accept: '', multiple: true };
const DOWNLOAD: Download = { id: 3, name: 'a.pdf', received: 5, bytes: 5, state: 'ready' };
const file = (name: string, size = 4) => Object.defineProperty(new File([], name), 'size', { value: size }) as File;

function setUp(puts: (ticket: string) => boolean = () => true) {
  const world = { shown: NOTHING as Filing, said: [] as FileInput[], asked: [] as Transfer[], saved: [] as string[], hears: true };
  const files: Files = new Files({
    ask: (transfer) => {
      world.asked.push(transfer);
      if (world.hears) queueMicrotask(() => files.ticket(transfer, `ticket-${world.asked.length}`));
      return world.hears;
    },
    say: (input) => void world.said.push(input),
    put: async (ticket, _, progress, signal) => {
      progress(2);
      return puts(ticket) && !signal.aborted;
    },
    save: (ticket, name) => void world.saved.push(`${ticket} ${name}`),
    changed: (now) => (world.shown = now),
  });
  return { world, files };
}

test('files go one after the other, and then to the page', async () => {
  const { world, files } = setUp();
  files.asked(CHOOSER);
  await files.choose([file('a'), file('b')]);
  expect(world.asked).toEqual([0, 1].map((place) => ({ kind: 'upload', chooser: 7, place })));
  expect(world.said).toEqual([{ what: 'choose', chooser: 7, names: ['a', 'b'] }]);
  expect(world.shown.sending).toEqual({ count: 2, sent: 8, total: 8 });
  files.asked(null);
  expect(world.shown).toEqual(NOTHING);
});

test('what cannot be sent is said, and can be tried again', async () => {
  let works = false;
  const { world, files } = setUp(() => works);
  files.asked(CHOOSER);
  await files.choose([file('a', LARGEST + 1)]);
  expect(world.shown.problem).toBe('too_large');
  await files.choose(Array.from({ length: MOST + 1 }, (_, i) => file(`${i}`)));
  expect(world.shown.problem).toBe('too_many');
  await files.choose([file('a')]);
  expect([world.shown.problem, world.shown.sending, world.said]).toEqual(['broken', null, []]);
  works = true;
  await files.choose([file('a')]);
  expect([world.shown.problem, world.said.length]).toEqual([null, 1]);
});

test('one file for a page that asks for one', async () => {
  const { world, files } = setUp();
  files.asked({ ...CHOOSER, multiple: false });
  await files.choose([file('a'), file('b')]);
  expect([world.shown.problem, world.asked]).toEqual(['too_many', []]);
});

test('cancelling stops what is on its way, and no other question gets it', async () => {
  const { world, files } = setUp();
  files.asked(CHOOSER);
  const chosen = files.choose([file('a'), file('b')]);
  files.cancel();
  await chosen;
  expect(world.said).toEqual([{ what: 'cancel', chooser: 7 }]);
  expect(world.shown).toEqual(NOTHING);
  files.asked(CHOOSER);
  const other = files.choose([file('a')]);
  files.asked({ ...CHOOSER, id: 8 });
  await other;
  expect(world.said.length).toBe(1);
});

test('a download is saved by a ticket, and not while nobody hears', async () => {
  const { world, files } = setUp();
  files.offered([DOWNLOAD]);
  world.hears = false;
  await files.fetch(DOWNLOAD);
  expect(world.saved).toEqual([]);
  world.hears = true;
  await Promise.all([files.fetch(DOWNLOAD), files.fetch(DOWNLOAD)]);
  expect(world.saved).toEqual(['ticket-2 a.pdf']);
  files.discard(DOWNLOAD);
  expect(world.said).toEqual([{ what: 'discard', download: 3 }]);
});
