// Runs scenarios in one session and looks at every picture that the agent's own decoder shows.
import { createServer } from 'node:http';
import { openBrowser, joinAsAgent, joinAsCustomer, SCREEN } from '../people.mjs';
import { startSystem, until } from '../system.mjs';
import { inner, partsOf, scenarios } from './scenarios.mjs';

const VIEWPORT = { width: 800, height: 600, scale: 1 };
const WINDOW = { viewport: { width: 900, height: 700 } };

/** What the lab's company hides by rules of its own, beside what is hidden anyway. */
const RULES = ['canvas#c', 'img.secret', '.by-rule'].map((selector) => ({ what: { by: 'selector', selector }, hide: true }));
/** What no agent, no log and no metric may ever hold: what is in the scenarios' fields. */
export const CANARY = 'canary';

/** Looks at every picture that this person's decoder gives for magenta, also faded, scaled or compressed. Runs in their page. */
function watch([screen, { width, height }]) {
  const video = document.querySelector(screen);
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  const lab = (window.lab = { frames: 0, leaks: 0, worst: 0, last: performance.now(), longest: 0 });
  const look = (picture) => {
    context.drawImage(picture, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    let found = 0;
    for (let i = 0; i < data.length; i += 4) if (Math.min(data[i], data[i + 2]) - data[i + 1] > 14) found += 1;
    const now = performance.now();
    lab.frames += 1;
    lab.longest = Math.max(lab.longest, now - lab.last);
    lab.last = now;
    if (found >= 12) lab.leaks += 1;
    lab.worst = Math.max(lab.worst, found);
  };
  void new MediaStreamTrackProcessor({ track: video.srcObject.getVideoTracks()[0] }).readable.pipeTo(
    new WritableStream({
      write(picture) {
        look(picture);
        picture.close();
      },
    }),
  );
}

/** Keeps what this person's page is told, by data channels and by WebSocket. Runs in their page, first. */
function listen() {
  const heard = (window.heard = []);
  const hear = (source) => source.addEventListener('message', ({ data }) => heard.push(String(data)));
  const { createDataChannel } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.createDataChannel = function (...given) {
    const channel = createDataChannel.apply(this, given);
    hear(channel);
    return channel;
  };
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      hear(this);
    }
  };
}

/** What was seen since the last time. */
function take() {
  const { frames, leaks, worst, longest, last } = window.lab;
  const silent = performance.now() - last;
  Object.assign(window.lab, { frames: 0, leaks: 0, worst: 0, longest: 0, last: performance.now() });
  return { frames, leaks, worst, longest: Math.round(Math.max(longest, silent)) };
}

function serve() {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://x').pathname).slice(1);
    response.setHeader('content-type', 'text/html; charset=utf-8');
    if (path.endsWith('/inner')) return response.end(inner());
    if (!(path in scenarios)) return response.writeHead(404).end();
    const { body, type } = scenarios[path];
    if (body) return response.setHeader('content-type', type).end(body());
    const { port } = server.address();
    // In parts, as a slow server sends them: a parser paints what it has.
    for (const part of partsOf(path, `http://localhost:${port}`)) {
      response.write(part);
      await new Promise((sent) => setTimeout(sent, 15));
    }
    response.end();
  });
  return new Promise((up) => server.listen(0, () => up(server)));
}

/** A session with both people in it. `run` gives what the agent and the customer saw of a scenario. */
export async function openLab() {
  const server = await serve();
  const { port } = server.address();
  const allowed = `127.0.0.1:${port},localhost:${port}`;
  const [system, browser] = await Promise.all([startSystem({ TANDEM_ALLOW_PRIVATE: allowed }), openBrowser()]);
  const address = (name) => `http://127.0.0.1:${port}/${encodeURIComponent(name)}`;
  const close = async () => {
    await browser.close();
    await system.stop();
    server.close();
  };
  await system.api('PUT', '/companies/demo/policy', { masking: { rules: RULES } });
  const made = await system.api('POST', '/sessions', { company: 'demo', start_url: address('still'), viewport: VIEWPORT });
  const customer = await joinAsCustomer(browser, made.body.customer_url, WINDOW);
  const agent = await joinAsAgent(browser, made.body.agent_url, WINDOW, listen);
  for (const page of [customer, agent]) await page.evaluate(watch, [SCREEN, VIEWPORT]);
  const at = async ([x, y]) => {
    const box = await customer.locator(SCREEN).boundingBox();
    return [box.x + x, box.y + y];
  };
  const hands = {
    click: async (place) => {
      await customer.mouse.click(...(await at(place)));
      await customer.waitForTimeout(120);
    },
    resize: async (width, height) => {
      await customer.setViewportSize({ width, height });
      await customer.waitForTimeout(300);
    },
    press: async (key) => {
      await customer.focus(SCREEN);
      await customer.keyboard.press(key);
      await customer.waitForTimeout(120);
    },
    wheelBy: async (by) => {
      const { x, y } = await customer.locator(SCREEN).boundingBox();
      await customer.mouse.move(x + 300, y + 300);
      await customer.mouse.wheel(0, by);
      await customer.waitForTimeout(40);
    },
  };
  const run = async (name, patience) => {
    await system.api('POST', `/sessions/${made.body.id}/navigate`, { url: address(name) });
    await until(`the page of ${name}`, async () => {
      const [tab] = (await system.api('GET', `/sessions/${made.body.id}`)).body.tabs;
      return tab.url.includes(encodeURIComponent(name)) && !tab.crashed;
    });
    const end = Date.now() + patience;
    await scenarios[name].act?.(hands);
    await customer.waitForTimeout(Math.max(0, end - Date.now()));
    const [customerSaw, agentSaw] = await Promise.all([customer.evaluate(take), agent.evaluate(take)]);
    return { name, customer: customerSaw, agent: agentSaw };
  };
  /** Where what is in the fields was found beside the picture; nowhere, one hopes. */
  const told = async () => {
    const metrics = await (await fetch(`${system.base}/metrics`)).text();
    const state = JSON.stringify((await system.api('GET', `/sessions/${made.body.id}`)).body);
    const heard = await agent.evaluate(() => window.heard);
    const places = { logs: system.logs(), metrics, state, ...Object.fromEntries(heard.map((text, i) => [`message ${i}`, text])) };
    return Object.entries(places).flatMap(([where, text]) => (text.toLowerCase().includes(CANARY) ? [`${where}: ${text.slice(0, 200)}`] : []));
  };
  return { run, told, close };
}
