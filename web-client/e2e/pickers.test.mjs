// Lists, calendars and colours that fields open: our pages draw them for both, and nothing of Chromium's own is in the picture.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { clickAt, colourAt, isNear, SCREEN } from './people.mjs';
import { foreign, heardBy, row, showPages, VIEWPORT } from './stage.mjs';
import { until } from './system.mjs';

const IBAN = 'DE89 3704 0044 0532 0130 00';
const SAYS = "<script>for (const field of document.querySelectorAll('select,input')) for (const type of ['input', 'change']) field.addEventListener(type, () => tell({ [field.name]: field.value, type }))</script>";
const PAGES = {
  lists: `<select name="country" aria-label="Country"><optgroup label="Nordic"><option>Denmark<option>Norway<option disabled>Sweden</optgroup><option>Chile<option style="display:none">Atlantis<option>China</select>
    <select name="account" aria-label="From"><option>Choose<option value="iban">${IBAN}<option value="cash">Cash</select>
    <select name="month" autocomplete="cc-exp-month" aria-label="Expiry month"><option value="">-<option value="4">April</select>
    <select name="own" aria-label="Own"><option>a</select><iframe src="OTHER/framed"></iframe><button id="asks">Asks</button>
    <select name="base" autocomplete="cc-exp-month" style="appearance:base-select;width:400px;height:60px"><option>b1<option>b2</select>
    <style>::picker(select) { appearance: base-select; background: rgb(0,160,0); border: 0 } option { height: 60px; width: 400px; background: rgb(0,160,0); color: rgb(0,160,0) } option::checkmark { display: none }</style>
    <script>
      document.querySelector('[name=own]').onmousedown = (event) => { event.preventDefault(); tell('own list'); };
      asks.onclick = () => document.querySelector('[name=country]').showPicker();
    </script>${SAYS}`,
  framed: `<select name="framed" aria-label="Size"><option>Small<option>Large</select>${SAYS}`,
  values: `<input name="day" type="date" min="2026-01-01" value="2026-03-04" aria-label="Day of delivery"><input name="time" type="time" required aria-label="At">
    <input name="colour" type="color" value="#112233" aria-label="Colour"><input name="birth" type="date" autocomplete="bday" aria-label="Date of birth" style="width:400px">${SAYS}`,
  high: `<select name="late" aria-label="Late" style="margin-top:300px"><option>a<option>b</select><div style="height:2000px"></div><style>html { overflow: auto }</style>${SAYS}`,
  many: `<select name="many"></select><script>document.querySelector('select').innerHTML = Array.from({ length: 20000 }, (_, i) => '<option>' + i).join('')</script>`,
};

let stage;
before(async () => (stage = await showPages(PAGES)));
after(() => stage?.stop());
afterEach(() => stage.end());

const picker = (page) => page.locator('[data-tandem=picker]');
const lines = (page) => picker(page).getByRole('option').evaluateAll((all) => all.map((one) => one.textContent.trim()));
const line = (page, text) => picker(page).getByRole('option', { name: text, exact: true });
/** What a page has said of a field, in order. */
const said = (name) => stage.told.filter((what) => what[name] !== undefined).map((what) => `${what.type} ${what[name]}`);
const isSaid = (name, value) => until(`${name} is ${value}`, () => said(name).at(-1) === `change ${value}`);
const press = (page, place) => clickAt(page, place, VIEWPORT);
/** Presses until it opens: a page may not have its guard's policy yet. */
async function opens(page, place) {
  await press(page, place);
  await picker(page).waitFor();
}
const isGone = (...pages) => Promise.all(pages.map((page) => picker(page).waitFor({ state: 'detached' })));

