// WebKit from Debian's packages (WebKitGTK's MiniBrowser), by WebDriver (W3C), on a display that nobody sees.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from './system.mjs';

const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/** One window. `evaluate` gives an expression's value. */
export async function openWebKit({ width, height }) {
  const home = mkdtempSync(join(tmpdir(), 'tandem-webkit-'));
  const display = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '1600x1200x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const number = await new Promise((found, failed) => {
    display.once('error', failed);
    display.once('exit', (code) => failed(new Error(`Xvfb ended (${code})`)));
    display.stdout.once('data', (line) => found(String(line).trim()));
  });
  const port = await freePort();
  const driver = spawn('WebKitWebDriver', [`--port=${port}`], {
    env: { PATH: process.env.PATH, HOME: home, DISPLAY: `:${number}`, LANG: 'en_GB.UTF-8', GTK_A11Y: 'none', WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1', LIBGL_ALWAYS_SOFTWARE: '1' },
    stdio: 'ignore',
  });
  const ask = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  };
  await until('the driver', () => ask('GET', '/status').then(() => true, () => false));
  const { sessionId } = await ask('POST', '/session', { capabilities: { alwaysMatch: {} } });
  const session = `/session/${sessionId}`;
  const call = (path, body) => ask('POST', `${session}${path}`, body);
  await call('/window/rect', { width, height });
  const evaluate = (expression) => call('/execute/sync', { script: `return ${expression}`, args: [] });
  const find = async (selector) => (await call('/element', { using: 'css selector', value: selector }))[ELEMENT];
  return {
    evaluate,
    goto: (url) => call('/url', { url }),
    /** Waits until an expression holds. */
    until: (expression) => until(expression, () => evaluate(expression).catch(() => false)),
    click: async (selector) => call(`/element/${await find(selector)}/click`, {}),
    type: async (selector, text) => call(`/element/${await find(selector)}/value`, { text }),
    async close() {
      await ask('DELETE', session).catch(() => {});
      for (const child of [driver, display]) {
        child.removeAllListeners('exit');
        child.kill();
      }
      rmSync(home, { recursive: true, force: true });
    },
  };
}
