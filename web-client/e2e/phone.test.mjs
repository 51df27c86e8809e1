// A customer on a phone: the cloud browser is one too, fingers do what fingers do, and the keyboard comes when it is wanted.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { openNotebook } from './notebook.mjs';
import { colourAt, isNear, joinAsAgent, joinAsCustomer, openBrowser, placeOnScreen, SCREEN } from './people.mjs';
import { startSystem, until } from './system.mjs';
import { holdKeyboard } from './tour.mjs';

const UPRIGHT = { width: 390, height: 844 };
const TURNED = { width: 844, height: 390 };
const PHONE = { viewport: UPRIGHT, screen: UPRIGHT, deviceScaleFactor: 2, isMobile: true, hasTouch: true, locale: 'en-GB', timezoneId: 'Asia/Tokyo', colorScheme: 'dark' };
const DESK = { viewport: { width: 1280, height: 900 }, locale: 'en-GB', timezoneId: 'America/Bogota', colorScheme: 'light' };

const KINDS = {
  text: ['<input id="text">', 'text'],
  mail: ['<input id="mail" type="email">', 'email'],
  phone: ['<input id="phone" type="tel">', 'tel'],
  address: ['<input id="address" type="url">', 'url'],
  amount: ['<input id="amount" type="number">', 'decimal'],
  code: ['<input id="code" inputmode="numeric">', 'numeric'],
  search: ['<input id="search" type="search">', 'search'],
  labelled: ['<label for="many">Many words</label><textarea id="many" style="position:absolute;left:-500px"></textarea>', 'text'],
};
/** Above what people see of a page are three rows of its own for the marker (`tandem_masking::STRIP`). */
const STYLE = `<meta name="viewport" content="width=device-width, initial-scale=1"><style>* { margin: 0; box-sizing: border-box }
  input, textarea, label, button, p { display: block; width: 100%; height: 48px }</style>
  <script>addEventListener('load', () => note('ready', navigator.userAgentData.mobile))</script>`;