test('both see a list that one opens, and either chooses', async () => {
  const { customer, agent } = await stage.at('lists');
  await opens(customer, row(0));
  await picker(agent).waitFor();
  for (const page of [customer, agent]) {
    assert.deepEqual(await lines(page), ['Denmark', 'Norway', 'Sweden', 'Chile', 'China']);
    assert.equal(await foreign(page, [450, 0, 350, 300]), 0, 'something of Chromium’s own is in the picture');
  }
  await agent.getByText('is choosing').waitFor();
  const [field, list] = [await customer.locator(SCREEN).boundingBox(), await picker(customer).boundingBox()];
  assert.ok(Math.abs(list.x - field.x) < 9 && list.y > field.y + 50 && list.y < field.y + 70, JSON.stringify([field, list]));
  // By keys: what cannot be chosen is passed over, and letters find.
  await customer.keyboard.press('ArrowDown');
  await customer.keyboard.press('ArrowDown');
  await customer.keyboard.press('Enter');
  await isSaid('country', 'Chile');
  assert.deepEqual(said('country'), ['input Chile', 'change Chile']);
  await isGone(customer, agent);
  assert.ok(await customer.evaluate((screen) => document.activeElement === document.querySelector(screen), SCREEN), 'the keyboard is in the picture again');
  // The agent opens it, and the customer chooses.
  await opens(agent, row(0));
  await line(customer, 'Denmark').click();
  await isSaid('country', 'Denmark');
  await isGone(customer, agent);
  // The other way round; by the field's own keys too.
  await customer.keyboard.press('Alt+ArrowDown');
  await line(agent, 'China').click();
  await isSaid('country', 'China');
  await isGone(customer, agent);
  for (const key of ['Enter', 'F4', 'Space']) {
    await customer.keyboard.press(key);
    await picker(customer).waitFor();
    if (key === 'Space') break;
    await customer.keyboard.press('Escape');
    await isGone(customer, agent);
  }
  await customer.keyboard.type('nor');
  await customer.keyboard.press('Enter');
  await isSaid('country', 'Norway');
  // Escape, a press beside it, and the field again close it without a choice.
  for (const close of [() => customer.keyboard.press('Escape'), () => press(customer, [600, 500]), () => press(customer, row(0))]) {
    await opens(customer, row(0));
    await close();
    await isGone(customer, agent);
  }
  assert.equal(said('country').at(-1), 'change Norway');
});

test('an agent does not hear what is hidden of a list, and cannot choose it', async () => {
  const { customer, agent } = await stage.at('lists');
  await opens(customer, row(1));
  assert.deepEqual(await lines(customer), ['Choose', IBAN, 'Cash']);
  await picker(agent).waitFor();
  assert.deepEqual(await lines(agent), ['Choose', 'hidden from you', 'Cash']);
  assert.equal(await picker(agent).getByRole('option', { disabled: true }).count(), 1);
  const id = await agent.evaluate(() => JSON.parse(window.heard.findLast((text) => text.includes('"type":"picker"'))).picker.id);
  await agent.evaluate((id) => window.channels.control.send(JSON.stringify({ type: 'choose', picker: id, chosen: { choice: 'line', index: 1 } })), id);
  await agent.getByText('This is hidden').waitFor();
  assert.deepEqual(said('account'), []);
  await isGone(customer, agent);
  await opens(customer, row(1));
  await line(customer, IBAN).click();
  await isSaid('account', 'iban');
  await isGone(customer, agent);
  // Now the field shows it, and is hidden whole.
  await opens(customer, row(1));
  assert.equal(await picker(agent).count(), 0);
  await customer.keyboard.press('Escape');
  // A field that is hidden whole opens for the customer alone, and agents do not hear that it does.
  const pickers = async () => (await heardBy(agent)).split('"type":"picker"').length;
  await isGone(customer, agent);
  const before = await pickers();
  await opens(customer, row(2));
  await line(customer, 'April').click();
  await isSaid('month', '4');
  assert.equal(await pickers(), before);
  await press(agent, row(2));
  await agent.getByText('This is hidden').waitFor();
  const heard = await heardBy(agent);
  assert.ok(!heard.includes('3704') && !heard.includes('April') && !heard.includes('Expiry'));
});

test('in frames of other sites, by scripts, and where a page has a list of its own', async () => {
  const { customer, agent } = await stage.at('lists');
  await opens(customer, [100, 270]);
  assert.deepEqual(await lines(customer), ['Small', 'Large']);
  const [field, list] = [await customer.locator(SCREEN).boundingBox(), await picker(customer).boundingBox()];
  assert.ok(Math.abs(list.y - (field.y + 300)) < 9, JSON.stringify([field, list]));
  await until('the agent’s list', async () => (await picker(agent).isVisible()) && (await lines(agent)).join() === 'Small,Large');
  await line(agent, 'Large').click();
  await isSaid('framed', 'Large');
  await isGone(customer, agent);
  await press(customer, row(3));
  await stage.isTold('the page’s own list', (what) => what === 'own list');
  assert.equal(await picker(customer).count(), 0);
  await opens(agent, row(6));
  assert.deepEqual(await lines(customer), ['Denmark', 'Norway', 'Sweden', 'Chile', 'China']);
  await line(agent, 'Chile').click();
  await isSaid('country', 'Chile');
});

test('a list that the page draws itself is the page’s, and hidden where its field is', async () => {
  const { customer, agent } = await stage.at('lists');
  await press(customer, row(7));
  await until('the page’s own list', async () => isNear(await colourAt(customer, [200, 350], VIEWPORT), [0, 160, 0]));
  assert.equal(await picker(customer).count(), 0);
  const seen = await agent.evaluate(async (screen) => {
    const canvas = new OffscreenCanvas(800, 600);
    const context = canvas.getContext('2d', { willReadFrequently: true });
    let green = 0;
    for (const end = performance.now() + 2000; performance.now() < end; await new Promise(requestAnimationFrame)) {
      context.drawImage(document.querySelector(screen), 0, 0, 800, 600);
      const { data } = context.getImageData(0, 0, 400, 600);
      for (let i = 0; i < data.length; i += 4) if (data[i] < 40 && data[i + 1] > 130 && data[i + 2] < 40) green += 1;
    }
    return green;
  }, SCREEN);
  assert.equal(seen, 0, 'the agent has seen it');
});

