// Every page there is, as a person comes to it: for screenshots, and for what must hold on all of them.
import { clickAt, layoutOf, placeOnScreen, SCREEN, seesPicture } from './people.mjs';
import { until } from './system.mjs';

export const DESK = { viewport: { width: 1280, height: 800 } };
export const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

const ADMIN_PAGES = ['overview', 'sessions', 'people', 'roles', 'sites', 'rules', 'rule-session', 'look', 'languages', 'replies', 'notices', 'retention', 'integrations', 'audit'];

const REPLIES = [
  { title: 'Greeting', texts: { en: 'Hello! What can I do for you?', de: 'Guten Tag! Was kann ich für Sie tun?' } },
  { title: 'One moment', texts: { en: 'One moment, please. I am looking it up.' } },
  { title: 'Opening hours', texts: { en: 'We are here every day from 8 to 20.', de: 'Wir sind täglich von 8 bis 20 Uhr da.' } },
];

/** The demo admin's e-mail and password, as they were printed. */
export function credentials(system) {
  const line = system.printed.find((line) => line.startsWith('admin:'));
  const [, email, password] = /\(e-mail (\S+), password (\S+)\)/.exec(line) ?? [];
  if (!email) throw new Error(`no credentials in: ${line}`);
  return { email, password };
}

