// Starts the whole of Tandem for the end-to-end tests, on free ports and with data of its own.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const KEY = 'e2e-key-0123456789abcdef0123456789abcdef';

export const target = process.env.CARGO_TARGET_DIR ?? new URL('../../target', import.meta.url).pathname;

export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** A running system: `base` and `demo` are addresses, `api` calls the REST interface. */
export async function startSystem(settings = {}) {
  const [listen, demo] = await Promise.all([freePort(), freePort()]);
  const data = mkdtempSync(join(tmpdir(), 'tandem-e2e-'));
  const environment = {
    PATH: process.env.PATH,
    TANDEM_LISTEN: `127.0.0.1:${listen}`,
    TANDEM_DEMO_LISTEN: `127.0.0.1:${demo}`,
    TANDEM_MEDIA_PORT: '0',
    TANDEM_DATA: data,
    TANDEM_DEMO_KEY: KEY,
    // Several may run side by side, and with whatever else is on this machine.
    TANDEM_FIRST_USER: `${100_000 + 10 * listen}`,
    ...settings,
  };
  const child = spawn(join(target, 'debug', 'tandem'), { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = [];
  let logged = '';
  await new Promise((ready, failed) => {
    child.once('error', failed);
    child.stderr.on('data', (chunk) => {
      logged += chunk;
      // Where none is installed it goes on trying, in case somebody installs one.
      if (logged.includes('no Chromium is installed')) child.kill('SIGTERM');
    });
    child.once('exit', (code) => failed(new Error(`tandem ended (${code}) before it was ready:\n${logged}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      printed.push(line);
      if (line.startsWith('demo:')) ready();
    });
  });
  const base = `http://127.0.0.1:${listen}`;
  const api = async (method, path, body, key = KEY) => {
    const headers = { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const answer = await fetch(`${base}/api/v1${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : null };
  };
  return {
    base,
    demo: `http://127.0.0.1:${demo}`,
    pid: child.pid,
    printed,
    api,
    logs: () => logged,
    create: async (page, viewport) => {
      const made = await api('POST', '/sessions', { company: 'demo', start_url: `http://127.0.0.1:${demo}/${page}`, viewport });
      if (made.status !== 201) throw new Error(`no session: ${JSON.stringify(made.body)}\n${logged.slice(-2000)}`);
      return made.body;
    },
    stop: async () => {
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await new Promise((done) => child.once('exit', done));
      }
      rmSync(data, { recursive: true, force: true });
      return logged;
    },
  };
}

/** Asks until the answer is true, and says what it waited for when it never is. */
export async function until(what, ask, patience = 15_000) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((next) => setTimeout(next, 50));
  }
}