test('dates, times and colours come from the person’s own device', async () => {
  const { customer, agent } = await stage.at('values');
  const input = picker(customer).locator('input');
  await opens(customer, [385, 30]);
  assert.deepEqual(await input.evaluate(({ type, min, value }) => [type, min, value]), ['date', '2026-01-01', '2026-03-04']);
  await agent.getByText('is choosing').waitFor();
  assert.equal(await picker(agent).locator('input').count(), 0);
  assert.equal(await foreign(customer, [450, 0, 350, 600]), 0);
  await input.fill('2026-05-06');
  await picker(customer).getByRole('button', { name: 'Use' }).click();
  await isSaid('day', '2026-05-06');
  assert.deepEqual(said('day'), ['input 2026-05-06', 'change 2026-05-06']);
  await isGone(customer, agent);
  // Beside its calendar a field is written into as ever.
  await press(customer, [40, 30]);
  await opens(customer, [385, 90]);
  assert.equal(await picker(customer).getByRole('button', { name: 'Clear' }).count(), 0, 'it is required');
  await input.fill('13:45');
  await picker(customer).getByRole('button', { name: 'Use' }).click();
  await isSaid('time', '13:45');
  await opens(agent, row(2));
  const theirs = picker(agent).locator('input');
  assert.equal(await theirs.inputValue(), '#000000', 'agents hear the type alone');
  await theirs.fill('#445566');
  await picker(agent).getByRole('button', { name: 'Use' }).click();
  await isSaid('colour', '#445566');
  // A birth date is the customer's.
  await opens(customer, [385, 210]);
  await picker(customer).getByText('The agent sees none of this').waitFor();
  assert.equal(await picker(agent).count(), 0);
  await input.fill('1980-02-29');
  await picker(customer).getByRole('button', { name: 'Use' }).click();
  await isSaid('birth', '1980-02-29');
  await opens(customer, [385, 30]);
  await picker(customer).getByRole('button', { name: 'Clear' }).click();
  await isSaid('day', '');
  assert.ok(!/1980-02-29|2026-05-06/.test(await heardBy(agent)));
});

test('what moves, or is behind another tab, is closed; a list without end is Chromium’s', async () => {
  const { customer, agent, isAt, id } = await stage.at('high');
  await opens(customer, [100, 330]);
  await agent.mouse.move(300, 300);
  await agent.mouse.wheel(0, 200);
  await isGone(customer, agent);
  await opens(customer, [100, 130]);
  await agent.getByRole('button', { name: 'Open a new tab' }).first().click();
  await isGone(customer, agent);
  await stage.system.api('POST', `/sessions/${id}/navigate`, { url: stage.address('many') });
  await isAt('/many');
  await press(customer, row(0));
  await until('Chromium’s own', async () => (await foreign(customer, [0, 70, 300, 400])) > 1000);
  assert.equal(await picker(customer).count(), 0);
});

test('on a phone it comes from below, and a date by a tap anywhere on the field', async () => {
  const size = { width: 390, height: 844 };
  const phone = { viewport: size, deviceScaleFactor: 2, isMobile: true, hasTouch: true, reducedMotion: 'reduce', locale: 'en-GB' };
  const { customer, agent, isAt, id } = await stage.at('lists', phone, { width: 390, height: 740, scale: 2 });
  const box = await customer.locator(SCREEN).boundingBox();
  await customer.touchscreen.tap(box.x + 100, box.y + 30);
  await picker(customer).waitFor();
  const sheet = await picker(customer).boundingBox();
  assert.ok(sheet.width === size.width && Math.abs(sheet.y + sheet.height - size.height) < 2, JSON.stringify(sheet));
  await picker(agent).waitFor();
  await line(customer, 'Norway').tap();
  await isSaid('country', 'Norway');
  await stage.system.api('POST', `/sessions/${id}/navigate`, { url: stage.address('values') });
  await isAt('/values');
  await until('a date', async () => {
    await customer.touchscreen.tap(box.x + 60, box.y + 30);
    return picker(customer).waitFor({ timeout: 3_000 }).then(() => true, () => false);
  });
  await picker(customer).locator('input').fill('2026-07-08');
  await picker(customer).getByRole('button', { name: 'Use' }).tap();
  await isSaid('day', '2026-07-08');
});
