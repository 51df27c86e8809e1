// The customer in charge: their own PIN, check words, pause, control, and who else is there.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { clickAt, joinAsAgent, joinAsCustomer, layoutOf, openBrowser, seesPicture, SCREEN } from './people.mjs';
import { startSystem, until } from './system.mjs';
import { credentials, signIn } from './tour.mjs';

const VIEWPORT = { width: 1280, height: 748, scale: 1 };
const DESK = { viewport: { width: 1280, height: 800 }, locale: 'en-GB' };
const PASSWORD = 'five calm herons wade';
const PRODUCT = 'a[href*=product] >> nth=0';

let system, browser;
before(async () => {
  [system, browser] = await Promise.all([startSystem(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await system?.stop();
});

// Slots are few, and what one test leaves is no matter of the next.
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  for (const { id, state } of (await system.api('GET', '/sessions')).body.sessions) {
    if (state !== 'ended' && state !== 'failed') await system.api('DELETE', `/sessions/${id}`);
  }
});

const state = (page, wanted) => page.waitForFunction((wanted) => document.documentElement.dataset.session === wanted, wanted);
const words = async (page) => (await page.locator('[data-tandem=check-words] strong').allInnerTexts()).join(' ');
const address = async (id) => (await system.api('GET', `/sessions/${id}`)).body.tabs.find((tab) => tab.active)?.url;

/** Somebody new who is signed in at the console. */
async function staff(name, role) {
  const { body } = await system.api('POST', '/companies/demo/people', { name, email: `${name.toLowerCase()}@demo.example`, role });
  const token = body.link.url.split('#set=')[1];
  await system.api('POST', '/password/set', { token, password: PASSWORD });
  const page = await (await browser.newContext(DESK)).newPage();
  await page.goto(`${system.base}/agent`);
  await signIn(page, { email: `${name.toLowerCase()}@demo.example`, password: PASSWORD });
  return { page, id: body.person.id };
}

/** A session in which both see the catalogue. */
async function together() {
  const made = await system.create('index.html', VIEWPORT);
  const customer = await joinAsCustomer(browser, made.customer_url, DESK);
  const agent = await joinAsAgent(browser, made.agent_url, DESK);
  return { id: made.id, customer, agent };
}

/** Frames that this page's picture has shown so far. */
const received = (page) => page.evaluate((screen) => document.querySelector(screen).getVideoPlaybackQuality().totalVideoFrames, SCREEN);

test('a customer reads a PIN out, both compare two words, and nothing is seen before', async () => {
  const customer = await (await browser.newContext(DESK)).newPage();
  await customer.goto(`${system.base}/c/demo`);
  await customer.locator('[data-tandem=show-pin]').click();
  const pin = (await customer.locator('[data-tandem=my-pin]').innerText()).replace(/\D/g, '');
  assert.match(pin, /^\d{9}$/);
  await customer.reload();
  assert.equal((await customer.locator('[data-tandem=my-pin]').innerText()).replace(/\D/g, ''), pin, 'a reload keeps the PIN');

  const agent = await (await browser.newContext(DESK)).newPage();
  await agent.goto(`${system.base}/agent`);
  await signIn(agent, credentials(system));
  await agent.locator('#start').fill(`${system.demo}/index.html`);
  // Typed anywhere, the digits find their way.
  await agent.locator('h1').click();
  await agent.keyboard.type(pin);
  await customer.locator('[data-tandem=accept]').waitFor();
  await agent.locator('[data-tandem=check-words]').waitFor();
  assert.equal(await words(customer), await words(agent));
  assert.ok(await customer.locator('[data-tandem=accept]').isDisabled());
  assert.equal(await agent.locator('video').count(), 0);
  await customer.locator('[data-tandem=words-same]').click();
  await customer.locator('[data-tandem=accept]').click();
  await Promise.all([seesPicture(customer), seesPicture(agent)]);
});

test('whoever came by an agent’s PIN is shown nothing when the words are others', async () => {
  const made = await system.create('index.html', VIEWPORT);
  const agent = await (await browser.newContext(DESK)).newPage();
  await agent.goto(made.agent_url);
  const guesser = await (await browser.newContext(DESK)).newPage();
  await guesser.goto(`${system.base}/c/demo`);
  await guesser.locator('#pin').fill(made.pin);
  await guesser.locator('[data-tandem=accept]').click();
  await guesser.getByText('Waiting until').waitFor();
  await agent.locator('[data-tandem=words-other]').click();
  await guesser.getByText('The check words were not the same').waitFor();
  assert.equal(await guesser.locator('video').count(), 0);
});

test('a pause takes the agent’s picture at once and for as long as it lasts', async () => {
  const { id, customer, agent } = await together();
  const places = await layoutOf(browser, `${system.demo}/index.html`, VIEWPORT, [PRODUCT]);
  const before = await address(id);
  await customer.locator('[data-tandem=pause]').click();
  await state(agent, 'paused');
  assert.ok(!(await agent.locator(SCREEN).isVisible()));
  const frames = await received(agent);
  // The customer goes on alone, and nobody sees where.
  await clickAt(customer, places[PRODUCT], VIEWPORT);
  await until('the customer’s next page', async () => (await address(id)) !== before);
  assert.equal(await received(agent), frames);
  await customer.locator('[data-tandem=resume]').click();
  await seesPicture(agent);
  const more = ([screen, frames]) => document.querySelector(screen).getVideoPlaybackQuality().totalVideoFrames > frames;
  await agent.waitForFunction(more, [SCREEN, frames]);
});

test('the customer’s lost connection pauses, and their return goes on', async () => {
  const { customer, agent } = await together();
  const address = customer.url();
  await customer.goto('about:blank');
  await state(agent, 'paused');
  await customer.goto(address.split('#')[0]);
  await Promise.all([seesPicture(customer), seesPicture(agent)]);
});

test('where the company wants it, an agent asks before they click, and the customer takes it back', async () => {
  await system.api('PUT', '/companies/demo/approvals', { control: true, recording: true });
  const { id, customer, agent } = await together();
  await system.api('PUT', '/companies/demo/approvals', { control: false, recording: true });
  const places = await layoutOf(browser, `${system.demo}/index.html`, VIEWPORT, [PRODUCT]);
  const before = await address(id);
  await clickAt(agent, places[PRODUCT], VIEWPORT);
  await agent.getByText('You may not do that here').waitFor();
  assert.equal(await address(id), before);
  await agent.locator('[data-tandem=ask-control]').click();
  await customer.locator('[data-tandem=give-control]').click();
  await agent.locator('[data-tandem=ask-control]').waitFor({ state: 'detached' });
  await clickAt(agent, places[PRODUCT], VIEWPORT);
  const product = await until('the product', async () => (await address(id)) !== before && address(id));
  await customer.locator('[data-tandem=control]:visible').click();
  await agent.locator('[data-tandem=ask-control]').waitFor();
  await agent.locator(SCREEN).focus();
  await agent.keyboard.press('Alt+ArrowLeft');
  await agent.getByText('You may not do that here').waitFor();
  assert.equal(await address(id), product);
});

test('a session is handed over, help comes, and the customer is told who is there', async () => {
  const [ida, bob, sam] = [await staff('Ida', 'agent'), await staff('Bob', 'agent'), await staff('Sam', 'supervisor')];
  await ida.page.locator('#start').fill(`${system.demo}/index.html`);
  await ida.page.locator('form:has(#start) button.primary').click();
  const link = (await ida.page.locator('.link').first().innerText()).trim();
  const customer = await joinAsCustomer(browser, link, DESK);
  await seesPicture(ida.page);
  await customer.getByText('Ida can see this page').waitFor();
  await ida.page.getByRole('button', { name: 'Details' }).click();
  await ida.page.getByRole('button', { name: 'Ask a supervisor for help' }).click();
  await sam.page.locator('aside').getByText('Needs help').waitFor();
  await sam.page.locator('aside li button', { hasText: 'Needs help' }).click();
  await seesPicture(sam.page);
  await customer.getByText('Sam has joined and sees this page too').waitFor();
  await ida.page.getByRole('button', { name: 'Hand over' }).click();
  await ida.page.getByLabel('To whom').selectOption({ label: 'Bob' });
  await ida.page.locator('dialog').getByRole('button', { name: 'Hand over' }).click();
  await bob.page.getByText('Ida would like to hand you a session').click();
  await customer.getByText('Bob goes on helping you').waitFor();
  await ida.page.getByText('A colleague goes on with it').waitFor();
  await seesPicture(bob.page);
});

test('a role that loses a right loses it in the running session', async () => {
  const { page } = await staff('Nils', 'agent');
  await page.locator('#start').fill(`${system.demo}/index.html`);
  await page.locator('form:has(#start) button.primary').click();
  const customer = await joinAsCustomer(browser, (await page.locator('.link').first().innerText()).trim(), DESK);
  await seesPicture(page);
  const role = (permissions) => system.api('PUT', '/companies/demo/roles/agent', { name: 'Agent', joins_as: 'agent', permissions });
  await role(['view', 'point']);
  await page.locator('[aria-label=Reload]:disabled').waitFor();
  await page.locator(SCREEN).hover();
  await page.mouse.down();
  await page.getByText('You may not do that here').waitFor();
  await page.mouse.up();
  await role([]);
  await page.getByText('You may no longer take part in it').waitFor();
  await customer.getByText('Waiting for your agent').waitFor();
});

test('a second link that is opened in the same window is taken', async () => {
  const [first, second] = [await system.create('index.html', VIEWPORT), await system.create('index.html', VIEWPORT)];
  const customer = await joinAsCustomer(browser, first.customer_url, DESK);
  await system.api('DELETE', `/sessions/${first.id}`);
  await state(customer, 'ended');
  await customer.goto(second.customer_url);
  await customer.locator('[data-tandem=accept]').click();
  await seesPicture(customer);
});
