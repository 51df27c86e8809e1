// What people draw over the page: where it is seen, where it goes, and what an agent must not see of it.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { clickAt, joinAsAgent, joinAsCustomer, openBrowser, placeOnScreen, SCREEN } from './people.mjs';
import { startSystem, until } from './system.mjs';

const VIEWPORT = { width: 800, height: 600, scale: 1 };
const WINDOW = { viewport: { width: 800, height: 652 } };
const DESK = { viewport: { width: 1200, height: 800 } };
const PAGES = {
  page: `<title>Page</title><script>
    // Says how far everything is scrolled, and how often a scroll has ended.
    let ended = 0;
    const say = ({ type }) => {
      if (type === 'scrollend') ended += 1;
      const inside = document.querySelector('iframe')?.contentWindow.scrollY ?? 0;
      fetch('/scrolled', { method: 'POST', body: JSON.stringify({ page: scrollY, box: document.querySelector('#box')?.scrollTop ?? 0, frame: inside, ended }) });
    };
    const listen = (to) => ['scroll', 'scrollend'].forEach((type) => to.addEventListener(type, say, true));
    listen(window);
    addEventListener('load', (event) => (listen(document.querySelector('iframe').contentWindow), say(event)));
    </script><style>* { margin: 0 } body { height: 3000px; font: 16px sans-serif } .at { position: absolute }</style>
    <div class="at" style="left:100px;top:100px;width:300px;height:160px;background:#ddd" id="target">Here</div>
    <div class="at" id="box" style="left:450px;top:100px;width:200px;height:150px;overflow:auto;background:#eef"><p style="height:100px">One</p><p style="height:100px" id="two">Two</p><p style="height:900px">Three</p></div>
    <input class="at" type="password" style="left:100px;top:400px;width:200px;height:40px">
    <a class="at" style="left:100px;top:500px;font-size:20px" href="other" target="_blank">Elsewhere</a>
    <iframe class="at" style="left:450px;top:350px;width:250px;height:150px;border:2px solid" srcdoc="<body style='margin:0;height:900px'><p style='height:300px'>Inside</p></body>"></iframe>`,
  wide: `<title>Wide</title><style>* { margin: 0 }</style><div style="width:50%;height:200px;background:#ddd">Half</div>`,
  other: `<title>Other</title><p>Another page</p>`,
};

/** How far the page, the box and the frame in it are scrolled, as they have said (CSS pixels), and how many scrolls have ended. */
let scrolled = { page: 0, box: 0, frame: 0, ended: 0 };
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
    if (request.url === '/scrolled') {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      return request.on('end', () => { scrolled = JSON.parse(body); response.end(); });
    }
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
    (screen) => {
      const video = document.querySelector(screen)?.getBoundingClientRect();
      // While a page is loaded, nothing is known.
      if (!video?.width) return [['nothing to see']];
      const scale = video.width / document.querySelector(screen).videoWidth;
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
    SCREEN,
  );
/** Of an arrow, whose head has some height, the middle of it. */
const middle = (box) => [box[0], box[2], (box[1] + box[3]) / 2];
const isAt = ([tool, ...box], [wanted, ...place], by = 2) => {
  const [is, should] = tool === 'arrow' ? [middle(box), middle(place)] : [box, place];
  return tool === wanted && is.every((value, i) => Math.abs(value - should[i]) <= by);
};
/** `wanted` is asked again and again, since pages scroll on for a while. */
const seesNow = (page, wanted) =>
  until('what is drawn', async () => {
    const [now, there] = [await drawn(page), wanted()];
    return now.length === there.length && now.every((one, i) => isAt(one, there[i]));
  }).catch(async (error) => assert.fail(`${error.message}: ${JSON.stringify(wanted())}; there is ${JSON.stringify(await drawn(page))}`));
const sees = (page, ...wanted) => seesNow(page, () => wanted);

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

async function clear() {
  await customer.locator('[data-tool=clear]:visible').click();
  await Promise.all([sees(customer), sees(agent)]);
}

