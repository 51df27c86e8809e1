// The rule session: an admin points at things of a page, sees at once what agents see of it, and saves rules.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { layoutOf, openBrowser } from './people.mjs';
import { startSystem, until } from './system.mjs';
import { credentials, signIn } from './tour.mjs';

const SHAPE = { width: 1280, height: 800 };

let system, browser, page;
before(async () => {
  [system, browser] = await Promise.all([startSystem(), openBrowser()]);
  page = await (await browser.newContext({ locale: 'en-GB', viewport: SHAPE })).newPage();
  await page.goto(`${system.base}/agent`);
  await signIn(page, credentials(system));
});
after(async () => {
  await browser?.close();
  await system?.stop();
});

const policy = async () => (await system.api('GET', '/companies/demo/policy')).body;
const view = (who) => page.locator(`[data-tandem=as-${who}] video`);
const rules = () => page.locator('[data-tandem=draft-rules]');
const press = (name) => page.getByRole('button', { name, exact: true }).click();

/** The size of the remote page, as both views show it. */
let remote;
async function open(path) {
  await page.goto(`${system.base}/admin#rules`);
  await page.getByRole('link', { name: 'Open a rule session' }).click();
  await page.locator('#start').fill(`${system.demo}/${path}`);
  await press('Open');
  for (const who of ['customer', 'agent']) {
    await page.waitForFunction((who) => document.querySelector(`[data-tandem=as-${who}] video`)?.videoWidth > 0, who);
  }
  const width = 1024;
  remote = await until('the page in its size', async () => {
    const [video, box] = await Promise.all([view('customer').evaluate(({ videoWidth, videoHeight }) => [videoWidth, videoHeight]), view('customer').boundingBox()]);
    const isSized = video[0] === width && Math.abs(video[0] / video[1] - box.width / box.height) < 0.02;
    return isSized && { width: video[0], height: video[1] };
  });
}

async function placeIn(who, [x, y]) {
  const box = await view(who).boundingBox();
  const scale = box.width / remote.width;
  return [box.x + x * scale, box.y + y * scale];
}

/** Where a thing of a demo page is in the remote page. */
const placeOf = async (path, selector) => (await layoutOf(browser, `${system.demo}/${path}`, remote, [selector]))[selector];
const pointAt = async (place) => page.mouse.click(...(await placeIn('customer', place)));

/** The darkest value around a place: of a view that shows words there it is dark. */
const inkAt = (who, [x, y], reach = 200) =>
  view(who).evaluate(
    (video, [x, y, reach]) => {
      const canvas = new OffscreenCanvas(2 * reach, 24);
      const context = canvas.getContext('2d');
      context.drawImage(video, x - reach, y - 12, 2 * reach, 24, 0, 0, 2 * reach, 24);
      const { data } = context.getImageData(0, 0, 2 * reach, 24);
      let darkest = 255;
      for (let i = 0; i < data.length; i += 4) darkest = Math.min(darkest, data[i + 1]);
      return darkest;
    },
    [x, y, reach],
  );

