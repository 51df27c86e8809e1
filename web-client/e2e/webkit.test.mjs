// WebKit, as Debian builds it: without WebRTC, so everything but the picture, and a plain word about that.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { joinAsCustomer, openBrowser, seesPicture } from './people.mjs';
import { startSystem } from './system.mjs';
import { credentials } from './tour.mjs';
import { openWebKit } from './webkit.mjs';

let system, webkit, browser;
before(async () => {
  [system, webkit, browser] = await Promise.all([startSystem(), openWebKit({ width: 1280, height: 800 }), openBrowser()]);
});
after(async () => {
  await Promise.all([webkit?.close(), browser?.close()]);
  await system?.stop();
});

const says = (text) => webkit.until(`document.body.innerText.includes(${JSON.stringify(text)})`);
const fits = async (what) => assert.ok((await webkit.evaluate('document.documentElement.scrollWidth - innerWidth')) <= 0, what);

test('a customer’s WebKit without WebRTC is told what to do, and the link stays good', async () => {
  const made = await system.create('index.html');
  await webkit.goto(made.customer_url);
  await says('This browser cannot show the page');
  await fits('the message');
  const customer = await joinAsCustomer(browser, made.customer_url, {});
  await seesPicture(customer);
  await customer.context().close();
  await system.api('DELETE', `/sessions/${made.id}`);
});

test('the console, the admin’s pages and the shop with its button work as anywhere', async () => {
  await webkit.goto(`${system.base}/agent`);
  const { email, password } = credentials(system);
  await webkit.until("document.querySelector('#email') !== null");
  await webkit.type('#email', email);
  await webkit.type('#password', password);
  await webkit.click('form button.primary');
  await webkit.until("document.querySelector('#start') !== null");
  await fits('the console');
  for (const name of ['overview', 'sessions', 'people', 'roles', 'sites', 'rules', 'look', 'languages', 'replies', 'notices', 'retention', 'integrations', 'audit']) {
    await webkit.goto('about:blank');
    await webkit.goto(`${system.base}/admin#${name}`);
    await webkit.until("document.querySelector('main h1') !== null");
    await fits(name);
  }
  await webkit.goto(`${system.base}/agent`);
  await webkit.until("document.querySelector('#start') !== null");
  await webkit.type('#start', `${system.demo}/index.html`);
  await webkit.click('form:has(#start) button.primary');
  await says('This browser cannot show the page');
  await webkit.goto(`${system.demo}/index.html`);
  await webkit.until("document.querySelector('tandem-help')?.shadowRoot.querySelector('button') != null");
});