/** Turns the wheel over a place of the page until `what` has scrolled. Whatever is scrolled keeps the wheel until that has ended. */
async function scroll(page, [x, y], by, what) {
  const before = scrolled[what];
  for (let tries = 0; tries < 5; tries += 1) {
    const { ended } = scrolled;
    await page.mouse.move(...(await placeOnScreen(page, [x, y - scrolled.page], VIEWPORT)));
    await page.mouse.wheel(0, by);
    await until('the end of a scroll', () => scrolled.ended > ended);
    if (scrolled[what] !== before) return;
  }
  assert.fail(`${what} does not scroll: ${JSON.stringify(scrolled)}`);
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

test('undo takes the last, Escape gives the page back, and the customer clears all', async () => {
  await agent.locator('[data-tool=undo]').click();
  await until('four drawings', async () => (await drawn(customer)).length === 4 && (await drawn(agent)).length === 4);
  await agent.keyboard.press('Control+z');
  await until('three drawings', async () => (await drawn(customer)).length === 3);
  assert.equal(await agent.locator('[data-tandem=drawing-surface]').count(), 1);
  await agent.keyboard.press('Escape');
  assert.equal(await agent.locator('[data-tandem=drawing-surface]').count(), 0);
  await clear();
});

test('a drawing goes where the page goes, also in what scrolls within it', async () => {
  await draw(agent, 'box', [120, 120], [200, 180]);
  await draw(agent, 'arrow', [460, 230], [540, 230]);
  await draw(agent, 'box', [460, 370], [520, 420]);
  await until('all three', async () => (await drawn(customer)).length === 3);
  const inSight = (box, from, to) => box[2] >= from && box[4] <= to;
  const places = () => {
    const arrow = ['arrow', 460, 230 - scrolled.page - scrolled.box, 540, 230 - scrolled.page - scrolled.box];
    const inFrame = ['box', 460, 370 - scrolled.page - scrolled.frame, 520, 420 - scrolled.page - scrolled.frame];
    return [
      ['box', 120, 120 - scrolled.page, 200, 180 - scrolled.page],
      ...(inSight(arrow, 100 - scrolled.page, 250 - scrolled.page) ? [arrow] : []),
      ...(inSight(inFrame, 350 - scrolled.page, 500 - scrolled.page) ? [inFrame] : []),
    ];
  };
  // An agent scrolls on while a tool is chosen.
  await scroll(agent, [50, 300], 60, 'page');
  await Promise.all([seesNow(customer, places), seesNow(agent, places)]);
  // The second is in a box that scrolls, and out of sight when its part of it is; the third in a frame.
  await scroll(customer, [500, 170], 60, 'box');
  await Promise.all([seesNow(customer, places), seesNow(agent, places)]);
  await scroll(customer, [500, 170], 300, 'box');
  await seesNow(customer, places);
  await scroll(customer, [500, 400], 300, 'frame');
  await Promise.all([seesNow(customer, places), seesNow(agent, places)]);
  await until('both to be out of sight', async () => (await drawn(customer)).length === 1);
  await scroll(customer, [50, 300], -500, 'page');
  await sees(agent, ['box', 120, 120, 200, 180]);
});

test('another tab does not show it, and a reload of either person keeps it', async () => {
  await customer.locator('[data-tool=done]:visible').click();
  await clickAt(customer, [110, 510], VIEWPORT);
  await Promise.all([sees(customer), sees(agent)]);
  await customer.getByRole('button', { name: 'Page', exact: true }).click();
  await sees(agent, ['box', 120, 120, 200, 180]);
  await customer.reload();
  await sees(customer, ['box', 120, 120, 200, 180]);
  await agent.reload();
  await sees(agent, ['box', 120, 120, 200, 180]);
  await customer.getByRole('button', { name: /Close.*Other/ }).click();
  await customer.locator('[data-tandem=draw]:visible').click();
});

test('the agent sees what the customer draws, but for what is over or round something hidden', async () => {
  await clear();
  const before = await agent.evaluate(() => window.heard.length);
  await draw(customer, 'pen', [120, 420], [180, 425]);
  await sees(customer, ['pen', 120, 420, 180, 425]);
  await draw(customer, 'box', [90, 390], [310, 450]);
  await draw(customer, 'arrow', [350, 300], [305, 400]);
  await draw(customer, 'pulse', [150, 410]);
  await until('all of it', async () => (await drawn(customer)).length >= 3);
  await draw(customer, 'pen', [120, 200], [220, 210]);
  await sees(agent, ['pen', 120, 200, 220, 210]);
  // Nothing at all was said of the others, not even that there is one.
  const heard = await agent.evaluate((from) => window.heard.slice(from), before);
  assert.equal(heard.length, 1, heard.join());
  await clear();
});

test('an agent’s drawing over a hidden field is seen, and holds on to what is around it', async () => {
  await draw(agent, 'box', [95, 395], [305, 445]);
  await sees(customer, ['box', 95, 395, 305, 445]);
  await scroll(customer, [50, 300], 50, 'page');
  const place = () => [['box', 95, 395 - scrolled.page, 305, 445 - scrolled.page]];
  await Promise.all([seesNow(customer, place), seesNow(agent, place)]);
  await clear();
});

test('a drawing grows with what it is on, and goes with its page', async () => {
  await navigate('wide');
  await draw(agent, 'box', [100, 50], [300, 150]);
  await sees(customer, ['box', 100, 50, 300, 150]);
  await customer.setViewportSize({ width: 640, height: 652 });
  await until('a smaller page', async () => (await drawn(agent))[0]?.[3] < 280);
  await customer.setViewportSize(WINDOW.viewport);
  await sees(customer, ['box', 100, 50, 300, 150]);
  await navigate('other');
  await Promise.all([sees(customer), sees(agent)]);
  await navigate('page');
  await Promise.all([sees(customer), sees(agent)]);
});

test('while it is paused an agent gets nothing, and afterwards what they had', async () => {
  await draw(agent, 'box', [120, 120], [200, 180]);
  await sees(customer, ['box', 120, 120, 200, 180]);
  await customer.locator('[data-tandem=pause]').click();
  await agent.waitForFunction(() => document.documentElement.dataset.session === 'paused');
  const before = await agent.evaluate(() => window.heard.length);
  await draw(customer, 'box', [150, 150], [250, 250]);
  await until('the customer to see it', async () => (await drawn(customer)).length === 2);
  await scroll(customer, [50, 300], 40, 'page');
  const moved = (x, y, far, low) => ['box', x, y - scrolled.page, far, low - scrolled.page];
  await seesNow(customer, () => [moved(120, 120, 200, 180), moved(150, 150, 250, 250)]);
  assert.equal(await agent.evaluate(() => window.heard.length), before);
  await customer.locator('[data-tandem=resume]').click();
  await seesNow(agent, () => [moved(120, 120, 200, 180)]);
  await clear();
});

test('who may not draw has no bar, and is not heard', async () => {
  const role = (permissions) => system.api('PUT', '/companies/demo/roles/agent', { name: 'Agent', joins_as: 'agent', permissions });
  await role(['view', 'point']);
  await agent.locator('[data-tandem=draw-bar]').waitFor({ state: 'detached' });
  const say = (drawing) => agent.evaluate((text) => window.talk.send(text), JSON.stringify({ drawing }));
  await say({ type: 'begin', number: 900, tool: 'pulse', at: [100, 100], fade: false, text: null });
  await role(['view', 'point', 'annotate']);
  await agent.locator('[data-tandem=draw-bar]').waitFor();
  await say({ type: 'begin', number: 901, tool: 'box', at: [100, 100], fade: false, text: null });
  await say({ type: 'go', number: 901, points: [[150, 150]] });
  await sees(customer, ['box', 100, 100, 150, 150]);
});
