// What people write to each other: both ways, through pauses, reloads and lost connections, on a desk and on a phone.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { joinAsAgent, joinAsCustomer, openBrowser, seesPicture, SCREEN } from './people.mjs';
import { startSystem, until } from './system.mjs';
import { PHONE, signIn } from './tour.mjs';

const VIEWPORT = { width: 1024, height: 700, scale: 1 };
const DESK = { viewport: { width: 1440, height: 800 }, locale: 'en-GB' };
const PASSWORD = 'six plain magpies wait';
const INPUT = '[data-tandem=chat-input]';
const MESSAGE = '[data-tandem=message]';

let system, browser, link;
before(async () => {
  [system, browser] = await Promise.all([startSystem(), openBrowser()]);
  const { body } = await system.api('POST', '/companies/demo/people', { name: 'Vera', email: 'vera@demo.example', role: 'agent' });
  await system.api('POST', '/password/set', { token: body.link.url.split('#set=')[1], password: PASSWORD });
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

/** An agent who is signed in, and a customer, who both see the page. */
async function together(customerOptions = DESK, prepare = () => {}) {
  const context = await browser.newContext(DESK);
  await context.addInitScript(prepare);
  const agent = await context.newPage();
  await agent.goto(`${system.base}/agent`);
  await signIn(agent, { email: 'vera@demo.example', password: PASSWORD });
  await agent.locator('#start').fill(`${system.demo}/index.html`);
  await agent.locator('form:has(#start) button.primary').click();
  link = (await agent.locator('.link').first().innerText()).trim();
  const customer = await joinAsCustomer(browser, link, customerOptions);
  await seesPicture(agent);
  for (const page of [customer, agent]) await openChat(page);
  return { customer, agent };
}

async function openChat(page) {
  // A console with room for it opens it by itself.
  await until('the chat', async () => {
    if (await page.locator(INPUT).count()) return true;
    await page.locator('[data-tandem=chat-button][aria-expanded=false]:visible').click({ timeout: 1_000 }).catch(() => undefined);
  });
}

async function say(page, text) {
  await page.locator(INPUT).fill(text);
  await page.locator(INPUT).press('Enter');
}

const hears = (page, text) => page.locator(MESSAGE).filter({ hasText: text }).waitFor();
const messages = async (page) => (await page.locator(`${MESSAGE} p`).allInnerTexts()).map((text) => text.trim());
const state = (page, wanted) => page.waitForFunction((wanted) => document.documentElement.dataset.session === wanted, wanted);

test('both write, see that it arrived, and that the other is writing; a reload keeps it, and it ends with the session', async () => {
  const { customer, agent } = await together();
  await customer.locator(INPUT).pressSequentially('Hello, are');
  await agent.locator('[data-tandem=writing]', { hasText: 'Customer is writing' }).waitFor();
  await say(customer, 'Hello, are you there?');
  await hears(agent, 'Hello, are you there?');
  await customer.locator('[data-tandem=delivered]').waitFor();
  assert.equal(await customer.locator('[data-tandem=pending]').count(), 0);
  assert.equal(await agent.locator('[data-tandem=writing]').innerText(), '');
  // Who has stopped writing without a word is no longer said to be at it.
  await customer.locator(INPUT).pressSequentially('Hm');
  await agent.locator('[data-tandem=writing]', { hasText: 'is writing' }).waitFor();
  await agent.waitForFunction(() => document.querySelector('[data-tandem=writing]').textContent.trim() === '');
  await customer.locator(INPUT).fill('');

  await agent.locator(INPUT).pressSequentially('Yes');
  await agent.locator(INPUT).press('Shift+Enter');
  await agent.locator(INPUT).pressSequentially('I am Vera');
  await agent.locator(INPUT).press('Enter');
  await hears(customer, 'I am Vera');
  assert.deepEqual(await messages(customer), ['Hello, are you there?', 'Yes\nI am Vera']);
  await customer.locator('.who', { hasText: 'Vera' }).filter({ hasText: 'Agent' }).waitFor();
  await agent.locator('[data-tandem=chat]', { hasText: 'Reads English' }).waitFor();

  await customer.reload();
  await seesPicture(customer);
  await openChat(customer);
  await hears(customer, 'I am Vera');
  await say(customer, 'Still me');
  await hears(agent, 'Still me');
  await agent.reload();
  await seesPicture(agent);
  await openChat(agent);
  await hears(agent, 'Still me');
  assert.deepEqual(await messages(agent), ['Hello, are you there?', 'Yes\nI am Vera', 'Still me']);

  await customer.locator('.stop').click();
  await state(agent, 'ended');
  const left = (page) => page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith('tandem.chat')));
  assert.deepEqual([await left(customer), await left(agent)], [[], []]);
});