/** Calls `look(name, page)` on each page, in one language, colour scheme and kind of device. */
export async function tour(system, browser, { device, locale, colorScheme }, look) {
  const context = await browser.newContext({ ...device, locale, colorScheme, reducedMotion: 'reduce' });
  const page = await context.newPage();
  const visit = async (name, path, ready) => {
    await page.goto(`${system.base}${path}`);
    await page.locator(ready).first().waitFor();
    // What a page asks for has come, so that it is looked at as a whole.
    await page.waitForLoadState('networkidle');
    await look(name, page);
  };
  await visit('customer-pin', '/c/demo', '#pin');
  await visit('customer-bad-link', '/c/demo#t=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'h1');
  await page.goto(`${system.base}/c/demo`);
  await page.locator('[data-tandem=show-pin]').click();
  await page.locator('[data-tandem=my-pin]').waitFor();
  await look('customer-my-pin', page);
  await visit('sign-in', '/agent', '#password');
  await signIn(page, credentials(system));
  await visit('console', '/agent', '#start');
  await page.locator('button.me').click();
  await page.locator('#name').waitFor();
  await look('account', page);
  await visit('api-reference', '/api/docs', 'h1');
  await system.api('PUT', '/companies/demo/quick-replies', { replies: REPLIES });
  for (const name of ADMIN_PAGES) {
    await page.goto('about:blank');
    await visit(`admin-${name}`, `/admin#${name}`, 'main h1');
  }
  await session(system, context, page, look);
  await context.close();
}

/** What people write to each other, with a quick reply; the chat is closed again afterwards. */
async function chat(customer, agent, look) {
  const input = '[data-tandem=chat-input]';
  const say = async (page, text) => {
    await page.locator(input).fill(text);
    await page.locator(input).press('Enter');
  };
  for (const page of [customer, agent]) {
    // A console with room for it opened it by itself when it first saw the page.
    await page.locator(`${input}, [data-tandem=chat-button][aria-expanded=false]:visible`).first().waitFor();
    if (!(await page.locator(input).count())) await page.locator('[data-tandem=chat-button]:visible').click();
  }
  await look('customer-chat-empty', customer);
  await agent.locator(input).fill('/');
  await agent.getByRole('option').first().waitFor();
  await look('console-chat-replies', agent);
  await agent.locator(input).press('Enter');
  await agent.locator(input).press('Enter');
  await say(customer, 'My order ORD-2024-118 does not arrive. The page says: https://shop.example/orders/2024/118?from=mail&at=home#what-is-next');
  await say(agent, 'I see.');
  await agent.locator('[data-tandem=offered-files]').setInputFiles({ name: 'Your contract with us, as of November 2026.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(123_456) });
  await customer.locator('[data-tandem=chat-file]').waitFor();
  await say(agent, `${'Let us look at it together. '.repeat(6)}`);
  await customer.locator('[data-tandem=message]', { hasText: 'together' }).waitFor();
  await agent.locator(input).pressSequentially('One mo');
  await customer.locator('[data-tandem=writing]', { hasText: '…' }).waitFor();
  await look('customer-chat', customer);
  await look('console-chat', agent);
  await customer.locator('[data-tandem=chat-close]').click();
  await agent.locator(input).fill('Are you still there?');
  await agent.locator(input).press('Enter');
  await customer.locator('[data-tandem=chat-peek]').waitFor();
  await look('customer-chat-unread', customer);
  await agent.locator('[data-tandem=chat-close]').click();
}

/** Signs in on the console, which is open. */
export async function signIn(page, { email, password }) {
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(password);
  await page.locator('form button.primary').click();
  await page.locator('#start').waitFor();
}

/** Details beside the page, and to whom the session can be handed over. */
async function handOver(agent, look) {
  const [connection, button] = [agent.locator('.connection'), agent.locator('[data-tandem=hand-over]')];
  if (!(await button.count())) await connection.click();
  await button.waitFor();
  await look('console-details', agent);
  await button.click();
  await agent.locator('dialog[open] select').waitFor();
  await look('console-hand-over', agent);
  await agent.keyboard.press('Escape');
  await agent.locator('dialog[open]').waitFor({ state: 'detached' });
  await connection.click();
  await button.waitFor({ state: 'detached' });
}

/** What the right button brings up, or a finger that stays. */
async function menus(customer, agent, look) {
  const menu = (page) => page.locator('[data-tandem=menu]');
  const { width, height } = customer.viewportSize();
  if (width < 500) {
    const cdp = await customer.context().newCDPSession(customer);
    const touch = (type, ...touchPoints) => cdp.send('Input.dispatchTouchEvent', { type, touchPoints });
    // On the shop's name, which is a link.
    await touch('touchStart', { x: 90, y: 82 });
    // So long a finger stays for it; the menu comes when it leaves.
    await new Promise((held) => setTimeout(held, 900));
    await touch('touchEnd');
    await menu(customer).waitFor();
  } else {
    await customer.mouse.click(width / 3, height / 2, { button: 'right' });
    await menu(customer).waitFor();
  }
  await look('customer-menu', customer);
  await customer.keyboard.press('Escape');
  await menu(customer).waitFor({ state: 'detached' });
  const box = await agent.locator(SCREEN).boundingBox();
  await agent.mouse.click(box.x + box.width / 3, box.y + box.height / 3, { button: 'right' });
  await menu(agent).waitFor();
  await look('console-menu', agent);
  await agent.keyboard.press('Escape');
}

/** Both draw. */
async function drawings(customer, agent, look) {
  const viewport = await agent.evaluate((screen) => {
    const video = document.querySelector(screen);
    return { width: video.videoWidth / (innerWidth < 500 ? 2 : 1), height: video.videoHeight };
  }, SCREEN);
  const draw = async (page, tool, ...places) => {
    await page.locator(`[data-tandem=draw-bar] [data-tool=${tool}]:visible`).click();
    const [first, ...rest] = await Promise.all(places.map((place) => placeOnScreen(page, place, viewport)));
    await page.mouse.move(...first);
    await page.mouse.down();
    for (const place of rest) await page.mouse.move(...place, { steps: 8 });
    await page.mouse.up();
  };
  await draw(agent, 'pen', [60, 190], [150, 160], [240, 190], [160, 220], [70, 195]);
  await draw(agent, 'marker', [40, 260], [260, 262]);
  await draw(agent, 'box', [30, 300], [250, 350]);
  await draw(agent, 'arrow', [300, 420], [200, 345]);
  await draw(agent, 'text', [60, 400]);
  await agent.keyboard.type('Your e-mail goes here');
  await look('console-writing', agent);
  await agent.keyboard.press('Enter');
  await draw(agent, 'pulse', [220, 480]);
  await look('console-drawing', agent);
  await customer.locator('[data-tandem=drawings] .words').waitFor();
  const more = customer.locator('[data-tandem=more]:visible');
  if ((await more.count()) > 0) {
    await more.click();
    await look('customer-draw-menu', customer);
  } else {
    await customer.locator('[data-tandem=draw]:visible').click();
  }
  await customer.locator('[data-tandem=draw-bar] [data-tool=pen]:visible').click();
  await look('customer-drawing', customer);
  await customer.locator('[data-tool=clear]:visible').click();
  await customer.locator('[data-tool=done]:visible').click();
  await agent.keyboard.press('Escape');
}

/** A soft keyboard that tests put up and down: `keyboardOf(height)` takes the lower part of what is seen. */
export function holdKeyboard() {
  const seen = Object.assign(new EventTarget(), { offsetTop: 0, offsetLeft: 0, scale: 1, height: innerHeight, width: innerWidth });
  Object.defineProperty(window, 'visualViewport', { value: seen });
  window.keyboardOf = (height) => {
    seen.height = innerHeight - height;
    seen.dispatchEvent(new Event('resize'));
  };
}

/** What only a phone has: a keyboard over the lower half, a picture zoomed with two fingers, and two ways to hold it. */
async function onPhone(customer, look) {
  const upright = customer.viewportSize();
  // On the name, low enough to be under a keyboard.
  await customer.touchscreen.tap(upright.width / 2, upright.height * 0.836);
  await customer.waitForFunction(() => document.activeElement?.className.includes('typing'));
  await customer.evaluate(() => window.keyboardOf(380));
  await look('customer-typing', customer);
  await customer.evaluate(() => window.keyboardOf(0));
  const cdp = await customer.context().newCDPSession(customer);
  const touch = (type, ...xs) => cdp.send('Input.dispatchTouchEvent', { type, touchPoints: xs.map((x, id) => ({ x, y: 300, id })) });
  await touch('touchStart', 100, 160);
  await touch('touchMove', 80, 200);
  await touch('touchEnd');
  await customer.locator('.whole').waitFor();
  await look('customer-zoomed', customer);
  await customer.locator('.whole').click();
  for (const [name, button] of [['customer-tabs', '.count'], ['customer-address', '.host']]) {
    await customer.locator(button).click();
    await look(name, customer);
    await customer.locator(button).click();
  }
  await customer.setViewportSize({ width: upright.height, height: upright.width });
  await turned(customer);
  await look('customer-turned-live', customer);
  await customer.setViewportSize(upright);
  await turned(customer);
}

/** The picture has the stage's shape. */
const turned = (page) => page.waitForFunction((screen) => {
  const { clientWidth, clientHeight } = document.querySelector(screen).closest('.stage');
  const { videoWidth, videoHeight } = document.querySelector(screen);
  return Math.abs(videoWidth / videoHeight - clientWidth / clientHeight) < 0.05;
}, SCREEN);

/** A session from the invitation to its end, on both sides. */
async function session(system, context, agent, look) {
  await agent.goto(`${system.base}/agent`);
  await agent.locator('#start').fill(`${system.demo}/checkout.html`);
  await agent.locator('form:has(#start) button.primary').click();
  await agent.locator('[data-tandem=pin]').waitFor();
  await look('console-invite', agent);
  const pin = (await agent.locator('[data-tandem=pin]').innerText()).replace(/\D/g, '');
  const customer = await context.newPage();
  await customer.addInitScript(holdKeyboard);
  await customer.goto(`${system.base}/c/demo`);
  await customer.locator('#pin').fill(pin);
  await customer.locator('[data-tandem=accept]').waitFor();
  await look('customer-consent', customer);
  await look('console-consent', agent);
  await customer.locator('[data-tandem=accept]').click();
  await agent.locator('[data-tandem=words-same]').click();
  await Promise.all([seesPicture(customer), seesPicture(agent)]);
  await customer.locator(SCREEN).waitFor();
  await look('customer-live', customer);
  await look('console-live', agent);
  await menus(customer, agent, look);
  if (customer.viewportSize().width < 500) await onPhone(customer, look);
  await handOver(agent, look);
  await drawings(customer, agent, look);
  await chat(customer, agent, look);
  await customer.locator('[data-tandem=pause]').click();
  await Promise.all([customer, agent].map((page) => page.waitForFunction(() => document.documentElement.dataset.session === 'paused')));
  await look('customer-paused', customer);
  await look('console-paused', agent);
  await customer.locator('[data-tandem=resume]').click();
  await Promise.all([seesPicture(customer), seesPicture(agent)]);
  await customer.locator('[data-tandem=control]:visible').click();
  await agent.locator('[data-tandem=ask-control]').click();
  await customer.locator('[data-tandem=give-control]').waitFor();
  await look('customer-asked', customer);
  await look('console-asked', agent);
  await customer.locator('[data-tandem=give-control]').click();
  await customer.locator('[data-tandem=give-control]').waitFor({ state: 'detached' });
  const { places, viewport } = await toReturns(system, context.browser(), customer);
  await sound(system, customer, agent, look, () => clickAt(customer, places['#creak'], viewport));
  await pickers(customer, agent, look, (id) => clickAt(customer, places[id], viewport));
  await files(customer, agent, look, (id) => clickAt(customer, places[id], viewport));
  await customer.locator('.stop').click();
  await Promise.all([customer, agent].map((page) => page.waitForFunction(() => document.documentElement.dataset.session === 'ended')));
  await look('customer-ended', customer);
  await look('console-ended', agent);
}

/** Goes to the page that asks for files and a camera, has files, and sounds: where on it that is. */
async function toReturns(system, browser, customer) {
  const viewport = await customer.locator(SCREEN).evaluate((screen) => ({ width: screen.clientWidth, height: screen.clientHeight }));
  const url = `${system.demo}/returns.html`;
  const { sessions } = (await system.api('GET', '/sessions')).body;
  const { id } = sessions.find((session) => session.state === 'live');
  await system.api('POST', `/sessions/${id}/navigate`, { url });
  await until('the page', async () => (await system.api('GET', `/sessions/${id}`)).body.tabs.some((tab) => tab.url.endsWith('returns.html') && !tab.loading));
  return { viewport, places: await layoutOf(browser, url, viewport, ['#photos', '#camera', '#what', '#collect', '#label', '#print', '#creak']) };
}

/** The page plays something, and then both hear it; on a phone the button is in the sheet of the pen. */
async function sound(system, customer, agent, look, creak) {
  await system.api('PUT', '/companies/demo/policy', { agent: { hear: true } });
  await creak();
  await Promise.all([customer, agent].map((page) => page.locator('[data-tandem=sounds]:visible').waitFor()));
  await look('customer-sounds', customer);
  await look('console-sounds', agent);
  await agent.locator('[data-tandem=sound]:visible').click();
  const more = customer.locator('[data-tandem=more]:visible');
  const phone = (await more.count()) > 0;
  if (phone) {
    await more.click();
    await look('customer-sounds-more', customer);
  }
  await customer.locator('[data-tandem=sound]:visible').click();
  await look('customer-hearing', customer);
  await look('console-hearing', agent);
  if (phone) await more.click();
  await creak();
  await system.api('PUT', '/companies/demo/policy', {});
}

/** What fields open: a list for both, and a date for who chooses it. */
async function pickers(customer, agent, look, click) {
  const both = [customer, agent].map((page) => page.locator('[data-tandem=picker]'));
  await click('#what');
  await Promise.all(both.map((one) => one.waitFor()));
  await look('customer-list', customer);
  await look('console-list', agent);
  await customer.keyboard.press('Escape');
  await Promise.all(both.map((one) => one.waitFor({ state: 'detached' })));
  await click('#collect');
  // A phone's finger has opened it; on a desk a key does, where it is not at the field's end.
  if (customer.viewportSize().width >= 500) await customer.keyboard.press('Alt+ArrowDown');
  await Promise.all(both.map((one) => one.waitFor()));
  await look('customer-date', customer);
  await look('console-date', agent);
  await both[0].locator('button.plain').click();
  await Promise.all(both.map((one) => one.waitFor({ state: 'detached' })));
}

/** What the page asks for: files, and a camera that there is not. Some files it has. */
async function files(customer, agent, look, click) {
  await click('#photos');
  await customer.locator('[data-tandem=chooser]').waitFor();
  await look('customer-file', customer);
  await customer.locator('[data-tandem=cancel-file]').click();
  await customer.locator('[data-tandem=chooser]').waitFor({ state: 'detached' });
  await click('#label');
  await click('#print');
  await customer.locator('[data-tandem=download][data-state=ready]').nth(1).waitFor();
  await look('customer-downloads', customer);
  for (let left = 2; left > 0; left -= 1) await customer.locator('[data-tandem=download] .icon-button').first().click();
  await customer.locator('[data-tandem=download]').first().waitFor({ state: 'detached' });
  // The page then says that there is none, and what is below is no longer where it was.
  await click('#camera');
  const lack = (page) => page.locator('[data-tandem=lack]');
  await Promise.all([customer, agent].map((page) => lack(page).waitFor()));
  await look('customer-lack', customer);
  await look('console-lack', agent);
  for (const page of [customer, agent]) await lack(page).getByRole('button').click();
}
