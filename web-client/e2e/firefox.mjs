// Firefox from Debian's packages, by WebDriver BiDi (W3C), which it speaks without a driver.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import WebSocket from 'ws';
import { until } from './system.mjs';

/** It fetches nothing by itself, not its H.264 part either, and speaks English. */
const PREFERENCES = {
  'app.normandy.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'intl.accept_languages': 'en-GB',
  'media.gmp-manager.url': '',
  'media.gmp-provider.enabled': false,
  'network.captive-portal-service.enabled': false,
  'toolkit.telemetry.reportingpolicy.firstRun': false,
};

/** One window. `evaluate` gives the JSON of an expression's value. */
export async function openFirefox({ width, height }) {
  const profile = mkdtempSync(join(tmpdir(), 'tandem-firefox-'));
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
  writeFileSync(join(profile, 'user.js'), lines.join('\n'));
  const firefox = spawn('firefox-esr', ['--headless', '--no-remote', '--remote-debugging-port=0', '--profile', profile], {
    env: { PATH: process.env.PATH, HOME: profile, MOZ_REMOTE_ALLOW_SYSTEM_ACCESS: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const address = await new Promise((found, failed) => {
    firefox.once('error', failed);
    firefox.once('exit', (code) => failed(new Error(`Firefox ended (${code})`)));
    createInterface({ input: firefox.stderr }).on('line', (line) => {
      const match = /WebDriver BiDi listening on (ws:\S+)/.exec(line);
      if (match) found(match[1]);
    });
  });
  const socket = new WebSocket(`${address}/session`);
  await new Promise((open, failed) => socket.once('open', open).once('error', failed));
  const waiting = new Map();
  socket.on('message', (data) => {
    const { id, result, error, message } = JSON.parse(data);
    const [done, failed] = waiting.get(id) ?? [];
    waiting.delete(id);
    if (error) failed?.(new Error(`${error}: ${message}`));
    else done?.(result);
  });
  let last = 0;
  const call = (method, params = {}) =>
    new Promise((done, failed) => {
      last += 1;
      waiting.set(last, [done, failed]);
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  await call('session.new', { capabilities: {} });
  const { contexts } = await call('browsingContext.getTree');
  const { context } = contexts[0];
  await call('browsingContext.setViewport', { context, viewport: { width, height } });
  const evaluate = async (expression) => {
    const asked = { expression: `Promise.resolve(${expression}).then(JSON.stringify)`, target: { context }, awaitPromise: true };
    const { result, exceptionDetails } = await call('script.evaluate', asked);
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return result.type === 'undefined' ? undefined : JSON.parse(result.value);
  };
  const page = {
    evaluate,
    goto: (url) => call('browsingContext.navigate', { context, url, wait: 'complete' }),
    /** Waits until an expression holds. */
    until: (expression) => until(expression, () => evaluate(expression).catch(() => false)),
    /** A press of the mouse in the middle of an element, as the person's own. */
    click: async (selector) => {
      await page.until(`document.querySelector(${JSON.stringify(selector)}) !== null`);
      const [x, y] = await evaluate(`(({ left, top, width, height }) => [Math.round(left + width / 2), Math.round(top + height / 2)])(document.querySelector(${JSON.stringify(selector)}).getBoundingClientRect())`);
      const actions = [{ type: 'pointerMove', x, y }, { type: 'pointerDown', button: 0 }, { type: 'pointerUp', button: 0 }];
      await call('input.performActions', { context, actions: [{ type: 'pointer', id: 'mouse', actions }] });
    },
    type: (text) => {
      const actions = [...text].flatMap((value) => [{ type: 'keyDown', value }, { type: 'keyUp', value }]);
      return call('input.performActions', { context, actions: [{ type: 'key', id: 'keys', actions }] });
    },
    screenshot: async (path) => writeFileSync(path, Buffer.from((await call('browsingContext.captureScreenshot', { context })).data, 'base64')),
    close: async () => {
      const ended = new Promise((done) => firefox.once('exit', done));
      socket.close();
      firefox.kill();
      await ended;
      rmSync(profile, { recursive: true, force: true });
    },
  };
  return page;
}
