// What the customer and the agent see of what is hidden: by hand, by a policy that changes, and when a page proves nothing.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { clickAt, colourAt, isNear, joinAsAgent, joinAsCustomer, openBrowser } from './people.mjs';
import { startSystem, until } from './system.mjs';

const VIEWPORT = { width: 800, height: 600, scale: 1 };
const WINDOW = { viewport: { width: 800, height: 652 } };
const BLUE = [0, 0, 200];
const RED = [200, 0, 0];
const WHITE = [255, 255, 255];
const PAGES = {
  plain: `<title>Plain</title><style>* { margin: 0 } p, div { width: 300px; height: 100px }</style>
    <p style="background:rgb(0,0,200)">Balance</p><div class="later" style="background:rgb(200,0,0)"></div>`,
  account: `<title>Account</title><style>* { margin: 0 } h2, dt { height: 50px } dd { width: 300px; height: 100px }</style>
    <h2>Your account</h2><dl><dt>Balance</dt><dd style="background:rgb(0,0,200)">1,204.00 €</dd><dt>Branch</dt><dd style="background:rgb(200,0,0)">12 Quay Street</dd></dl>
    <script>setTimeout(() => { const late = document.createElement('p'); late.style.cssText = 'width:300px;height:100px;background:rgb(0,0,200)'; document.body.append(late);
      late.textContent = '7,00 €'; setTimeout(() => late.insertAdjacentText('beforebegin', 'Balance: '), 300) }, 1000)</script>`,
  silent: `<title>Silent</title><style>* { margin: 0 }</style><input type="password" autofocus style="width:300px;height:40px"><p></p>`,
  // After all that asks for a frame, and before it is painted.
  broken: `<title>Broken</title><input type="password"><p>0</p><script>const p = document.querySelector('p'); let t = 0;
    (function step() { p.textContent = ++t; p.style.width = 100 + t % 2 + 'px'; requestAnimationFrame(step) })();
    new ResizeObserver(() => { for (const e of document.querySelectorAll('*')) if (/-(key|marker)$/.test(e.className)) e.remove() }).observe(p)</script>`,
};

let server, system, browser, made, customer, agent;
const address = (name) => `http://127.0.0.1:${server.address().port}/${name}`;
before(async () => {
  server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(`<!doctype html>${PAGES[request.url.slice(1)] ?? ''}`);
  });
  await new Promise((up) => server.listen(0, up));
  [system, browser] = await Promise.all([startSystem({ TANDEM_ALLOW_PRIVATE: `127.0.0.1:${server.address().port}` }), openBrowser()]);
  made = (await system.api('POST', '/sessions', { company: 'demo', start_url: address('plain'), viewport: VIEWPORT })).body;
  customer = await joinAsCustomer(browser, made.customer_url, WINDOW);
  agent = await joinAsAgent(browser, made.agent_url, WINDOW, () => {
    const connections = (window.connections = []);
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(...given) {
        super(...given);
        connections.push(this);
      }
    };
  });
});
after(async () => {
  await browser?.close();
  await system?.stop();
  server?.close();
});

const shows = (page, place, colour) => until(`${colour} at ${place}`, async () => isNear(await colourAt(page, place, VIEWPORT), colour));

test('the customer hides something by pointing at it, and it stays hidden', async () => {
  await shows(agent, [100, 70], BLUE);
  await customer.getByLabel('Hide something from the agent').first().click();
  await customer.getByText('Point at what the agent should not see').waitFor();
  await clickAt(customer, [100, 50], VIEWPORT);
  await shows(agent, [200, 70], WHITE);
  // Where it is, the agent sees a hatch.
  const { x, y, width, height } = await agent.locator('.hidden').boundingBox();
  const box = await agent.locator('[data-tandem=screen]').boundingBox();
  assert.ok(x - box.x < 5 && y - box.y < 5 && width > 250 && height > 80, `${x} ${y} ${width} ${height}`);
  assert.equal(await customer.getByText('Point at what the agent should not see').count(), 0);
  await customer.getByLabel('Reload').first().click();
  await shows(agent, [100, 150], RED);
  await shows(agent, [200, 70], WHITE);
  // The customer goes on seeing it, under a light hatch.
  const [red, green, blue] = await colourAt(customer, [200, 70], VIEWPORT);
  assert.ok(blue > 120 && red < 90 && green < 90, `${red} ${green} ${blue}`);
});

