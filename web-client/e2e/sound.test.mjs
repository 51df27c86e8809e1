// What pages play: who hears it, that it is what was played, and that silence and deaf ears cost nothing.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { clickAt, joinAsAgent, joinAsCustomer, openBrowser } from './people.mjs';
import { startSystem, until } from './system.mjs';

const VIEWPORT = { width: 1280, height: 700, scale: 1 };
const DESK = { viewport: { width: 1280, height: 800 }, locale: 'en-GB' };
const BUTTON = '[data-tandem=sound]:visible';
/** 1 kHz while its title says so. */
const PAGE = `<!doctype html><title>Quiet</title><button style="position:fixed;left:100px;top:100px;width:400px;height:100px" onclick="go()">Go</button>
  <script>let context, tone;
    function go() {
      context ??= new AudioContext();
      if (tone) tone.stop();
      tone = tone ? null : new OscillatorNode(context, { frequency: 1000 });
      tone?.connect(context.destination);
      tone?.start();
      document.title = tone ? 'Tone' : 'Silence';
    }
  </script>`;

let server, system, browser, made, customer, agent;
before(async () => {
  server = createServer((_, response) => response.setHeader('content-type', 'text/html; charset=utf-8').end(PAGE));
  await new Promise((up) => server.listen(0, '127.0.0.1', up));
  const origin = `127.0.0.1:${server.address().port}`;
  [system, browser] = await Promise.all([startSystem({ TANDEM_ALLOW_PRIVATE: origin }), openBrowser()]);
  made = (await system.api('POST', '/sessions', { company: 'demo', start_url: `http://${origin}/`, viewport: VIEWPORT })).body;
  customer = await joinAsCustomer(browser, made.customer_url, DESK, keepConnections);
  agent = await joinAsAgent(browser, made.agent_url, DESK, keepConnections);
});
after(async () => {
  await browser?.close();
  await system?.stop();
  server?.close();
});

function keepConnections() {
  const connections = (window.connections = []);
  window.channels = {};
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...given) {
      super(...given);
      connections.push(this);
    }
    createDataChannel(label, init) {
      return (window.channels[label] = super.createDataChannel(label, init));
    }
  };
}

/** Packets of sound that have come to this person. */
const packets = (page) => page.evaluate(async () => {
  let received = 0;
  for (const connection of window.connections) {
    for (const stat of (await connection.getStats()).values()) if (stat.type === 'inbound-rtp' && stat.kind === 'audio') received += stat.packetsReceived;
  }
  return received;
});

/** The loudest frequency in what this person's page plays, in hertz; 0 when it is silent. */
const heard = (page) => page.evaluate(async () => {
  const stream = document.querySelector('[data-tandem=heard]').srcObject;
  if (!stream) return 0;
  if (!window.ear) {
    const context = new AudioContext();
    window.ear = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
    context.createMediaStreamSource(stream).connect(window.ear);
  }
  const bins = new Float32Array(window.ear.frequencyBinCount);
  window.ear.getFloatFrequencyData(bins);
  const loudest = bins.indexOf(Math.max(...bins));
  return bins[loudest] > -40 ? (loudest * window.ear.context.sampleRate) / window.ear.fftSize : 0;
});

const hears = (page) => until('the tone', async () => Math.abs((await heard(page)) - 1_000) < 12);
/** Sound comes to one person and not to the other. */
const apart = (flows, rests) => until('sound for one alone', async () => {
  const before = await Promise.all([flows, rests].map(packets));
  await until('packets', async () => (await packets(flows)) > before[0] + 10);
  return (await packets(rests)) === before[1];
});
/** Nothing comes for a second. */
const quiet = (page) => until('no packets', async () => {
  const before = await packets(page);
  await page.waitForTimeout(1_000);
  return (await packets(page)) === before;
});
const titled = (title) => until(`the title ${title}`, async () => (await system.api('GET', `/sessions/${made.id}`)).body.tabs.some((tab) => tab.title === title));
const go = () => clickAt(customer, [300, 150], VIEWPORT);
const allow = async (hear) => assert.equal((await system.api('PUT', '/companies/demo/policy', { agent: { hear } })).status, 200);
const measured = async (name) => {
  const metrics = await (await fetch(`${system.base}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(metrics)?.[1]);
};

test('nothing is sent nor encoded before somebody asks', async () => {
  assert.equal(await customer.locator(BUTTON).getAttribute('aria-pressed'), 'false');
  const inputs = await measured('tandem_node_inputs_total');
  await go();
  await titled('Tone');
  // The page sounds, and the customer sees that it does.
  await customer.locator('[data-tandem=sounds]:visible').waitFor();
  await until('the click’s measurements', async () => (await measured('tandem_node_inputs_total')) > inputs);
  assert.equal(await measured('tandem_node_sound_packets_total'), 0);
  assert.deepEqual(await Promise.all([customer, agent].map(packets)), [0, 0]);
});

test('the customer hears what the page plays', async () => {
  await customer.click(BUTTON);
  await hears(customer);
  assert.equal(await customer.locator(BUTTON).getAttribute('aria-pressed'), 'true');
  assert.ok((await packets(customer)) > 0);
});

test('the agent hears nothing unless the policy lets them, whatever their page asks for', async () => {
  assert.equal(await agent.locator(BUTTON).count(), 0);
  await agent.evaluate(() => window.channels.control.send(JSON.stringify({ type: 'sound', on: true })));
  await apart(customer, agent);
  assert.equal(await packets(agent), 0);
  await allow(true);
  await agent.click(BUTTON);
  await hears(agent);
});

test('a pause is silent for the agent, and what they had asked for goes on after it', async () => {
  await customer.click('[data-tandem=pause]');
  await agent.waitForFunction(() => document.documentElement.dataset.session === 'paused');
  await apart(customer, agent);
  await customer.click('[data-tandem=resume]');
  await agent.waitForFunction(() => document.documentElement.dataset.session === 'live');
  const before = await packets(agent);
  await until('sound again', async () => (await packets(agent)) > before + 10);
});

test('a page that is silent costs no packets, and begins again', async () => {
  await go();
  await titled('Silence');
  await Promise.all([customer, agent].map(quiet));
  await go();
  await titled('Tone');
  await hears(customer);
});

test('a policy that changes holds in the session that is on', async () => {
  await hears(agent);
  await allow(false);
  await agent.locator(BUTTON).waitFor({ state: 'detached' });
  await apart(customer, agent);
});

test('who has heard enough gets nothing more', async () => {
  await customer.click(BUTTON);
  await quiet(customer);
  assert.equal(await heard(customer), 0);
});

test('with the session ends the sound', async () => {
  await customer.click(BUTTON);
  await hears(customer);
  await customer.locator('.stop').click();
  await customer.waitForFunction(() => document.documentElement.dataset.session === 'ended');
  assert.equal(await customer.locator('[data-tandem=heard]').count(), 0);
  assert.ok((await customer.evaluate(() => window.connections.map((one) => one.connectionState))).every((state) => state === 'closed'));
});