test('a newcomer hears all that was said, and a paused customer can still be talked to', async () => {
  const { customer, agent } = await together();
  await customer.locator('[data-tandem=pause]').click();
  await state(agent, 'paused');
  await say(customer, 'I am typing my password');
  await hears(agent, 'I am typing my password');
  await say(agent, 'Take your time');
  await hears(customer, 'Take your time');
  await agent.locator('[role=log]', { hasText: 'The session is paused' }).waitFor();
  await customer.locator('[data-tandem=resume]').click();
  await seesPicture(agent);

  const { body } = await system.api('POST', '/companies/demo/people', { name: 'Otto', email: 'otto@demo.example', role: 'supervisor' });
  await system.api('POST', '/password/set', { token: body.link.url.split('#set=')[1], password: PASSWORD });
  const otto = await (await browser.newContext(DESK)).newPage();
  await otto.goto(`${system.base}/agent`);
  await signIn(otto, { email: 'otto@demo.example', password: PASSWORD });
  await otto.locator('aside li button').first().click();
  await seesPicture(otto);
  await openChat(otto);
  await hears(otto, 'Take your time');
  assert.deepEqual(await messages(otto), ['I am typing my password', 'Take your time']);
  await say(otto, 'Otto here');
  await Promise.all([hears(customer, 'Otto here'), hears(agent, 'Otto here')]);
  await customer.locator('[role=log]', { hasText: 'Otto has joined' }).waitFor();
});

test('what is written without a connection goes once when it is back', async () => {
  const listen = () => {
    const Real = globalThis.RTCPeerConnection;
    globalThis.RTCPeerConnection = class extends Real {
      constructor(...given) {
        super(...given);
        globalThis.connection = this;
      }

      async createOffer(...how) {
        await globalThis.held;
        return super.createOffer(...how);
      }
    };
  };
  const { customer, agent } = await together(DESK, listen);
  // The connection is gone, and no other is made for now.
  await agent.evaluate(() => {
    globalThis.held = new Promise((release) => (globalThis.release = release));
    globalThis.connection.close();
    globalThis.connection.onconnectionstatechange();
  });
  await say(agent, 'One');
  await say(agent, 'Two');
  await agent.locator('[data-tandem=chat]', { hasText: 'Not sent yet' }).waitFor();
  await agent.evaluate(() => globalThis.release());
  await hears(customer, 'Two');
  await agent.locator('[data-tandem=delivered]').waitFor();
  assert.deepEqual([await messages(customer), await messages(agent)], [['One', 'Two'], ['One', 'Two']]);
});

test('links open outside the session, codes and messages copy, and all else is text', async () => {
  const { customer, agent } = await together();
  await agent.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const script = '<img src=x onerror="document.title=1"><script>alert(1)</script> javascript:alert(1)';
  await say(customer, script);
  await say(customer, `See ${system.demo}/manual.pdf, order ORD-2024-118, key \`npm i\``);
  await say(customer, 'left \u202edne\u202c سلام');
  await hears(agent, 'سلام');
  assert.equal((await messages(agent))[0], script);
  assert.equal(await agent.locator(`${MESSAGE} img, ${MESSAGE} script`).count(), 0);
  const link = agent.locator(`${MESSAGE} a`);
  assert.equal(await link.count(), 1);
  assert.deepEqual([await link.getAttribute('target'), await link.getAttribute('rel')], ['_blank', 'noopener noreferrer']);
  const opened = agent.context().waitForEvent('page');
  await link.click();
  assert.equal((await opened).url(), `${system.demo}/manual.pdf`);
  await (await opened).close();
  await agent.bringToFront();
  const clipboard = () => agent.evaluate(() => navigator.clipboard.readText());
  await agent.getByRole('button', { name: 'Copy ORD-2024-118' }).click();
  await until('the code', async () => (await clipboard()) === 'ORD-2024-118');
  await agent.locator(MESSAGE).first().hover();
  await agent.locator(`${MESSAGE} .copy`).first().click();
  await until('the message', async () => (await clipboard()) === script);
  await agent.locator(SCREEN).waitFor();
});

