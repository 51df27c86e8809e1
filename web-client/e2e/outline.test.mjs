// The shared page for people who do not see it: a whole checkout by the outline and the keyboard alone, and what agents hear of it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { joinAsAgent, joinAsCustomer, openBrowser } from './people.mjs';
import { showPages } from './stage.mjs';
import { startSystem, until } from './system.mjs';

const VIEWPORT = { width: 1280, height: 748, scale: 1 };
const DESK = { viewport: { width: 1280, height: 800 }, locale: 'en-GB' };
const FORM = {
  'E-mail': 'eva@example.org', Name: 'Eva Ruiz', 'Street and number': 'Calle Mayor 1', City: 'Madrid',
  'Card number': '4111 1111 1111 1111', Expiry: '12 / 30', CVC: '737',
};

let system, browser, customer, agent;
before(async () => {
  [system, browser] = await Promise.all([startSystem(), openBrowser()]);
  const made = await system.create('product.html?id=oslo', VIEWPORT);
  customer = await joinAsCustomer(browser, made.customer_url, DESK);
  agent = await joinAsAgent(browser, made.agent_url, DESK);
});
after(async () => {
  await browser?.close();
  await system?.stop();
});

const outline = (page) => page.getByRole('region', { name: 'The shared page in words' });
/** As a screen reader's user does: by its role and name, with the keyboard. */
async function press(page, role, name) {
  const thing = outline(page).getByRole(role, { name });
  await thing.first().waitFor({ state: 'attached' });
  await thing.first().focus();
  await page.keyboard.press('Enter');
}
const says = (page, text) => outline(page).getByText(text).first().waitFor({ state: 'attached' });

const SAYS = "<script>document.querySelector('input').oninput = ({ target }) => tell({ typed: target.value })</script>";
const PAGES = {
  shop: '<h1>Pay</h1><iframe src="OTHER/card" style="height:300px"></iframe><iframe src="OTHER/search" style="height:200px"></iframe>',
  card: `<h2>Card</h2><label>Holder<input name="holder"></label><input autocomplete="cc-number" aria-label="Number">${SAYS}`,
  search: `<h2>Shops near you</h2><label>Town<input name="town"></label>${SAYS}`,
};

test('an order is placed by ear and keyboard', async () => {
  await press(customer, 'button', 'Read the shared page out');
  await press(customer, 'button', /Add to/);
  await press(customer, 'link', /Basket|Cart/);
  await press(customer, 'link', /Check out/);
  await outline(customer).getByRole('heading', { name: 'Check out' }).waitFor({ state: 'attached' });
  for (const [name, value] of Object.entries(FORM)) {
    await press(customer, 'textbox', new RegExp(`^${name}`));
    await customer.keyboard.type(value);
    await until(`${name} to be said`, async () => (await outline(customer).getByRole('textbox', { name: new RegExp(`^${name}`) }).first().textContent()).includes(value.slice(-3)));
  }
  await press(customer, 'checkbox', /terms/);
  await outline(customer).getByRole('checkbox', { name: /terms/, checked: true }).waitFor({ state: 'attached' });
  await press(customer, 'button', 'Buy now');
  await says(customer, 'is on its way');
});

test('agents hear where something is hidden, and nothing of what it is', async () => {
  await press(agent, 'button', 'Read the shared page out');
  await outline(agent).getByRole('heading').first().waitFor({ state: 'attached' });
  const heard = await outline(agent).innerText();
  for (const value of ['eva@example.org', '4111', '737']) assert.ok(!heard.includes(value), value);
  await says(agent, 'hidden from you');
});

test('a form in a frame of another site is read and filled in; agents hear of it as far as they see it', async () => {
  const stage = await showPages(PAGES);
  try {
    const { customer, agent } = await stage.at('shop', { viewport: { width: 800, height: 652 }, locale: 'en-GB' });
    await press(customer, 'button', 'Read the shared page out');
    await press(agent, 'button', 'Read the shared page out');
    for (const name of ['Pay', 'Card', 'Shops near you']) await outline(customer).getByRole('heading', { name }).waitFor({ state: 'attached' });
    await press(customer, 'textbox', /^Holder/);
    await customer.keyboard.type('Eva');
    await stage.isTold('what was typed', ({ typed }) => typed === 'Eva');
    await press(agent, 'textbox', /^Town/);
    await agent.keyboard.type('Ulm');
    await stage.isTold('what the agent typed', ({ typed }) => typed === 'Ulm');
    const heard = await outline(agent).innerText();
    assert.ok(!/Card|Holder|Eva|Number/.test(heard), heard);
  } finally {
    await stage.stop();
  }
});
