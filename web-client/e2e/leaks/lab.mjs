// Runs scenarios in sessions side by side. A native agent examines every picture that agents are sent; a customer, and now
// and then an agent, are there in ordinary browsers.
import { createServer } from 'node:http';
import { openBrowser, joinAsAgent, joinAsCustomer, SCREEN } from '../people.mjs';
import { startSystem, until } from '../system.mjs';
import { listen, take, watch } from './eyes.mjs';
import { handsOf, WINDOW } from './hands.mjs';
import { belowOf, partsOf, scenarios } from './scenarios.mjs';
import { openWatcher } from './watcher.mjs';

const VIEWPORT = { width: 800, height: 600, scale: 1 };
/** The customer shows that the secret was there to be seen, for which a picture now and then is enough. */
const CUSTOMERS_LOOK = { width: 400, height: 300, every: 80 };
const VIEWERS_LOOK = { width: 800, height: 600, every: 0 };

/** What the lab's company hides by rules of its own, beside what is hidden anyway. */
const RULES = ['canvas#c', 'img.secret', '.by-rule'].map((selector) => ({ what: { by: 'selector', selector }, hide: true }));
/** What no agent, no log and no metric may ever hold: what is in the scenarios' fields. */
export const CANARY = 'canary';
/** Before the name of a scenario whose page moves little. */
const QUIET = 'quiet/';

function serve() {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://x').pathname).slice(1);
    response.setHeader('content-type', 'text/html; charset=utf-8');
    const { port } = server.address();
    const sites = { OTHER: `http://localhost:${port}`, HERE: `http://127.0.0.1:${port}` };
    const below = belowOf(path, sites);
    if (below) return response.end(below);
    const isQuiet = path.startsWith(QUIET);
    const name = isQuiet ? path.slice(QUIET.length) : path;
    if (!(name in scenarios)) return response.writeHead(404).end();
    const { body, type } = scenarios[name];
    if (body) return response.setHeader('content-type', type).end(body());
    // In parts, as a slow server sends them: a parser paints what it has.
    for (const part of partsOf(name, sites, isQuiet)) {
      response.write(part);
      await new Promise((sent) => setTimeout(sent, 15));
    }
    response.end();
  });
  return new Promise((up) => server.listen(0, () => up(server)));
}

/** A system with so many sessions, each with its people in it; `told` says where a secret was found beside the picture. */
export async function openLab(count = 1) {
  const server = await serve();
  const { port } = server.address();
  const allowed = `127.0.0.1:${port},localhost:${port}`;
  const [system, browser] = await Promise.all([startSystem({ TANDEM_ALLOW_PRIVATE: allowed }), openBrowser()]);
  const address = (name, isQuiet) => `http://127.0.0.1:${port}/${isQuiet ? QUIET : ''}${encodeURIComponent(name)}`;
  const sessions = [];
  const close = async () => {
    for (const session of sessions) await session.close();
    await browser.close();
    await system.stop();
    server.close();
  };
  try {
    await system.api('PUT', '/companies/demo/policy', { masking: { rules: RULES } });
    for (let i = 0; i < count; i += 1) sessions.push(await openSession(system, browser, address));
  } catch (error) {
    await close();
    throw error;
  }
  const told = async () => {
    const found = (await Promise.all(sessions.map((session) => session.told()))).flat();
    const metrics = await (await fetch(`${system.base}/metrics`)).text();
    return [...found, ...withCanary('logs', [system.logs()]), ...withCanary('metrics', [metrics])];
  };
  return { sessions, told, close };
}

/** One session, with a customer and a native agent. `run` gives what everybody saw of a scenario. */
async function openSession(system, browser, address) {
  const made = await system.api('POST', '/sessions', { company: 'demo', start_url: address('still'), viewport: VIEWPORT });
  const { id, customer_url, agent_url } = made.body;
  const customer = await joinAsCustomer(browser, customer_url, { viewport: WINDOW });
  await customer.evaluate(watch, [SCREEN, CUSTOMERS_LOOK]);
  // Their decoder works as ever; nobody looks at the window, so it need not be drawn.
  await customer.locator(SCREEN).evaluate((screen) => (screen.style.opacity = '0'));
  const hands = await handsOf(customer);
  const watcher = await openWatcher(agent_url, CANARY);
  let viewer = null;
  const leave = async () => {
    const told = viewer ? withCanary('viewer', await viewer.evaluate(() => window.heard)) : [];
    await viewer?.context().close();
    viewer = null;
    return told;
  };
  const found = [];
  /** An agent in a browser, who stays as long as they are asked for. */
  const look = async (isWanted) => {
    if (isWanted && !viewer) {
      const { body } = await system.api('POST', `/sessions/${id}/join`);
      viewer = await joinAsAgent(browser, body.agent_url, { viewport: WINDOW }, listen);
      await viewer.evaluate(watch, [SCREEN, VIEWERS_LOOK]);
    }
    if (!isWanted) found.push(...(await leave()));
  };
  const run = async (name, patience, { sample = false, quiet = false } = {}) => {
    await look(sample);
    const { act, isQuiet = false } = scenarios[name];
    await system.api('POST', `/sessions/${id}/navigate`, { url: address(name, quiet || isQuiet) });
    await until(`the page of ${name}`, async () => {
      const [tab] = (await system.api('GET', `/sessions/${id}`)).body.tabs;
      return tab.url.includes(encodeURIComponent(name)) && !tab.crashed;
    });
    const end = Date.now() + patience;
    while (act && Date.now() < end) await act(hands);
    await hands.rest();
    await hands.pause(Math.max(0, end - Date.now()));
    const [customerSaw, agentSaw, viewerSaw] = await Promise.all([customer.evaluate(take), watcher.take(), viewer?.evaluate(take)]);
    return { name, customer: customerSaw, agent: agentSaw, viewer: viewerSaw ?? { frames: 0, leaks: 0, worst: 0 } };
  };
  const told = async () => {
    await look(false);
    const state = JSON.stringify((await system.api('GET', `/sessions/${id}`)).body);
    return [...found, ...(await watcher.heard()), ...withCanary('state', [state])];
  };
  return { run, told, close: () => watcher.close() };
}

function withCanary(where, texts) {
  return texts.filter((text) => text.toLowerCase().includes(CANARY)).map((text) => `${where}: ${text.slice(0, 200)}`);
}
