// What an admin does, in the real pages: people come in by a link, rules change and are taken back, two admins lose nothing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser } from './people.mjs';
import { startSystem, until } from './system.mjs';
import { credentials, signIn } from './tour.mjs';

const PASSWORD = 'four quiet otters sing';

let system, browser;
before(async () => {
  [system, browser] = await Promise.all([startSystem(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await system?.stop();
});

async function admin(page = 'overview') {
  const window = await (await browser.newContext({ locale: 'en-GB' })).newPage();
  await window.goto(`${system.base}/agent`);
  await signIn(window, credentials(system));
  await window.goto(`${system.base}/admin#${page}`);
  await window.locator('main h1').waitFor();
  return window;
}

const policy = async () => (await system.api('GET', '/companies/demo/policy')).body;

test('somebody is added, chooses a password by the link, and signs in', async () => {
  const page = await admin('people');
  await page.getByRole('button', { name: 'Add a person' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Nora <b>Neu</b>');
  await page.getByLabel('E-mail', { exact: true }).fill('nora@demo.example');
  await page.getByRole('button', { name: 'Add and make a link' }).click();
  const link = await page.locator('.made code').innerText();
  await page.getByText('Nora <b>Neu</b>', { exact: true }).waitFor();

  const nora = await (await browser.newContext({ locale: 'nl-NL' })).newPage();
  await nora.goto(link);
  await nora.getByText('Kies een wachtwoord voor Demo shop').waitFor();
  await nora.getByLabel('Nieuw wachtwoord').fill('password');
  await nora.getByRole('button', { name: 'Wachtwoord instellen' }).click();
  await nora.getByText('te makkelijk te raden').waitFor();
  await nora.getByLabel('Nieuw wachtwoord').fill(PASSWORD);
  await nora.getByRole('button', { name: 'Wachtwoord instellen' }).click();
  await nora.getByText('Uw wachtwoord is ingesteld').waitFor();
  await signIn(nora, { email: 'nora@demo.example', password: PASSWORD });
  // An agent has no settings to change.
  await nora.goto(`${system.base}/admin`);
  await nora.getByText('uw rol heeft geen instellingen').waitFor();

  await page.reload();
  await page.getByLabel('Actions for Nora').click();
  await page.getByRole('button', { name: 'Deactivate' }).click();
  await page.getByText('is signed out and may not sign in any more').waitFor();
  await nora.goto(`${system.base}/agent`);
  await nora.locator('#password').waitFor();
});

test('a rule is switched, taken back, and one of the company’s own is written', async () => {
  const page = await admin('rules');
  const phones = page.getByRole('switch', { name: 'Phone numbers' });
  await phones.click();
  await until('phones to be shown', async () => !(await policy()).masking.presets.includes('phone'));
  await page.getByRole('button', { name: 'Undo' }).click();
  await until('phones to be hidden again', async () => (await policy()).masking.presets.includes('phone'));
  assert.equal(await phones.getAttribute('aria-checked'), 'true');

  await page.getByRole('button', { name: 'Add a rule' }).click();
  await page.getByLabel('What it says').fill('x');
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await page.getByText('Use at least two letters or digits').waitFor();
  await page.getByLabel('Found by').selectOption('text');
  await page.getByLabel('What it says').fill('KD-######');
  await page.getByRole('button', { name: 'Add a rule' }).click();
  const rules = await until('the rule', async () => (await policy()).masking.rules.length > 0 && (await policy()).masking.rules);
  assert.deepEqual(rules, [{ what: { by: 'text', pattern: 'KD-######' }, hide: true }]);
});

test('of two admins who change the same thing, the second is told and nothing is lost', async () => {
  const [one, other] = [await admin('languages'), await admin('languages')];
  await one.getByRole('switch', { name: 'Italiano' }).click();
  await one.getByText('Saved').waitFor();
  await other.getByRole('switch', { name: 'Nederlands' }).click();
  await other.getByText('Someone else changed this meanwhile').waitFor();
  // The second now sees the first's version, and can make the change again.
  assert.equal(await other.getByRole('switch', { name: 'Italiano' }).getAttribute('aria-checked'), 'false');
  await other.getByRole('switch', { name: 'Nederlands' }).click();
  await until('both changes', async () => {
    const { offered } = (await system.api('GET', '/companies/demo/languages')).body;
    return !offered.includes('it') && !offered.includes('nl') && offered.length === 5;
  });
  const customer = await (await browser.newContext({ locale: 'it-IT' })).newPage();
  await customer.goto(`${system.base}/c/demo`);
  await customer.getByText('Enter your PIN').waitFor();
  assert.equal(await customer.locator('[data-tandem=language] option').count(), 5);
});

test('the company’s own colour and words are on its customers’ page', async () => {
  const page = await admin('look');
  await page.getByLabel('Colour').fill('#7a1fa2');
  await page.getByText('Saved').waitFor();
  await page.getByLabel('Welcome, above the PIN').fill('We are here from 8 to 20.');
  await page.getByLabel('Welcome, above the PIN').blur();
  await until('the words', async () => (await system.api('GET', '/companies/demo/texts')).body.texts.en?.welcome);
  const customer = await (await browser.newContext({ locale: 'en-GB', colorScheme: 'light' })).newPage();
  await customer.goto(`${system.base}/c/demo`);
  await customer.getByText('We are here from 8 to 20.').waitFor();
  // It comes into its colour by a transition.
  const colour = () => customer.locator('form button.primary').evaluate((button) => getComputedStyle(button).backgroundColor);
  await until('the colour', async () => (await colour()) === 'rgb(122, 31, 162)');
});

test('the audit tells what happened, and its chain holds', async () => {
  const page = await admin('audit');
  await page.getByLabel('Action').selectOption('person_added');
  await page.getByText('Nora <b>Neu</b>', { exact: false }).first().waitFor();
  await page.getByRole('button', { name: 'Check the chain' }).click();
  await page.getByText(/^Intact: /).waitFor();
});