const PAGES = {
  self: `${STYLE}<title>Self</title><button id="b" onclick="note('taps', (notes.taps ?? 0) + 1)">Tap</button><input id="kept"><script>
    const look = () => note('self', {
      width: innerWidth, agent: navigator.userAgent, mobile: navigator.userAgentData.mobile, platform: navigator.userAgentData.platform,
      versions: navigator.userAgentData.brands.length, touch: 'ontouchstart' in window, coarse: matchMedia('(pointer: coarse)').matches, hover: matchMedia('(hover: hover)').matches,
      dark: matchMedia('(prefers-color-scheme: dark)').matches, zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      turned: screen.orientation.type.startsWith('landscape'), density: devicePixelRatio, kept: kept.value });
    addEventListener('resize', look); addEventListener('input', look); matchMedia('(prefers-color-scheme: dark)').addEventListener('change', look); look();
    // No event tells of another time zone.
    setInterval(look, 200)</script>`,
  touch: `${STYLE}<title>Touch</title><div id="top" style="height:300px">top</div><div style="height:20000px;background:linear-gradient(red,blue)"></div><script>
    const count = (name) => note(name, (notes[name] ?? 0) + 1);
    for (const type of ['click', 'dblclick', 'contextmenu', 'touchcancel', 'touchend', 'mousedown']) addEventListener(type, (event) => { count(type); if (type === 'contextmenu') event.preventDefault(); if (type === 'touchend') note('ended', scrollY) });
    addEventListener('touchstart', (event) => note('fingers', Math.max(notes.fingers ?? 0, event.touches.length)));
    addEventListener('click', (event) => note('at', [event.clientX, event.clientY - 3]));
    addEventListener('scroll', () => note('scroll', scrollY)); addEventListener('wheel', () => count('wheel'))</script>`,
  // No phone's page: it is made as small as the phone is wide.
  wide: `<title>Wide</title><style>* { margin: 0 } html { background: rgb(0,0,200) } input, button { position: absolute; left: 600px; width: 300px; height: 200px; border: 0; background: rgb(0,160,0) }</style>
    <input type="password" style="top:200px"><button style="top:600px"></button><select style="position:absolute;left:0;top:1000px;width:900px;height:100px;font-size:60px"><option>One<option>Two</select><script>
    addEventListener('load', () => note('ready', true)); addEventListener('click', (event) => note('at', [event.clientX, event.clientY]));</script>`,
  fields: `${STYLE}<title>Fields</title>${Object.values(KINDS).map(([html]) => html).join('')}<input id="secret" type="password"><p>No field</p><div style="height:110px"></div><input id="last"><script>
    addEventListener('input', ({ target }) => note(target.id, target.value)); addEventListener('focusin', ({ target }) => note('focus', target.id)); addEventListener('focusout', () => note('focus', null))</script>`,
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

async function create(page, key = page) {
  return (await system.api('POST', '/sessions', { company: 'demo', start_url: notebook.address(page, key) })).body;
}

/** A customer with one of the pages on a phone, and their fingers. */
async function onPhone(page, prepare = () => {}) {
  const made = await create(page);
  const context = await browser.newContext(PHONE);
  await context.addInitScript(prepare);
  const customer = await context.newPage();
  await customer.goto(made.customer_url);
  await customer.click('[data-tandem=accept]');
  await fills(customer);
  await until('the page', () => notes(page).ready);
  return { made, customer, fingers: await fingersOf(customer) };
}

/** The remote page has the phone's size, and its picture too. */
async function fills(customer) {
  await customer.waitForFunction((screen) => {
    const video = document.querySelector(screen);
    const stage = video?.closest('.stage');
    return stage && Math.abs(video.videoWidth / video.videoHeight - stage.clientWidth / stage.clientHeight) < 0.02;
  }, SCREEN);
}

const sizeOf = (page) => page.evaluate((screen) => {
  const { clientWidth: width, clientHeight: height } = document.querySelector(screen).closest('.stage');
  return { width, height };
}, SCREEN);

/** What fingers do at places of the remote page, which fills the stage. */
async function fingersOf(page) {
  const cdp = await page.context().newCDPSession(page);
  const viewport = await sizeOf(page);
  const touch = async (type, ...places) => {
    const touchPoints = await Promise.all(places.map(async (place, id) => {
      const [x, y] = await placeOnScreen(page, place, viewport);
      return { x, y, id };
    }));
    await cdp.send('Input.dispatchTouchEvent', { type, touchPoints });
  };
  const wait = (ms) => new Promise((later) => setTimeout(later, ms));
  return {
    cdp,
    touch,
    tap: async (place) => {
      await touch('touchStart', place);
      await wait(60);
      await touch('touchEnd');
    },
    press: async (place, ms) => {
      await touch('touchStart', place);
      await wait(ms);
      await touch('touchEnd');
    },
    swipe: async ([x, y], dy, steps = 8) => {
      await touch('touchStart', [x, y]);
      for (let i = 1; i <= steps; i += 1) {
        await wait(12);
        await touch('touchMove', [x, y + (dy * i) / steps]);
      }
      await touch('touchEnd');
    },
  };
}

const notes = (key) => notebook.notes(key);
const noted = (key, what, is) => until(what, () => is(notes(key)));

test('a phone is a phone to the page too, upright and turned, and a desk is a desk', async () => {
  const { customer } = await onPhone('self');
  const phone = await noted('self', 'the phone', ({ self }) => self?.width === 390 && self.mobile && self);
  assert.match(phone.agent, /Linux; Android 10; K\).* Chrome\/\d+\.0\.0\.0 Mobile Safari/);
  assert.ok(phone.versions > 0);
  assert.deepEqual(
    { ...phone, agent: '', versions: 0 },
    { width: 390, agent: '', mobile: true, platform: 'Android', versions: 0, touch: true, coarse: true, hover: false, dark: true, zone: 'Asia/Tokyo', turned: false, density: 2, kept: '' },
  );
  const headers = notebook.requests('self').at(-1);
  assert.equal(headers['sec-ch-ua-mobile'], '?1');
  assert.match(headers['user-agent'], /Mobile/);
  assert.ok(notebook.requests('self').length <= 2);
  // Something typed before the phone is turned is there afterwards.
  let fingers = await fingersOf(customer);
  await fingers.tap([195, 72]);
  await customer.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
  await fingers.cdp.send('Input.insertText', { text: 'kept' });
  await noted('self', 'the text', ({ self }) => self.kept === 'kept');
  for (const [size, turned] of [[TURNED, true], [UPRIGHT, false]]) {
    await customer.setViewportSize(size);
    await fills(customer);
    const self = await noted('self', 'the turned phone', ({ self }) => self.turned === turned && self.width === size.width && self);
    assert.ok(self.mobile && self.touch && self.kept === 'kept');
    fingers = await fingersOf(customer);
    const { taps = 0 } = notes('self');
    await fingers.tap([size.width - 60, 24]);
    await noted('self', 'a tap', (all) => all.taps === taps + 1);
  }
  await customer.emulateMedia({ colorScheme: 'light' });
  await noted('self', 'the light page', ({ self }) => self.dark === false);

  const made = await create('self', 'desk');
  await joinAsCustomer(browser, made.customer_url, DESK);
  const desk = await noted('desk', 'the desk', ({ self }) => self?.zone === 'America/Bogota' && self);
  assert.deepEqual([desk.mobile, desk.platform, desk.touch, desk.coarse, desk.dark, desk.width], [false, 'Linux', false, false, false, 1280]);
  assert.doesNotMatch(desk.agent, /Android|Mobile/);
  assert.equal(notebook.requests('desk').length, 1, 'it was a desk from the beginning');
});

