// What people draw over the page: where it is seen, where it goes, and what an agent must not see of it.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { joinAsAgent, joinAsCustomer, openBrowser, placeOnScreen, SCREEN } from './people.mjs';
import { startSystem, until } from './system.mjs';

const VIEWPORT = { width: 800, height: 600, scale: 1 };
const WINDOW = { viewport: { width: 800, height: 652 } };
const DESK = { viewport: { width: 1200, height: 800 } };
const PAGES = {
  page: `<title>Page</title><style>* { margin: 0 } body { height: 3000px; font: 16px sans-serif } .at { position: absolute }</style>
    <div class="at" style="left:100px;top:100px;width:300px;height:160px;background:#ddd" id="target">Here</div>
    <div class="at" style="left:450px;top:100px;width:200px;height:150px;overflow:auto;background:#eef"><p style="height:100px">One</p><p style="height:100px" id="two">Two</p><p style="height:900px">Three</p></div>
    <input class="at" type="password" style="left:100px;top:400px;width:200px;height:40px">
    <a class="at" style="left:100px;top:500px;font-size:20px" href="other" target="_blank">Elsewhere</a>
    <iframe class="at" style="left:450px;top:350px;width:250px;height:150px;border:2px solid" srcdoc="<body style='margin:0;height:900px'><p style='height:300px'>Inside</p></body>"></iframe>`,
  wide: `<title>Wide</title><style>* { margin: 0 }</style><div style="width:50%;height:200px;background:#ddd">Half</div>`,
  other: `<title>Other</title><p>Another page</p>`,
};

let server, system, browser, made, customer, agent;
const address = (name) => `http://127.0.0.1:${server.address().port}/${name}`;
const navigate = async (name) => {
  await system.api('POST', `/sessions/${made.id}/navigate`, { url: address(name) });
  await until(name, async () => {
    const tab = (await system.api('GET', `/sessions/${made.id}`)).body.tabs.find((one) => one.active);
    return tab?.url.endsWith(`/${name}`) && !tab.loading && tab.title.toLowerCase() === name;
  });
};
/** What people can say to each other is kept in reach, to say what no page of ours would. */
const keepTalk = () => {
  const { createDataChannel } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.createDataChannel = function (label, ...more) {
    const channel = createDataChannel.call(this, label, ...more);
    if (label === 'talk') {
      window.talk = channel;
      window.heard = [];
      channel.addEventListener('message', ({ data }) => window.heard.push(data));
    }
    return channel;
  };
};

before(async () => {
  server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(`<!doctype html>${PAGES[request.url.slice(1)] ?? ''}`);
  });
  await new Promise((up) => server.listen(0, up));
  [system, browser] = await Promise.all([startSystem({ TANDEM_ALLOW_PRIVATE: `127.0.0.1:${server.address().port}` }), openBrowser()]);
  made = (await system.api('POST', '/sessions', { company: 'demo', start_url: address('page'), viewport: VIEWPORT })).body;
  customer = await joinAsCustomer(browser, made.customer_url, WINDOW);
  agent = await joinAsAgent(browser, made.agent_url, DESK, keepTalk);
  await agent.waitForFunction(() => window.talk?.readyState === 'open');
});
after(async () => {
  await browser?.close();
  await system?.stop();
  server?.close();
});

/** What is drawn, as this person sees it: `[tool, left, top, right, bottom]` in CSS pixels of the shared page. */
const drawn = (page) =>
  page.evaluate(
    ([screen, width]) => {
      const video = document.querySelector(screen)?.getBoundingClientRect();
      // While a page is loaded, nothing is known.
      if (!video?.width) return [['nothing to see']];
      const scale = video.width / width;
      return [...document.querySelectorAll('[data-tandem=drawings] > g > g')].map((group) => {
        const shape = group.querySelector('path:not(.under), rect:not(.under), .spot') ?? group.querySelector('p');
        let box = shape.getBoundingClientRect();
        if (shape.getBBox) {
          // Without the width of its line.
          const { x, y, width, height } = shape.getBBox();
          const [from, to] = [new DOMPoint(x, y), new DOMPoint(x + width, y + height)].map((point) => point.matrixTransform(shape.getScreenCTM()));
          box = { left: from.x, top: from.y, right: to.x, bottom: to.y };
        }
        return [group.classList[0], ...[box.left - video.left, box.top - video.top, box.right - video.left, box.bottom - video.top].map((value) => value / scale)];
      });
    },
    [SCREEN, VIEWPORT.width],
  );
const isAt = ([tool, ...box], [wanted, ...place], by = 2) => tool === wanted && box.every((value, i) => Math.abs(value - place[i]) <= by);
const sees = (page, ...wanted) =>
  until(`${JSON.stringify(wanted)}`, async () => {
    const now = await drawn(page);
    return now.length === wanted.length && now.every((one, i) => isAt(one, wanted[i]));
  }).catch(async (error) => assert.fail(`${error.message}; there is ${JSON.stringify(await drawn(page))}`));

async function choose(page, tool) {
  const button = page.locator(`[data-tandem=draw-bar] [data-tool=${tool}]:visible`);
  if ((await button.getAttribute('aria-pressed')) !== 'true') await button.click();
}

async function draw(page, tool, ...places) {
  await choose(page, tool);
  const [first, ...rest] = await Promise.all(places.map((place) => placeOnScreen(page, place, VIEWPORT)));
  await page.mouse.move(...first);
  await page.mouse.down();
  for (const place of rest) await page.mouse.move(...place, { steps: 6 });
  await page.mouse.up();
}

test('each tool is seen where it was used, by who drew and by the other', async () => {
  await customer.locator('[data-tandem=draw]:visible').click();
  await draw(agent, 'pen', [120, 120], [200, 140], [260, 200]);
  await draw(agent, 'marker', [120, 220], [300, 220]);
  await draw(agent, 'box', [110, 110], [180, 200]);
  await draw(agent, 'arrow', [200, 160], [300, 160]);
  await draw(agent, 'text', [130, 170]);
  await agent.keyboard.type('Look here');
  await agent.keyboard.press('Enter');
  const [pen, marker, box] = [['pen', 120, 120, 260, 200], ['marker', 120, 220, 300, 220], ['box', 110, 110, 180, 200]];
  for (const page of [agent, customer]) {
    await until('five drawings', async () => (await drawn(page)).length === 5);
    const [a, b, c, d, e] = await drawn(page);
    assert.ok(isAt(a, pen) && isAt(b, marker) && isAt(c, box), JSON.stringify([a, b, c]));
    assert.ok(d[0] === 'arrow' && Math.abs(d[1] - 200) < 2 && Math.abs(d[3] - 300) < 2 && d[4] - d[2] < 25, JSON.stringify(d));
    assert.ok(e[0] === 'text' && Math.abs(e[1] - 130) < 2 && Math.abs(e[2] - 170) < 2, JSON.stringify(e));
  }
  assert.equal(await customer.locator('[data-tandem=drawings] p').innerText(), 'Look here');
  await customer.getByText(/drew on the page/).first().waitFor({ state: 'attached' });
  await draw(agent, 'pulse', [250, 180]);
  await until('the sign', async () => (await drawn(customer)).some((one) => isAt(one, ['pulse', 243, 173, 257, 187])));
  await until('the sign to be over', async () => (await drawn(customer)).length === 5);
});
