// What breaks costs its session or its sender, is said plainly, and nobody else notices.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { after, before, test } from 'node:test';
import { joinAsCustomer, openBrowser, seesPicture, SCREEN } from './people.mjs';
import { startSystem, until } from './system.mjs';

const DESK = { viewport: { width: 1280, height: 772 } };
const VIEWPORT = { width: 1280, height: 720, scale: 1 };

let system, browser;
before(async () => {
  [system, browser] = await Promise.all([startSystem(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await system?.stop();
});

/** Everything that runs below a process: `{ pid, parent, command }` each. */
function below(pid) {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,args=', '-ww'], { encoding: 'utf8' }).trim().split('\n');
  const all = rows.map((row) => row.trim().match(/^(\d+)\s+(\d+)\s+(.*)$/)).map(([, own, parent, command]) => ({ pid: +own, parent: +parent, command }));
  const children = (of) => all.filter((p) => p.parent === of).flatMap((p) => [p, ...children(p.pid)]);
  return children(pid);
}

/** The browsers themselves, without the processes that they start. */
const browsers = () => below(system.pid).filter((p) => /chromium/.test(p.command) && !p.command.includes('--type=') && p.command.includes('--user-data-dir'));

/** Where the browsers keep their files. */
const profiles = () => {
  const of = (p) => p.command.match(/--user-data-dir=(\S+)/)?.[1];
  return [...new Set(below(system.pid).map(of).filter(Boolean))];
};

const sessionOf = (page) => page.evaluate(() => document.documentElement.dataset.session);
const stateOf = async (id) => (await system.api('GET', `/sessions/${id}`)).body.state;

test('a page that crashes comes back by a button, and the session goes on', async () => {
  // The one that is warm becomes the session's.
  const [warm] = browsers();
  const made = await system.create('article.html', VIEWPORT);
  const customer = await joinAsCustomer(browser, made.customer_url, DESK);
  const renderers = below(warm.pid).filter((p) => p.command.includes('--type=renderer'));
  renderers.forEach((renderer) => process.kill(renderer.pid, 'SIGKILL'));
  const reload = customer.getByRole('button', { name: 'Reload the page' });
  await reload.waitFor();
  assert.equal((await system.api('GET', `/sessions/${made.id}`)).body.tabs[0].crashed, true);
  await reload.click();
  await reload.waitFor({ state: 'hidden' });
  await until('the page again', async () => {
    const [tab] = (await system.api('GET', `/sessions/${made.id}`)).body.tabs;
    return !tab.crashed && tab.url.endsWith('/article.html') && !tab.loading;
  });
  await seesPicture(customer);
  assert.equal((await system.api('DELETE', `/sessions/${made.id}`)).status, 204);
});

test('a browser that dies ends its own session, and the next one is had', async () => {
  const [lost, kept] = [await system.create('index.html', VIEWPORT), await system.create('article.html', VIEWPORT)];
  const customer = await joinAsCustomer(browser, lost.customer_url, DESK);
  const other = await joinAsCustomer(browser, kept.customer_url, DESK);
  const [first] = browsers().map((p) => p.pid).sort((a, b) => a - b);
  process.kill(first, 'SIGKILL');
  const states = await until('one of the two to end', async () => {
    const states = await Promise.all([stateOf(lost.id), stateOf(kept.id)]);
    return states.includes('failed') && states;
  });
  assert.deepEqual(states.toSorted(), ['failed', 'live'], 'the other goes on');
  const [loser, winner] = states[0] === 'failed' ? [customer, other] : [other, customer];
  await loser.waitForFunction(() => document.documentElement.dataset.session === 'failed');
  assert.equal(await sessionOf(winner), 'live');
  const next = await until('another session', () => system.create('index.html', VIEWPORT).catch(() => null));
  for (const { id } of [lost, kept, next]) assert.equal((await system.api('DELETE', `/sessions/${id}`)).status, 204);
});

test('nothing private is in what it writes down', async () => {
  const made = await system.create('checkout.html?canary-in-the-query', VIEWPORT);
  const customer = await joinAsCustomer(browser, made.customer_url, DESK);
  await customer.focus(SCREEN);
  await customer.keyboard.press('Tab');
  await customer.keyboard.type('canary-typed');
  await customer.keyboard.insertText('canary-inserted');
  await customer.evaluate(() => new WebSocket(`${location.origin.replace('http', 'ws')}/ws`)).catch(() => {});
  await system.api('POST', '/sessions', { company: 'demo', start_url: 'nonsense://canary-address' });
  await system.api('POST', '/sign-in', { email: 'canary@example.org', password: 'canary-password' });
  await system.api('POST', '/pins/redeem', { company: 'demo', pin: 'canary-pin' });
  await system.api('POST', `/sessions/${made.id}/navigate`, { url: `${system.demo}/article.html?canary-navigated` });
  await until('the article', async () => (await system.api('GET', `/sessions/${made.id}`)).body.tabs[0].url.includes('article'));
  const token = made.customer_url.split('#t=')[1];
  const metrics = await (await fetch(`${system.base}/metrics`)).text();
  const state = await (await fetch(`${system.base}/debug/state`)).text();
  for (const [what, text] of Object.entries({ logs: system.logs(), metrics, state })) {
    assert.doesNotMatch(text, /canary|How a chair/i, what);
    assert.ok(!text.includes(token) && !text.includes(made.pin), `a secret is in the ${what}`);
  }
  assert.match(metrics, /tandem_node_inputs_total [1-9]/, 'the keys did arrive');
  assert.equal((await system.api('DELETE', `/sessions/${made.id}`)).status, 204);
});

test('what is over leaves no process and no file', async () => {
  const made = await system.create('index.html', VIEWPORT);
  const mine = await until('its profile', () => profiles().length > 0 && profiles());
  assert.equal((await system.api('DELETE', `/sessions/${made.id}`)).status, 204);
  await until('the old profiles to go', () => !mine.every((profile) => profiles().includes(profile)));
});

test('what keeps it from starting is said plainly', async () => {
  const { port } = new URL(system.base);
  const refused = (settings) => startSystem(settings).then(
    async (other) => assert.fail(`it started: ${await other.stop()}`),
    (error) => error.message,
  );
  assert.match(await refused({ TANDEM_LISTEN: `127.0.0.1:${port}` }), new RegExp(`127\\.0\\.0\\.1:${port}.*in use`, 's'));
  const taken = createSocket('udp4');
  await new Promise((bound) => taken.bind(0, bound));
  const media = `${taken.address().port}`;
  assert.match(await refused({ TANDEM_MEDIA_PORT: media }), new RegExp(`${media}.*in use`, 's'));
  taken.close();
  assert.match(await refused({ TANDEM_CHROMIUM: '/nowhere/chromium' }), /no Chromium is installed.*TANDEM_CHROMIUM/);
  assert.match(await refused({ TANDEM_DEMO_LISTEN: 'nonsense' }), /TANDEM_DEMO_LISTEN|demo-listen/);
  assert.match(await refused({ TANDEM_DATA: '/proc/nothing' }), /\/proc\/nothing/);
});
