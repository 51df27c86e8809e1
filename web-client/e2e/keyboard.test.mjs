// What people type arrives as they typed it: twelve scripts, input methods, soft keyboards, a page that is busy, keys that nobody lets go.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { openNotebook } from './notebook.mjs';
import { clickAt, joinAsAgent, joinAsCustomer, openBrowser, placeOnScreen, SCREEN } from './people.mjs';
import { compose, insert, key, scripts, typeCharacter } from './scripts.mjs';
import { startSystem, until } from './system.mjs';

const VIEWPORT = { width: 1000, height: 700, scale: 1 };
const WINDOW = { viewport: { width: 1000, height: 752 } };
/** The full measure is 200, which takes two minutes and a half. */
const LENGTH = Number(process.env.TANDEM_E2E_CHARACTERS ?? 50);
/** As fast as a quick typist. */
const PACE = 1000 / 15;

const STYLE = `<meta charset="utf-8"><title>Form</title><style>* { margin: 0 } body { height: 3000px }
  textarea, input { display: block; box-sizing: border-box; width: 900px; height: 70px; margin-bottom: 10px }</style>
  <script>addEventListener('load', () => note('ready', true))</script>`;
const SAYS = `<script>addEventListener('input', ({ target }) => note(target.id, target.value));
  addEventListener('focusin', ({ target }) => note('focused', target.id));
  addEventListener('scroll', () => note('scrolled', scrollY))</script>`;
const PAGES = {
  form: `${STYLE}${Array.from({ length: 6 }, (_, i) => `<textarea id="field${i}"></textarea>`).join('')}${SAYS}`,
  busy: `${STYLE}${Array.from({ length: 4 }, (_, i) => `<input id="field${i}">`).join('')}${SAYS}<script>
    (function burn() { for (const end = performance.now() + 50; performance.now() < end; ); requestAnimationFrame(burn) })()</script>`,
  keys: `${STYLE}<textarea id="field0"></textarea><script>
    const down = new Set();
    const say = () => note('down', [...down].sort());
    addEventListener('keydown', (event) => { if (event.key !== 'F24') { down.add(event.code); event.preventDefault(); say(); note('seen', (notes.seen ?? 0) + 1) } });
    addEventListener('keyup', (event) => { down.delete(event.code); say() })</script>`,
};

let notebook, system, browser;
before(async () => {
  notebook = await openNotebook(PAGES);
  [system, browser] = await Promise.all([startSystem({ TANDEM_ALLOW_PRIVATE: notebook.host }), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await system?.stop();
  notebook?.close();
});
// Slots are few, and what one test leaves is no matter of the next.
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  for (const { id, state } of (await system.api('GET', '/sessions')).body.sessions) {
    if (state !== 'ended' && state !== 'failed') await system.api('DELETE', `/sessions/${id}`);
  }
});

/** A customer and an agent on one of the pages; `cdp` types as the customer's own keyboard would. */
async function together(page, id) {
  const { body: made } = await system.api('POST', '/sessions', { company: 'demo', start_url: notebook.address(page, id), viewport: VIEWPORT });
  const customer = await joinAsCustomer(browser, made.customer_url, WINDOW);
  await until('the page', () => notebook.notes(id).ready);
  const agent = await joinAsAgent(browser, made.agent_url, WINDOW);
  const cdp = await customer.context().newCDPSession(customer);
  return { customer, agent, cdp };
}

const field = (i) => [300, 35 + 80 * i];
const arrived = (id, name, text, what = name) =>
  until(name, () => notebook.notes(id)[name] === text).catch(() => assert.equal(notebook.notes(id)[name], text, what));

/** The customer presses a field, wherever it has been scrolled to, and types there once their page knows that there is one. */
async function enter(customer, id, i) {
  await customer.evaluate((screen) => document.querySelector(screen).focus(), SCREEN);
  const [x, y] = field(i);
  const isIn = () => notebook.notes(id).focused === `field${i}`;
  await until('the field', async () => {
    await clickAt(customer, [x, y - (notebook.notes(id).scrolled ?? 0)], VIEWPORT);
    return until('the focus', isIn, 2_000).catch(() => false);
  });
  await customer.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
}