test('quick replies come in the customer’s language, and a slash finds one', async () => {
  const replies = [
    { title: 'Greeting', texts: { en: 'Hello, how can I help?', es: 'Hola, ¿en qué puedo ayudarle?' } },
    { title: 'Moment', texts: { en: 'One moment, please.', es: 'Un momento, por favor.' } },
    { title: 'Opening hours', texts: { en: 'We are here from 8 to 20.' } },
  ];
  assert.equal((await system.api('PUT', '/companies/demo/quick-replies', { replies })).status, 200);
  const { customer, agent } = await together({ ...DESK, locale: 'es-ES' });
  await agent.locator('[data-tandem=chat]', { hasText: 'Reads Spanish' }).waitFor();
  await agent.locator('[data-tandem=quick-replies]').click();
  await agent.getByRole('option').nth(2).waitFor();
  assert.match((await agent.getByRole('option').allInnerTexts()).join('\n'), /¿en qué[^]*Un momento[^]*We are here/);
  await agent.locator(INPUT).press('Escape');
  await agent.locator(INPUT).pressSequentially('/mom');
  assert.equal(await agent.getByRole('option').count(), 1);
  await agent.locator(INPUT).press('Enter');
  assert.equal(await agent.locator(INPUT).inputValue(), 'Un momento, por favor.');
  await agent.locator(INPUT).press('Enter');
  await hears(customer, 'Un momento, por favor.');
});

test('an agent who came by a link alone has the quick replies too', async () => {
  const replies = [{ title: 'Greeting', texts: { en: 'Hello, how can I help?', es: 'Hola, ¿en qué puedo ayudarle?' } }];
  assert.equal((await system.api('PUT', '/companies/demo/quick-replies', { replies })).status, 200);
  const made = await system.create('index.html', VIEWPORT);
  const customer = await joinAsCustomer(browser, made.customer_url, { ...DESK, locale: 'es-ES' });
  const agent = await joinAsAgent(browser, made.agent_url, DESK);
  for (const page of [customer, agent]) await openChat(page);
  await agent.locator('[data-tandem=quick-replies]').click();
  await agent.getByRole('option', { name: '¿en qué puedo' }).waitFor();
  assert.equal(await customer.locator('[data-tandem=quick-replies]').count(), 0);
});

test('an admin writes quick replies, and takes a change back', async () => {
  const admin = await (await browser.newContext({ locale: 'en-GB' })).newPage();
  const line = system.printed.find((line) => line.startsWith('admin:'));
  const [, email, password] = /\(e-mail (\S+), password (\S+)\)/.exec(line);
  await system.api('PUT', '/companies/demo/quick-replies', { replies: [] });
  await admin.goto(`${system.base}/agent`);
  await signIn(admin, { email, password });
  await admin.goto(`${system.base}/admin#replies`);
  const kept = async () => (await system.api('GET', '/companies/demo/quick-replies')).body.replies;
  await admin.getByLabel('Title', { exact: true }).fill('Bye');
  await admin.getByLabel('Text in English').fill('Have a good day!');
  await admin.getByRole('button', { name: 'Add a reply' }).click();
  await until('the reply', async () => (await kept()).length === 1);
  await admin.locator('#in').selectOption('es');
  await admin.getByText('Not in Spanish yet').waitFor();
  await admin.getByLabel('Bye: Text in Spanish').fill('¡Que tenga un buen día!');
  await admin.getByLabel('Bye: Text in Spanish').blur();
  await until('its Spanish', async () => (await kept())[0].texts.es === '¡Que tenga un buen día!');
  await admin.getByRole('button', { name: 'Undo' }).click();
  await until('it to be taken back', async () => !(await kept())[0].texts.es);
  assert.deepEqual(await kept(), [{ title: 'Bye', texts: { en: 'Have a good day!' } }]);
});

