// Every page there is, as a person comes to it: for screenshots, and for what must hold on all of them.
import { SCREEN, clickAt, layoutOf, seesPicture } from './people.mjs';
import { until } from './system.mjs';

export const DESK = { viewport: { width: 1280, height: 800 } };
export const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

const ADMIN_PAGES = ['overview', 'sessions', 'people', 'roles', 'sites', 'rules', 'rule-session', 'look', 'languages', 'notices', 'retention', 'integrations', 'audit'];

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
  for (const name of ADMIN_PAGES) {
    await page.goto('about:blank');
    await visit(`admin-${name}`, `/admin#${name}`, 'main h1');
  }
  await session(system, context, page, look);
  await context.close();
}

/** Signs in on the console, which is open. */
export async function signIn(page, { email, password }) {
  await page.locator('#email').fill(email);
  await page.locator('#password').fill(password);
  await page.locator('form button.primary').click();
  await page.locator('#start').waitFor();
}

/** A session from the invitation to its end, on both sides. */
async function session(system, context, agent, look) {
  await agent.goto(`${system.base}/agent`);
  await agent.locator('#start').fill(`${system.demo}/checkout.html`);
  await agent.locator('form:has(#start) button.primary').click();
  await agent.locator('[data-tandem=pin]').waitFor();
  await look('console-invite', agent);
  const pin = (await agent.locator('[data-tandem=pin]').innerText()).replace(/\D/g, '');
  const customer = await context.newPage();
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
  await files(system, context.browser(), customer, look);
  await customer.locator('.stop').click();
  await Promise.all([customer, agent].map((page) => page.waitForFunction(() => document.documentElement.dataset.session === 'ended')));
  await look('customer-ended', customer);
  await look('console-ended', agent);
}

/** A page that asks for files, and one that has some. */
async function files(system, browser, customer, look) {
  const viewport = await customer.locator(SCREEN).evaluate((screen) => ({ width: screen.clientWidth, height: screen.clientHeight }));
  const url = `${system.demo}/returns.html`;
  const { sessions } = (await system.api('GET', '/sessions')).body;
  const { id } = sessions.find((session) => session.state === 'live');
  await system.api('POST', `/sessions/${id}/navigate`, { url });
  await until('the page', async () => (await system.api('GET', `/sessions/${id}`)).body.tabs.some((tab) => tab.url.endsWith('returns.html') && !tab.loading));
  const places = await layoutOf(browser, url, viewport, ['#photos', '#label', '#print']);
  await clickAt(customer, places['#photos'], viewport);
  await customer.locator('[data-tandem=chooser]').waitFor();
  await look('customer-file', customer);
  await customer.locator('[data-tandem=cancel-file]').click();
  await customer.locator('[data-tandem=chooser]').waitFor({ state: 'detached' });
  await clickAt(customer, places['#label'], viewport);
  await clickAt(customer, places['#print'], viewport);
  await customer.locator('[data-tandem=download][data-state=ready]').nth(1).waitFor();
  await look('customer-downloads', customer);
  for (let left = 2; left > 0; left -= 1) await customer.locator('[data-tandem=download] .icon-button').first().click();
  await customer.locator('[data-tandem=download]').first().waitFor({ state: 'detached' });
}
