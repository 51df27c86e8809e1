// Frames of other sites: the agent sees those without a secret, never one with a secret, and presses in them what is not blocked.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { clickAt, colourAt, isNear, joinAsAgent, joinAsCustomer, openBrowser } from './people.mjs';
import { startSystem, until } from './system.mjs';

const VIEWPORT = { width: 800, height: 600, scale: 1 };
const WINDOW = { viewport: { width: 800, height: 652 } };
const BLUE = [0, 0, 200];
const RED = [200, 0, 0];
const GREEN = [0, 160, 0];
const WHITE = [255, 255, 255];
const STYLE = '<!doctype html><style>* { margin: 0; border: 0 } iframe { display: block; width: 400px; height: 300px } div { width: 400px; height: 100px } input { width: 400px; height: 100px; background: rgb(200,0,0) }</style>';
const blue = '<div style="background:rgb(0,0,200)"></div>';
const secret = '<input type="password" value="canary">';
const PAGES = {
  harmless: blue,
  secret: `${blue}${secret}`,
  // Becomes secret at the customer's press.
  later: `<div id="d" style="background:rgb(0,0,200)"></div><script>d.onclick = () => { d.style.background = 'rgb(0,160,0)'; document.body.insertAdjacentHTML('beforeend', '${secret}') }</script>`,
  // Goes from a harmless page to a secret one, and back.
  onwards: `<div style="background:rgb(0,0,200)" onclick="location.href = 'secret?' + Math.random()"></div>`,
  nested: `${blue}<iframe src="http://127.0.0.1:PORT/harmless"></iframe>`,
  'nested secret': `${blue}<iframe src="http://127.0.0.1:PORT/secret"></iframe>`,
  field: `<input value="" name="search" style="background:rgb(0,0,200)"><div style="background:rgb(0,160,0)" onclick="document.querySelector('input').value = '4111' + '1'.repeat(12)"></div>`,
  buttons: `<button style="display:block;width:400px;height:100px;border:0;background:rgb(0,0,200)" onclick="this.style.background='rgb(0,160,0)'">Show more</button>
    <button style="display:block;width:400px;height:100px;border:0;background:rgb(0,0,200)" onclick="this.style.background='rgb(0,160,0)'">Buy now</button>`,
};

let server, system, browser, made, customer, agent, port;
before(async () => {
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://x');
    const name = decodeURIComponent(pathname.slice(1));
    response.setHeader('content-type', 'text/html; charset=utf-8');
    const page = name === 'around' ? `<title>Around</title><iframe src="http://localhost:PORT/${searchParams.get('frame')}"></iframe>` : (PAGES[name] ?? '');
    response.end(STYLE + page.replaceAll('PORT', port));
  });
  await new Promise((up) => server.listen(0, up));
  ({ port } = server.address());
  const allowed = `127.0.0.1:${port},localhost:${port}`;
  [system, browser] = await Promise.all([startSystem({ TANDEM_ALLOW_PRIVATE: allowed }), openBrowser()]);
  made = (await system.api('POST', '/sessions', { company: 'demo', start_url: around('harmless'), viewport: VIEWPORT })).body;
  customer = await joinAsCustomer(browser, made.customer_url, WINDOW);
  agent = await joinAsAgent(browser, made.agent_url, WINDOW);
});
after(async () => {
  await browser?.close();
  await system?.stop();
  server?.close();
});

const around = (frame) => `http://127.0.0.1:${port}/around?frame=${encodeURIComponent(frame)}`;
const open = async (frame) => {
  await system.api('POST', `/sessions/${made.id}/navigate`, { url: around(frame) });
};
const shows = (page, place, colour) => until(`${colour} at ${place}`, async () => isNear(await colourAt(page, place, VIEWPORT), colour)).catch(async (error) => assert.fail(`${error.message}: it is ${await colourAt(page, place, VIEWPORT)}`));

test('a frame without a secret is shown to the agent', async () => {
  await shows(customer, [200, 50], BLUE);
  await shows(agent, [200, 50], BLUE);
});

test('a frame with a secret is hidden whole', async () => {
  await open('secret');
  await shows(customer, [100, 170], RED);
  await shows(customer, [200, 50], BLUE);
  await shows(agent, [200, 50], WHITE);
});

test('a frame that gets a secret is hidden, and the customer sees it then', async () => {
  await open('later');
  await shows(agent, [200, 50], BLUE);
  await clickAt(customer, [200, 50], VIEWPORT);
  await shows(customer, [200, 50], GREEN);
  await shows(customer, [100, 170], RED);
  await shows(agent, [200, 50], WHITE);
});

test('a page with a secret that comes into an open frame is hidden', async () => {
  await open('onwards');
  await shows(agent, [200, 50], BLUE);
  await clickAt(customer, [200, 50], VIEWPORT);
  await shows(customer, [100, 170], RED);
  await shows(agent, [200, 50], WHITE);
});

test('frames in frames count with what is around them', async () => {
  await open('nested');
  await shows(agent, [200, 50], BLUE);
  await shows(agent, [200, 150], BLUE);
  await open('nested secret');
  await shows(customer, [100, 270], RED);
  await shows(agent, [200, 50], WHITE);
  await shows(agent, [200, 150], WHITE);
});

test('a value that a script sets in a field of such a frame is not shown', async () => {
  await open('field');
  await shows(agent, [200, 50], BLUE);
  await clickAt(customer, [200, 150], VIEWPORT);
  await shows(agent, [200, 50], WHITE);
  await shows(customer, [200, 150], GREEN);
});

test('the agent presses in such a frame what is not blocked', async () => {
  await open('buttons');
  await shows(agent, [50, 20], BLUE);
  await clickAt(agent, [50, 20], VIEWPORT);
  await shows(agent, [50, 20], GREEN);
  await clickAt(agent, [50, 120], VIEWPORT);
  await agent.getByText('Only the customer can do this').waitFor();
  assert.ok(isNear(await colourAt(agent, [50, 120], VIEWPORT), BLUE));
  await clickAt(customer, [50, 120], VIEWPORT);
  await shows(agent, [50, 120], GREEN);
});
