// Signalling, SFU and browser node as processes of their own: they find each other, and come back to each other.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePort, target, until } from './system.mjs';

const KEY = 'components-key-0123456789abcdef0123456789abcdef';
const children = new Set();
let data, ports;

before(async () => {
  data = mkdtempSync(join(tmpdir(), 'tandem-apart-'));
  const [signaling, sfu, node] = await Promise.all([freePort(), freePort(), freePort()]);
  ports = { signaling, sfu, node };
});
after(async () => {
  await Promise.all([...children].map(stop));
  rmSync(data, { recursive: true, force: true });
});

function start(name, settings = {}) {
  const own = {
    signaling: { TANDEM_LISTEN: `127.0.0.1:${ports.signaling}`, TANDEM_DATA: data },
    sfu: { TANDEM_OPS_LISTEN: `127.0.0.1:${ports.sfu}`, TANDEM_MEDIA_PORT: '0' },
    'browser-node': { TANDEM_OPS_LISTEN: `127.0.0.1:${ports.node}`, TANDEM_FIRST_USER: '25000' },
  };
  const environment = {
    PATH: process.env.PATH,
    TANDEM_CONTROL_URL: `ws://127.0.0.1:${ports.signaling}/control`,
    TANDEM_CONTROL_KEY: KEY,
    ...own[name],
    ...settings,
  };
  const child = spawn(join(target, 'debug', `tandem-${name}`), { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  child.said = '';
  child.stderr.on('data', (chunk) => (child.said += chunk));
  children.add(child);
  child.ended = new Promise((ended) => child.once('exit', ended)).finally(() => children.delete(child));
  return child;
}

function stop(child) {
  child.kill('SIGTERM');
  return child.ended;
}

const answers = (port, path) => fetch(`http://127.0.0.1:${port}${path}`).then(async (a) => ({ status: a.status, text: await a.text() }), () => null);
const isReady = (port) => async () => (await answers(port, '/readyz'))?.status === 200;

test('they find each other in any order, and each says how it is', async () => {
  const sfu = start('sfu');
  await until('the SFU to answer', () => answers(ports.sfu, '/healthz'));
  assert.match((await answers(ports.sfu, '/readyz')).text, /not registered|link/, 'it says what it lacks');
  start('browser-node');
  const signaling = start('signaling');
  for (const port of Object.values(ports)) await until(`port ${port} to be ready`, isReady(port), 60_000);
  for (const port of Object.values(ports)) {
    assert.match((await answers(port, '/metrics')).text, /^# HELP tandem_/m);
    assert.doesNotThrow(async () => JSON.parse((await answers(port, '/debug/state')).text));
  }
  // Whoever goes comes back under its name.
  assert.equal(await stop(sfu), 0);
  start('sfu');
  await until('the SFU to be registered again', isReady(ports.sfu));
  assert.equal(await stop(signaling), 0);
  await until('the SFU to miss signalling', async () => (await answers(ports.sfu, '/readyz'))?.status === 503);
  start('signaling');
  for (const port of Object.values(ports)) await until(`port ${port} to be ready again`, isReady(port), 60_000);
});

test('a component with another key or a name that is taken says so and ends', async () => {
  const other = start('sfu', { TANDEM_CONTROL_KEY: `${KEY}-another`, TANDEM_OPS_LISTEN: '127.0.0.1:0', TANDEM_NAME: 'other' });
  assert.notEqual(await other.ended, 0);
  assert.match(other.said, /control key/);
  const twin = start('sfu', { TANDEM_OPS_LISTEN: '127.0.0.1:0' });
  assert.notEqual(await twin.ended, 0);
  assert.match(twin.said, /the name sfu-1 is in use/);
});
