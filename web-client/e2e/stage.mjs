// Sessions at small pages of a test's own, whose pixels and words can be told apart.
import { createServer } from 'node:http';
import { joinAsAgent, joinAsCustomer, openBrowser, SCREEN } from './people.mjs';
import { startSystem, until } from './system.mjs';

export const VIEWPORT = { width: 800, height: 600, scale: 1 };
export const WINDOW = { viewport: { width: 800, height: 652 }, locale: 'en-GB', permissions: ['clipboard-read', 'clipboard-write'] };
/** The ground of all pages. */
export const BLUE = [0, 0, 200];
const STYLE = `<style>* { margin: 0; border: 0; font: 20px/60px sans-serif } html { background: rgb(0,0,200); overflow: hidden }
  a, p, input, button, div, select, iframe { display: block; width: 400px; height: 60px; background: #ccd } iframe { height: 120px }</style>`;
const TELL = "<script>const tell = (what) => fetch('/told', { method: 'POST', body: JSON.stringify(what) })</script>";
/** Where a page's rows are, and where it has none. */
export const row = (number) => [100, 30 + 60 * number];
export const PLAIN = [600, 300];

/** `pages` by name, where `OTHER` is another site's address; `files` are other answers, by path: their type and bytes. */
export async function showPages(pages, files = {}) {
  /** What pages have said. */
  const told = [];
  let port;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://x');
    if (pathname === '/told') {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => { told.push(JSON.parse(body)); response.end(); });
      return;
    }
    if (files[pathname]) return response.setHeader('content-type', files[pathname].type).end(files[pathname].bytes);
    const page = pages[pathname.slice(1)];
    if (page === undefined) return response.writeHead(404).end();
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(`<!doctype html><meta name="viewport" content="width=device-width"><title>${pathname.slice(1)}</title>${STYLE}${TELL}${page.replaceAll('OTHER', `http://localhost:${port}`)}`);
  });
  await new Promise((up) => server.listen(0, up));
  ({ port } = server.address());
  const [system, browser] = await Promise.all([startSystem({ TANDEM_ALLOW_PRIVATE: `127.0.0.1:${port},localhost:${port}` }), openBrowser()]);
  const address = (name) => `http://127.0.0.1:${port}/${name}`;
  return {
    system,
    address,
    told,
    isTold: (what, is) => until(what, () => told.find(is)),

    /** A session at one of the pages; the agent's page keeps all that it is told by data channel, and the channels. */
    async at(name, options = WINDOW, viewport = VIEWPORT) {
      // The browser of the session before may still be on its way out.
      const made = await until('a session', async () => {
        const { status, body } = await system.api('POST', '/sessions', { company: 'demo', start_url: address(name), viewport });
        return status === 201 && body;
      }, 60_000);
      const customer = await joinAsCustomer(browser, made.customer_url, options);
      const agent = await joinAsAgent(browser, made.agent_url, WINDOW, () => {
        window.heard = [];
        window.channels = {};
        const open = RTCPeerConnection.prototype.createDataChannel;
        RTCPeerConnection.prototype.createDataChannel = function (...of) {
          const channel = open.apply(this, of);
          window.channels[of[0]] = channel;
          channel.addEventListener('message', ({ data }) => window.heard.push(data));
          return channel;
        };
      });
      const tabs = async () => (await system.api('GET', `/sessions/${made.id}`)).body.tabs;
      const isAt = (path) => until(path, async () => (await tabs()).some((tab) => tab.active && tab.url.includes(path) && !tab.loading));
      await isAt(name);
      return { id: made.id, customer, agent, tabs, isAt };
    },

    /** Ends all sessions. */
    async end() {
      for (const context of browser.contexts()) await context.close();
      for (const { id, state } of (await system.api('GET', '/sessions')).body.sessions) {
        if (state !== 'ended' && state !== 'failed') await system.api('DELETE', `/sessions/${id}`);
      }
      told.length = 0;
    },

    async stop() {
      await browser.close();
      await system.stop();
      server.closeAllConnections();
      server.close();
    },
  };
}

export const heardBy = async (agent) => (await agent.evaluate(() => window.heard)).join('\n');

/** How much of a part of the picture is not of the ground's colour. */
export const foreign = (page, [left, top, width, height]) => page.evaluate(([screen, left, top, width, height]) => {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  context.drawImage(document.querySelector(screen), left, top, width, height, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i] > 60 || data[i + 1] > 60 || data[i + 2] < 140) count += 1;
  return count;
}, [SCREEN, left, top, width, height]);
