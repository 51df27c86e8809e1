// Firefox, as it is right after it was installed: everything but the picture, and a plain word about that.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openFirefox } from './firefox.mjs';
import { joinAsCustomer, openBrowser, seesPicture } from './people.mjs';
import { startSystem } from './system.mjs';
import { credentials } from './tour.mjs';

let system, firefox, browser;
before(async () => {
  [system, firefox, browser] = await Promise.all([startSystem(), openFirefox({ width: 1280, height: 800 }), openBrowser()]);
});
after(async () => {
  await Promise.all([firefox?.close(), browser?.close()]);
  await system?.stop();
});

const says = (text) => firefox.until(`document.body.innerText.includes(${JSON.stringify(text)})`);
const wider = () => firefox.evaluate('document.documentElement.scrollWidth - innerWidth');

test('a customer’s Firefox without its H.264 part is told what to do, and the link stays good', async () => {
  const made = await system.create('index.html');
  await firefox.goto(made.customer_url);
  await says('This browser cannot show the page');
  await says('Firefox plays the page’s video with a part that it fetches by itself');
  await firefox.goto(`${system.base}/c/demo`);
  await says('This browser cannot show the page');
  // The same link opens the session in a browser that can.
  const customer = await joinAsCustomer(browser, made.customer_url, {});
  await seesPicture(customer);
  await customer.context().close();
  await system.api('DELETE', `/sessions/${made.id}`);
});

test('the console and the admin’s pages work as anywhere', async () => {
  await firefox.goto(`${system.base}/agent`);
  const { email, password } = credentials(system);
  for (const [field, text] of [['#email', email], ['#password', password]]) {
    await firefox.click(field);
    await firefox.type(text);
  }
  await firefox.click('form button.primary');
  await firefox.until("document.querySelector('#start') !== null");
  assert.ok((await wider()) <= 0);
  for (const name of ['overview', 'people', 'roles', 'rules', 'look', 'audit']) {
    await firefox.goto('about:blank');
    await firefox.goto(`${system.base}/admin#${name}`);
    await firefox.until("document.querySelector('main h1') !== null");
    assert.ok((await wider()) <= 0, name);
  }
  await firefox.goto(`${system.base}/agent`);
  await firefox.click('#start');
  await firefox.type(`${system.demo}/index.html`);
  await firefox.click('form:has(#start) button.primary');
  await says('This browser cannot show the page');
});