test('an agent who may sends a file, which goes from their device to the customer’s and nowhere else', async () => {
  const { customer, agent } = await together();
  assert.equal(await agent.locator('[data-tandem=send-file]').count(), 0, 'nobody may before the company says who');
  const { permissions } = (await system.api('GET', '/companies/demo/roles')).body.roles.find(({ id }) => id === 'agent');
  await system.api('PUT', '/companies/demo/roles/agent', { name: 'Agent', joins_as: 'agent', permissions: [...permissions, 'send_files'] });
  await agent.locator('[data-tandem=send-file]').waitFor();
  assert.equal(await customer.locator('[data-tandem=send-file]').count(), 0);
  const buffer = randomBytes(2 * 2 ** 20);
  await agent.locator('[data-tandem=offered-files]').setInputFiles({ name: 'the contract.pdf', mimeType: 'application/pdf', buffer });
  const file = customer.locator('[data-tandem=chat-file]');
  await file.filter({ hasText: 'the contract.pdf' }).filter({ hasText: '2 MB' }).waitFor();
  const [download] = await Promise.all([customer.waitForEvent('download'), file.getByRole('button', { name: 'Save the contract.pdf' }).click()]);
  assert.equal(download.suggestedFilename(), 'the contract.pdf');
  assert.deepEqual(readFileSync(await download.path()), buffer);
  await agent.locator('[data-tandem=chat-file]', { hasText: 'Saved by the customer' }).waitFor();

  await agent.locator('[data-tandem=offered-files]').setInputFiles({ name: 'second.txt', mimeType: 'text/plain', buffer: Buffer.from('two') });
  await file.filter({ hasText: 'second.txt' }).waitFor();
  await agent.getByRole('button', { name: 'Withdraw second.txt' }).click();
  await file.filter({ hasText: 'second.txt' }).filter({ hasText: 'No longer offered' }).waitFor();
  // A page that is loaded anew has no file any more.
  await agent.reload();
  await seesPicture(agent);
  await file.filter({ hasText: 'the contract.pdf' }).filter({ hasText: 'No longer offered' }).waitFor();
  assert.equal(await file.getByRole('button').count(), 0);
  await system.api('PUT', '/companies/demo/roles/agent', { name: 'Agent', joins_as: 'agent', permissions });
});

test('a message of a megabyte, a flood and rubbish harm nobody', async () => {
  const listen = () => {
    const make = RTCPeerConnection.prototype.createDataChannel;
    RTCPeerConnection.prototype.createDataChannel = function (label, ...how) {
      const channel = make.call(this, label, ...how);
      if (label === 'talk') globalThis.talk = channel;
      return channel;
    };
  };
  const { customer, agent } = await together(DESK, listen);
  await agent.locator(INPUT).evaluate((input) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', 'x'.repeat(1 << 20));
    input.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  });
  await agent.getByText('Too long: 20,000 of 2,000 characters').waitFor();
  await agent.locator(INPUT).press('Enter');
  assert.equal(await agent.locator('[data-tandem=pending]').count(), 0);
  await agent.locator(INPUT).fill('');
  // As a page of somebody else's making would.
  await agent.evaluate(() => {
    const say = (number, text) => JSON.stringify({ chat: { type: 'say', number, text } });
    for (const message of [say(1, 'y'.repeat(1 << 20)), say(2, 'z'.repeat(100_000)), '{"chat":{"type":"say"}}', 'rubbish', say(3, ' \u0007 ')]) {
      try {
        globalThis.talk.send(message);
      } catch {
        // More than a browser sends at once.
      }
    }
    for (let number = 100; number < 600; number += 1) globalThis.talk.send(say(number, `flood ${number}`));
  });
  await hears(customer, 'flood 100');
  await say(customer, 'What was that?');
  await hears(agent, 'What was that?');
  const all = await messages(customer);
  assert.ok(all.length < 60 && all.every((text) => text.startsWith('flood ') || text === 'What was that?'), `${all.length}`);
  // It goes when the flood is over, by itself.
  await say(agent, 'Sorry');
  await hears(customer, 'Sorry');
});

test('on a phone the chat waits behind a sign, and comes as a sheet that leaves the way out free', async () => {
  const { customer, agent } = await together({ ...PHONE, locale: 'en-GB' });
  await customer.locator('[data-tandem=chat-close]').click();
  await customer.locator('[data-tandem=chat]').waitFor({ state: 'detached' });
  await say(agent, 'Can you read this?');
  await customer.locator('[data-tandem=chat-button]:visible [data-tandem=unread]', { hasText: '1' }).waitFor();
  await customer.locator('[data-tandem=chat-peek]', { hasText: 'Can you read this?' }).click();
  await hears(customer, 'Can you read this?');
  assert.equal(await customer.locator('[data-tandem=unread]').count(), 0);
  const [sheet, stop] = [await customer.locator('[data-tandem=chat]').boundingBox(), await customer.locator('.stop').boundingBox()];
  assert.ok(sheet.y >= stop.y + stop.height, 'the way out is free');
  await customer.locator(INPUT).fill('Yes');
  await customer.locator('[data-tandem=chat-send]').tap();
  await hears(agent, 'Yes');
  // Agents see in the tab's name that there is something to read.
  await agent.locator('[data-tandem=chat-close]').click();
  await say(customer, 'Hello?');
  await agent.waitForFunction(() => document.title.startsWith('(1) '));
  await agent.locator('body').press('m');
  await agent.waitForFunction(() => !document.title.startsWith('('));
  assert.ok(await agent.locator(INPUT).evaluate((input) => input === document.activeElement));
});