test('fingers tap, scroll with momentum, press long and tap twice; a mouse works beside them', async () => {
  const { customer, fingers } = await onPhone('touch');
  await fingers.tap([100, 100]);
  const { at } = await noted('touch', 'a tap', (all) => all.click === 1 && all);
  assert.ok(Math.hypot(at[0] - 100, at[1] - 100) < 3, String(at));
  await fingers.tap([100, 100]);
  await fingers.tap([100, 100]);
  await noted('touch', 'three taps', (all) => all.click === 3 && all.dblclick >= 1);
  await fingers.press([100, 150], 900);
  await noted('touch', 'a long press', (all) => all.contextmenu === 1);
  await fingers.swipe([200, 600], -400);
  await noted('touch', 'momentum', (all) => all.scroll > all.ended + 20);
  let last = -1;
  await until('the end of it', () => {
    const { scroll } = notes('touch');
    const rests = scroll === last;
    last = scroll;
    return rests;
  });
  await customer.mouse.click(200, 300);
  await noted('touch', 'the mouse', (all) => all.click === 4);
  await customer.mouse.wheel(0, 200);
  await noted('touch', 'the wheel', (all) => all.wheel >= 1);
  // What is held when the phone shows something else is let go.
  const { touchcancel = 0 } = notes('touch');
  await fingers.touch('touchStart', [100, 300]);
  await customer.evaluate(() => {
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
    document.querySelector('video').pause();
  });
  await noted('touch', 'the finger to be taken away', (all) => all.touchcancel > touchcancel);
  await customer.evaluate(() => {
    delete document.hidden;
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await customer.waitForFunction((screen) => !document.querySelector(screen).paused, SCREEN);
  await fingers.touch('touchEnd');
  const { click } = notes('touch');
  await fingers.tap([100, 300]);
  await noted('touch', 'a tap afterwards', (all) => all.click === click + 1);
});

test('two fingers zoom the picture, of which the remote page knows nothing, and a tap goes where it seems to', async () => {
  const { customer, fingers } = await onPhone('touch');
  await fingers.tap([100, 100]);
  await noted('touch', 'a tap', (all) => all.click >= 1);
  const whole = await customer.locator(SCREEN).boundingBox();
  // placeOnScreen goes by the picture, which grows meanwhile: so these are places of this page.
  const send = (type, ...places) => fingers.cdp.send('Input.dispatchTouchEvent', { type, touchPoints: places.map(([x, y], id) => ({ x, y, id })) });
  await send('touchStart', [150, 400], [250, 400]);
  for (const by of [20, 40, 60, 80, 100]) await send('touchMove', [150 - by, 400], [250 + by, 400]);
  await send('touchEnd');
  const zoomed = await customer.locator(SCREEN).boundingBox();
  assert.ok(zoomed.width > whole.width * 2.5, `${zoomed.width}`);
  assert.ok(zoomed.x <= whole.x && zoomed.x + zoomed.width >= whole.x + whole.width);
  assert.equal(notes('touch').fingers, 1);
  const viewport = await sizeOf(customer);
  const { click } = notes('touch');
  const seen = [200, 400];
  const meant = [((seen[0] - zoomed.x) / zoomed.width) * viewport.width, ((seen[1] - zoomed.y) / zoomed.height) * viewport.height];
  await send('touchStart', seen);
  await send('touchEnd');
  const { at } = await noted('touch', 'the tap', (all) => all.click === click + 1 && all);
  assert.ok(Math.hypot(at[0] - meant[0], at[1] - meant[1]) < 2, `${at} for ${meant}`);
  await send('touchStart', [150, 400], [250, 400]);
  for (const by of [10, 20, 30]) await send('touchMove', [150 + by, 400 - by], [250 + by, 400 - by]);
  await send('touchEnd');
  const moved = await customer.locator(SCREEN).boundingBox();
  assert.ok(Math.abs(moved.x - zoomed.x - 30) < 3 && Math.abs(moved.y - zoomed.y + 30) < 3);
  await customer.getByText('Show the whole page').click();
  assert.deepEqual(await customer.locator(SCREEN).boundingBox(), whole);
  assert.equal(notes('touch').scroll ?? 0, 0);
});

test('the keyboard comes with a tap on a field, is of its kind, leaves the field in sight, and goes with it', async () => {
  const { customer, fingers } = await onPhone('fields', holdKeyboard);
  const focus = () => customer.evaluate(() => ({ name: document.activeElement.localName, type: document.activeElement.type, mode: document.activeElement.inputMode, corrects: document.activeElement.getAttribute('autocorrect') }));
  let y = 24;
  for (const [id, [, mode]] of Object.entries(KINDS)) {
    await fingers.tap([150, y]);
    await noted('fields', id, (all) => all.focus === (id === 'labelled' ? 'many' : id));
    await until(`the keyboard for ${id}`, async () => (await focus()).mode === mode);
    const { name, corrects } = await focus();
    assert.deepEqual([name, corrects], ['textarea', mode === 'text' ? 'on' : 'off'], id);
    y += 48;
  }
  await fingers.tap([150, y]);
  await until('the keyboard for a password', async () => (await focus()).type === 'password');
  await fingers.cdp.send('Input.insertText', { text: 'hunter2' });
  await noted('fields', 'the password', (all) => all.secret === 'hunter2');
  assert.equal(await customer.evaluate(() => document.activeElement.value.replaceAll('\u200b', '')), '');

  const size = await sizeOf(customer);
  const low = y + 24 + 48 + 110 + 24;
  assert.ok(low < size.height);
  await fingers.tap([150, low]);
  await noted('fields', 'the last field', (all) => all.focus === 'last');
  await until('the keyboard', async () => (await focus()).name === 'textarea');
  const stop = await customer.locator('.stop').boundingBox();
  await customer.evaluate(() => window.keyboardOf(400));
  await until('the field above the keyboard', async () => {
    const [, seen] = await placeOnScreen(customer, [150, low], size);
    return seen + 20 < 844 - 400 && seen > 60;
  });
  assert.deepEqual(await customer.locator('.stop').boundingBox(), stop, 'the way out stays where it is');
  // It is used from there: words that are corrected, and words that are taken back.
  const edit = (back, text) => customer.evaluate(([back, text]) => {
    const field = document.activeElement;
    field.setSelectionRange(field.value.length - back, field.value.length);
    document.execCommand(text ? 'insertText' : 'delete', false, text);
  }, [back, text]);
  await fingers.cdp.send('Input.insertText', { text: 'teh' });
  await edit(3, 'the');
  await edit(0, ' cat 👩‍👩‍👧‍👦क्षि');
  await edit(4, 'x');
  await noted('fields', 'the corrected words', (all) => all.last === 'the cat 👩‍👩‍👧‍👦x');
  for (let i = 0; i < 3; i += 1) await edit(0, '');
  await fingers.cdp.send('Input.insertText', { text: '!' });
  await noted('fields', 'what is left', (all) => all.last === 'the cat!');
  // Where there is no field the keyboard goes.
  const [, above] = await placeOnScreen(customer, [150, y + 72], size);
  await customer.touchscreen.tap(150, above);
  await noted('fields', 'no field', (all) => all.focus === null);
  await customer.waitForFunction((screen) => document.activeElement === document.querySelector(screen), SCREEN);
  await customer.evaluate(() => window.keyboardOf(0));
});

test('the agent sees the phone in a frame, upright and turned, and points at the same place', async () => {
  const { made, customer } = await onPhone('touch');
  const agent = await joinAsAgent(browser, made.agent_url, DESK);
  for (const size of [UPRIGHT, TURNED]) {
    await customer.setViewportSize(size);
    await fills(customer);
    const viewport = await sizeOf(customer);
    await agent.waitForFunction(([screen, v]) => {
      const video = document.querySelector(screen);
      return video.closest('.phone') && Math.abs(video.clientWidth / video.clientHeight - v.width / v.height) < 0.02;
    }, [SCREEN, viewport]);
    const { click = 0 } = notes('touch');
    const place = [viewport.width * 0.75, viewport.height * 0.25];
    await agent.mouse.click(...await placeOnScreen(agent, place, viewport));
    const { at } = await noted('touch', 'the agent’s click', (all) => all.click === click + 1 && all);
    assert.ok(Math.hypot(at[0] - place[0], at[1] - place[1]) < 3, `${at} for ${place}`);
  }
});

test('a page that is no phone’s is seen by both as the phone shows it, and hidden where it is to be', async () => {
  const { made, customer, fingers } = await onPhone('wide');
  const agent = await joinAsAgent(browser, made.agent_url, DESK);
  const viewport = await sizeOf(customer);
  // 980 CSS pixels of the page are as wide as the phone.
  const at = (x, y) => [(x * viewport.width) / 980, (y * viewport.width) / 980];
  const [field, button] = [at(750, 300), at(750, 700)];
  const isSeen = (page, place, colour) => until(`${colour} at ${place}`, async () => isNear(await colourAt(page, place, viewport), colour));
  await isSeen(agent, button, [0, 160, 0]);
  await isSeen(agent, field, [0, 0, 200]);
  const hatch = await agent.locator('.hidden').first();
  await hatch.waitFor();
  const [box, [x, y]] = [await hatch.boundingBox(), await placeOnScreen(agent, field, viewport)];
  assert.ok(Math.abs(box.x + box.width / 2 - x) < 4 && Math.abs(box.y + box.height / 2 - y) < 4, JSON.stringify([box, x, y]));
  await agent.mouse.click(...await placeOnScreen(agent, button, viewport));
  await noted('wide', 'the agent’s click', (all) => all.at && Math.hypot(all.at[0] - 750, all.at[1] - 704) < 12);
  // What agents draw holds on to the same place.
  await agent.getByRole('button', { name: 'Box' }).click();
  const [from, to] = [await placeOnScreen(agent, at(600, 600), viewport), await placeOnScreen(agent, at(900, 800), viewport)];
  await agent.mouse.move(...from);
  await agent.mouse.down();
  await agent.mouse.move(...to, { steps: 4 });
  await agent.mouse.up();
  const drawn = customer.locator('[data-tandem=drawings] rect').last();
  await drawn.waitFor();
  const [theirs, [left, top], [right]] = [await drawn.boundingBox(), await placeOnScreen(customer, at(600, 600), viewport), await placeOnScreen(customer, at(900, 800), viewport)];
  assert.ok(Math.abs(theirs.x - left) < 6 && Math.abs(theirs.y - top) < 6 && Math.abs(theirs.width - (right - left)) < 12, JSON.stringify([theirs, left, top, right]));
  await agent.keyboard.press('Escape');
  // The agent opens a list: it is below its field.
  await agent.mouse.click(...await placeOnScreen(agent, at(400, 1050), viewport));
  const list = await agent.locator('[data-tandem=picker]').boundingBox();
  const [, under] = await placeOnScreen(agent, at(0, 1100), viewport);
  assert.ok(Math.abs(list.y - under) < 6, JSON.stringify([list, under]));
  await fingers.tap(at(400, 1500));
});