test('a policy that changes holds in the session that is on', async () => {
  await shows(agent, [100, 150], RED);
  const rules = [{ what: { by: 'selector', selector: '.later' }, hide: true }];
  assert.equal((await system.api('PUT', '/companies/demo/policy', { masking: { rules } })).status, 200);
  await shows(agent, [100, 150], WHITE);
});

test('a rule by what a thing is hides it, and what comes later', async () => {
  const rules = [{ what: { by: 'element', element: { role: 'cell', near: 'Balance' } }, hide: true }];
  assert.equal((await system.api('PUT', '/companies/demo/policy', { masking: { rules } })).status, 200);
  await system.api('POST', `/sessions/${made.id}/navigate`, { url: address('account') });
  await shows(agent, [200, 300], RED);
  await shows(agent, [200, 150], WHITE);
  await until('the customer to see what came later', async () => {
    const [red, green, blue] = await colourAt(customer, [200, 400], VIEWPORT);
    return blue > 120 && red < 90 && green < 90;
  });
  await shows(agent, [200, 400], WHITE);
  await system.api('POST', `/sessions/${made.id}/navigate`, { url: address('plain') });
  await shows(agent, [100, 150], RED);
});

test('everything can be private but what a rule shows', async () => {
  const rules = [{ what: { by: 'selector', selector: '.later' }, hide: false }];
  assert.equal((await system.api('PUT', '/companies/demo/policy', { masking: { presets: ['everything'], rules } })).status, 200);
  await customer.getByLabel('Reload').first().click();
  await shows(agent, [100, 150], RED);
  await shows(agent, [200, 70], WHITE);
});

/** What this person's page has received so far: packets of pictures, and messages. */
const received = (page) =>
  page.evaluate(async () => {
    let sum = 0;
    for (const connection of window.connections) {
      for (const report of (await connection.getStats()).values()) {
        sum += report.type === 'inbound-rtp' ? report.packetsReceived : report.type === 'data-channel' ? report.messagesReceived : 0;
      }
    }
    return sum;
  });

test('a key in a hidden field sends the agent nothing at all', async () => {
  await system.api('PUT', '/companies/demo/policy', {});
  await system.api('POST', `/sessions/${made.id}/navigate`, { url: address('silent') });
  await until('the page', async () => (await system.api('GET', `/sessions/${made.id}`)).body.tabs[0].title === 'Silent');
  await clickAt(customer, [100, 20], VIEWPORT);
  await customer.keyboard.type('x');
  // Pictures refine for a while after the last change.
  let before;
  await until('silence', async () => {
    const last = before;
    before = await received(agent);
    await customer.waitForTimeout(1_000);
    return last === before;
  });
  await customer.keyboard.type('a secret of some length', { delay: 40 });
  // A dot for each key, far from where the first one was.
  await until('the customer to see it', async () => {
    const row = await Promise.all(Array.from({ length: 60 }, (_, i) => colourAt(customer, [60 + 2 * (i % 12), 18 + Math.floor(i / 12)], VIEWPORT)));
    return row.some(([red]) => red < 120);
  });
  await customer.waitForTimeout(1_000);
  assert.equal((await received(agent)) - before, 0);
});

test('an agent is told when a page proves nothing, and sees again what does', async () => {
  await system.api('POST', `/sessions/${made.id}/navigate`, { url: address('broken') });
  await agent.getByText('Hidden for privacy').waitFor();
  assert.equal(await customer.getByText('Hidden for privacy').count(), 0);
  const counted = /tandem_node_withheld_total\{[^}]*reason="(no_marker|broken_proof|not_asked|not_proved)"[^}]*\} [1-9]/;
  await until('the metric', async () => counted.test(await (await fetch(`${system.base}/metrics`)).text()));
  await system.api('POST', `/sessions/${made.id}/navigate`, { url: address('plain') });
  await agent.getByText('Hidden for privacy').waitFor({ state: 'detached' });
});