/** The other one, who moves and turns the wheel as long as `going` says. */
async function fidget(agent, going) {
  for (let i = 0; going(); i += 1) {
    const [x, y] = await placeOnScreen(agent, [100 + ((i * 37) % 800), 100 + ((i * 53) % 500)], VIEWPORT);
    await agent.mouse.move(x, y, { steps: 4 });
    await agent.mouse.wheel(0, i % 2 === 0 ? 8 : -8);
  }
}

/** Calls `act` with each item, one every `pace` milliseconds, or as soon after as the machine can. */
async function paced(items, pace, act) {
  const start = performance.now();
  for (const [i, item] of items.entries()) {
    const wait = start + i * pace - performance.now();
    if (wait > 0) await new Promise((next) => setTimeout(next, wait));
    await act(item);
  }
}

test(`${LENGTH} characters of each of twelve scripts arrive exactly, while the other person moves and scrolls`, async () => {
  const all = scripts(LENGTH);
  const halves = [all.filter((_, i) => i % 2 === 0), all.filter((_, i) => i % 2 === 1)];
  await Promise.all(halves.map(async (half, which) => {
    const id = `scripts${which}`;
    const { customer, agent, cdp } = await together('form', id);
    for (const [i, { name, by, characters }] of half.entries()) {
      await enter(customer, id, i);
      let going = true;
      const other = fidget(agent, () => going);
      await paced(characters, PACE, (character) => typeCharacter(cdp, by, character));
      going = false;
      await other;
      await arrived(id, `field${i}`, characters.join(''), name);
    }
  }));
});

test('on a page that is busy all the time, 20 characters a second keep their order, from field to field', async () => {
  const { customer, agent } = await together('busy', 'busy');
  await enter(customer, 'busy', 0);
  let going = true;
  const other = fidget(agent, () => going);
  const texts = Array.from({ length: 4 }, (_, i) => `${i}: The quick brown fox jumps over the lazy dog, ${i * 7919}.`);
  for (const [i, text] of texts.entries()) {
    if (i > 0) await customer.keyboard.press('Tab');
    await paced([...text], 50, (character) => customer.keyboard.press(character === ' ' ? 'Space' : character));
  }
  going = false;
  await other;
  for (const [i, text] of texts.entries()) await arrived('busy', `field${i}`, text);
});

test('an input method’s words change until they are chosen, and one that is given up leaves nothing', async () => {
  const { customer, cdp } = await together('form', 'method');
  await enter(customer, 'method', 0);
  for (const text of ['k', 'か', 'かん', 'かんじ', '漢字']) await compose(cdp, text);
  await insert(cdp, '漢字');
  await compose(cdp, 'へ');
  await compose(cdp, '');
  await key(cdp, 'x', 'KeyX');
  for (const text of ['ㅎ', '하', '한']) await compose(cdp, text);
  await insert(cdp, '한');
  await insert(cdp, '👩‍👩‍👧‍👦');
  await arrived('method', 'field0', '漢字x한👩‍👩‍👧‍👦');
  // A paste of this device's own.
  await enter(customer, 'method', 1);
  await customer.evaluate(() => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', 'línea 1\nline 2 — 日本');
    document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  });
  await arrived('method', 'field1', 'línea 1\nline 2 — 日本');
});

test('no key sticks, however people press, let go, leave and come back', async () => {
  const { customer, agent } = await together('keys', 'keys');
  const codes = ['KeyA', 'KeyB', 'Digit1', 'ShiftLeft', 'ControlLeft', 'ArrowLeft', 'Enter', 'KeyÄ'].slice(0, 7);
  let seed = 7;
  const random = (below) => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % below;
  for (let i = 0; i < 300; i += 1) {
    const page = random(2) ? customer : agent;
    const code = codes[random(codes.length)];
    const chance = random(20);
    if (chance === 0) await page.evaluate(() => document.activeElement.blur());
    else if (chance === 1) await page.evaluate(() => window.dispatchEvent(new Event('blur')));
    else if (i % 100 === 99) {
      await customer.reload();
      await customer.waitForFunction((screen) => document.documentElement.dataset.session === 'live' && document.querySelector(screen)?.videoWidth > 0, SCREEN);
    } else if (chance < 11) await page.keyboard.down(code);
    else await page.keyboard.up(code);
    if (chance < 2) await page.focus(SCREEN);
  }
  for (const page of [customer, agent]) await page.evaluate(() => document.activeElement.blur());
  await until('every key to be up', () => notebook.notes('keys').down?.length === 0);
  assert.ok(notebook.notes('keys').seen > 50);
});