test('something is pointed at, hidden, seen to be hidden, and saved', async () => {
  await open('checkout.html');
  const street = await placeOf('checkout.html', '#address');
  // As a customer: a field is filled in, and the agent's view has it too.
  await page.locator('[data-tandem=tool-browse]').click();
  await pointAt(street);
  await page.keyboard.type('12 Quay Street, Porthaven');
  for (const who of ['customer', 'agent']) await until(`the ${who}'s view to show it`, async () => (await inkAt(who, street)) < 120);

  await page.locator('[data-tandem=tool-hide]').click();
  await page.mouse.move(...(await placeIn('customer', street)));
  await page.locator('.outline.hovered').first().waitFor();
  await pointAt(street);
  await page.getByRole('heading', { name: 'Field “Street and number”' }).waitFor();
  await page.locator('[data-tandem=confirm-rule]').click();
  await rules().getByText('finds 1 thing here').waitFor();
  await until('the agent not to see it', async () => (await inkAt('agent', street)) > 150);
  assert.ok((await inkAt('customer', street)) < 120, 'the customer goes on seeing it');
  assert.deepEqual((await policy()).masking.rules, [], 'nothing holds elsewhere yet');

  // What only the customer may press.
  await page.locator('[data-tandem=tool-block]').click();
  await pointAt(await placeOf('checkout.html', 'nav a[href="article.html"]'));
  await page.getByRole('heading', { name: 'Link “Journal”' }).waitFor();
  await page.getByLabel('Every site').check();
  await page.locator('[data-tandem=confirm-rule]').click();
  await rules().getByText('Only customers press').waitFor();
  await page.locator('[data-tandem=tool-browse]').click();
  await page.mouse.click(...(await placeIn('agent', await placeOf('checkout.html', 'nav a[href="article.html"]'))));
  await page.getByText('Only the customer can do this').waitFor();

  await press('Save');
  await page.getByText('The rules hold in every session from now on').waitFor();
  const saved = await policy();
  const host = new URL(system.demo).hostname;
  assert.deepEqual(saved.masking.rules, [
    { site: host, what: { by: 'element', element: { role: 'textbox', label: 'Street and number', kind: 'street-address', near: '' } }, hide: true },
  ]);
  assert.deepEqual(saved.blocking.rules, [{ what: { by: 'element', element: { role: 'link', label: 'Journal', kind: '', near: '' } }, block: true }]);
});

test('a rule says when it finds nothing any more, and is taken back', async () => {
  await page.getByLabel('Address').fill(`${system.demo}/article.html`);
  await page.keyboard.press('Enter');
  const hidden = rules().locator('li').first();
  await hidden.getByText('finds nothing here').waitFor();
  await page.getByLabel('Address').fill(`${system.demo}/checkout.html`);
  await page.keyboard.press('Enter');
  await hidden.getByText('finds 1 thing here').waitFor();

  await page.locator('[data-tandem=tool-show]').click();
  const street = await placeOf('checkout.html', '#address');
  await pointAt(street);
  await page.getByText('Hidden by a rule of yours').waitFor();
  await press('Take the rule back');
  await until('the rule to be gone', async () => (await rules().locator('li').count()) === 1);
  await until('the field to be open', async () => {
    await pointAt(street);
    return page.getByText('Agents see it and may press it', { exact: false }).first().isVisible();
  });
  // Undone, the rule is there again.
  await press('Undo');
  await hidden.getByText('finds 1 thing here').waitFor();
});

test('of two admins nobody loses a rule, and nobody leaves by mistake', async () => {
  await page.locator('[data-tandem=tool-hide]').click();
  await pointAt(await placeOf('checkout.html', '#name'));
  await page.getByRole('heading', { name: 'Field “Name”' }).waitFor();
  await page.locator('[data-tandem=confirm-rule]').click();
  await until('two rules', async () => (await rules().locator('li').count()) === 3);
  // Somebody else is faster.
  const theirs = await policy();
  theirs.masking.rules.push({ what: { by: 'text', pattern: 'KD-######' }, hide: true });
  assert.equal((await system.api('PUT', '/companies/demo/policy', theirs)).status, 200);
  await press('Save');
  await page.getByText('Someone else has changed the rules meanwhile').waitFor();

  await page.getByRole('link', { name: 'Back to the rules' }).click();
  await page.getByText('Leave without saving?').waitFor();
  await press('Stay');
  assert.ok(page.url().endsWith('#rule-session'));
  await until('the draft to be tried', async () => page.locator('[data-tandem=save-rules]').isEnabled());
  await press('Save');
  await page.getByText('The rules hold in every session from now on').waitFor();
  const names = (await policy()).masking.rules.map(({ what }) => what.pattern ?? what.element.label);
  assert.deepEqual(names, ['Street and number', 'KD-######', 'Name']);
  await page.getByRole('link', { name: 'Back to the rules' }).click();
  await page.getByText('Field “Name”').waitFor();
  await until('the session to have ended', async () => {
    const { sessions } = (await system.api('GET', '/sessions')).body;
    return sessions.every(({ state }) => state === 'ended');
  });
});
