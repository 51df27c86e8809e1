// The main job: a customer on a phone and an agent at a desk see and drive one browser.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clickAt, colourAt, isNear, joinAsAgent, joinAsCustomer, layoutOf, openBrowser, seesPicture, tapAt, SCREEN } from './people.mjs';
import { startSystem, until } from './system.mjs';

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const DESK = { viewport: { width: 1440, height: 900 } };

let system, browser;
before(async () => {
  [system, browser] = await Promise.all([startSystem(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await system?.stop();
});

const session = async (id) => (await system.api('GET', `/sessions/${id}`)).body;
const activeTab = async (id) => (await session(id))?.tabs.find((tab) => tab.active);

/** The size of the remote page, as the customer's device decided it. */
async function viewportOf(page) {
  return page.evaluate((screen) => {
    const video = document.querySelector(screen);
    const box = video.getBoundingClientRect();
    return { width: Math.round(box.width), height: Math.round(box.height) };
  }, SCREEN);
}

test('a phone and a desk order a chair together', async () => {
  const made = await system.create('checkout.html', { width: 390, height: 700, scale: 2 });
  const customer = await joinAsCustomer(browser, made.customer_url, PHONE);
  const agent = await joinAsAgent(browser, made.agent_url, DESK);
  // The phone's own size arrives, and with it a picture of that size, which fills the phone's stage.
  await customer.waitForFunction((screen) => {
    const video = document.querySelector(screen);
    const stage = video.closest('.stage');
    return Math.abs(stage.clientWidth - video.clientWidth) <= 2 && Math.abs(stage.clientHeight - video.clientHeight) <= 2;
  }, SCREEN);
  const viewport = await viewportOf(customer);
  const settled = (page) => page.waitForFunction(([screen, v]) => {
    const video = document.querySelector(screen);
    return Math.abs(video.videoWidth / video.videoHeight - v.width / v.height) < 0.02;
  }, [SCREEN, viewport]);
  await Promise.all([settled(customer), settled(agent)]);

  const places = await layoutOf(browser, `${system.demo}/checkout.html`, viewport, ['#email']);
  const blank = await colourAt(agent, places['#email'], viewport);
  await tapAt(customer, places['#email'], viewport);
  // As a phone's keyboard comes up once the remote field has the focus.
  await customer.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
  await customer.keyboard.type('eva@example.org');
  // Each goes on from the field that the other left: the customer where it is private, the agent where it is not.
  const type = async (page, texts) => {
    for (const text of texts) {
      // As long as a finger holds a key.
      await page.keyboard.press('Tab', { delay: 60 });
      await page.keyboard.type(text);
    }
  };
  await agent.focus(SCREEN);
  await type(customer, ['600100200', 'a secret word', '']);
  // Text without a key needs a field that takes it, which the agent's page has once it knows of the field that they may see.
  await agent.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
  await agent.keyboard.type('Éva Ñandú');
  await type(agent, ['Calle Mayor 1', '28013', 'Madrid', '', 'Ring twice, please!']);
  await type(customer, ['4111 1111 1111 1111', '12 / 29', '123', ' ']);
  // The agent gets as far as the button, and no further.
  await type(agent, ['', '']);
  await agent.keyboard.press('Enter');
  await agent.getByText('Only the customer can do this').waitFor();
  assert.ok(!(await activeTab(made.id)).title.startsWith('Thank you'));
  await customer.keyboard.press('Enter');
  const tab = await until('the order', async () => {
    const tab = await activeTab(made.id);
    return tab?.title.startsWith('Thank you') && tab;
  });
  assert.equal(tab.title, 'Thank you, Éva Ñandú · Alder & Finch');
  // Where the empty field was, both now see what came after the order.
  await until('the same picture for both', async () => {
    const [a, c] = await Promise.all([agent, customer].map((page) => colourAt(page, places['#email'], viewport)));
    return isNear(a, c, 12) && blank.length === 3;
  });
  assert.equal((await system.api('DELETE', `/sessions/${made.id}`)).status, 204);
  await Promise.all([customer, agent].map((page) => page.waitForFunction(() => document.documentElement.dataset.session === 'ended')));
});

test('clicks and keys of either change what both see', async () => {
  const made = await system.create('flip.html', { width: 1280, height: 720, scale: 1 });
  const customer = await joinAsCustomer(browser, made.customer_url, { viewport: { width: 1280, height: 772 } });
  const agent = await joinAsAgent(browser, made.agent_url, DESK);
  const viewport = await viewportOf(customer);
  const middle = [viewport.width / 2, viewport.height / 2];
  const acts = [
    () => clickAt(customer, middle, viewport),
    () => clickAt(agent, middle, viewport),
    () => customer.keyboard.press('a'),
    () => agent.keyboard.press('b'),
  ];
  await Promise.all([customer, agent].map((page) => until('a picture that is not black', async () => !isNear(await colourAt(page, middle, viewport), [0, 0, 0], 10))));
  for (const [i, act] of acts.entries()) {
    const earlier = await colourAt(customer, middle, viewport);
    await act();
    for (const page of [customer, agent]) {
      await until(`act ${i} to be seen`, async () => !isNear(await colourAt(page, middle, viewport), earlier));
    }
  }
  // The other's cursor is there, with a name.
  await until('the agent’s cursor on the customer’s page', async () => {
    await clickAt(agent, [300, 300], viewport);
    return customer.getByText('Agent', { exact: false }).first().isVisible();
  });
  await system.api('DELETE', `/sessions/${made.id}`);
});

test('a reload comes back, and a used link opens nothing', async () => {
  const made = await system.create('index.html', { width: 1280, height: 720, scale: 1 });
  const customer = await joinAsCustomer(browser, made.customer_url, { viewport: { width: 1280, height: 772 } });
  await customer.reload();
  await seesPicture(customer);
  const people = (await session(made.id)).participants;
  assert.equal(people.length, 1, 'the same person, not another');
  const stranger = await (await browser.newContext()).newPage();
  await stranger.goto(made.customer_url);
  await stranger.waitForFunction(() => document.documentElement.dataset.session === 'failed');
  await system.api('DELETE', `/sessions/${made.id}`);
});
