// What a browser on a desk draws itself: the context menu, what pages ask people for, full screen, icons of tabs. Here our pages draw it or say
// that there is none, and nothing of Chromium's own is in the picture.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { crc32, deflateSync } from 'node:zlib';
import { clickAt, colourAt, isNear, placeOnScreen, SCREEN } from './people.mjs';
import { BLUE, foreign, heardBy, PLAIN, row, showPages, VIEWPORT } from './stage.mjs';
import { until } from './system.mjs';

const GREEN = [0, 160, 0];
const PAGES = {
  menu: `<a href="/plain?account=4711">A link</a><p>Selectable</p><input name="serial" value="SN-4711"><input type="password" value="canary">
    <button>Buy now</button><div id="own">Own menu</div><div id="stops">Stops it</div><div id="host"></div><iframe src="OTHER/framed"></iframe>
    <script>
      own.addEventListener('contextmenu', (event) => { event.preventDefault(); tell('own menu'); });
      stops.addEventListener('contextmenu', (event) => event.stopImmediatePropagation());
      host.attachShadow({ mode: 'closed' }).innerHTML = '<a href="/within" style="display:block;height:60px">Within</a>';
      document.querySelector('input').oninput = ({ target }) => tell({ serial: target.value });
    </script>`,
  framed: '<a href="/out-of-frame">In a frame</a>',
  plain: '<p>Plain</p>',
  asks: `<button style="width:800px;height:60px;background:rgb(0,0,200)">Ask</button><input id="field" style="position:fixed;left:0;top:540px;width:800px"><script>
    const key = { challenge: new Uint8Array(8), timeout: 60000 };
    const asks = {
      place: () => new Promise((ok, no) => navigator.geolocation.getCurrentPosition(ok, ({ code }) => no({ name: 'code ' + code }))),
      notifications: () => Notification.requestPermission(),
      camera: () => navigator.mediaDevices.getUserMedia({ video: true }),
      microphone: () => navigator.mediaDevices.getUserMedia({ audio: true }),
      screen: () => navigator.mediaDevices.getDisplayMedia({ video: true }),
      clipboard: () => navigator.clipboard.readText(),
      midi: () => navigator.requestMIDIAccess({ sysex: true }),
      usb: () => navigator.usb.requestDevice({ filters: [] }),
      serial: () => navigator.serial.requestPort(),
      hid: () => navigator.hid.requestDevice({ filters: [] }),
      bluetooth: () => navigator.bluetooth.requestDevice({ acceptAllDevices: true }),
      fonts: () => queryLocalFonts(),
      windows: () => getScreenDetails(),
      idle: () => IdleDetector.requestPermission(),
      passkey: () => navigator.credentials.get({ publicKey: key }),
      newPasskey: () => navigator.credentials.create({ publicKey: { ...key, rp: { name: 'x' }, user: { id: new Uint8Array(8), name: 'x', displayName: 'x' }, pubKeyCredParams: [{ type: 'public-key', alg: -7 }] } }),
      film: () => navigator.requestMediaKeySystemAccess('com.widevine.alpha', [{ videoCapabilities: [{ contentType: 'video/mp4; codecs="avc1.42E01E"' }] }]),
      pointer: () => document.body.requestPointerLock(),
      keys: () => navigator.keyboard.lock(),
      storage: () => document.requestStorageAccess(),
      copy: () => navigator.clipboard.writeText('allowed'),
      handler: () => navigator.registerProtocolHandler('web+tandem', '/?%s'),
      opener: async () => typeof showOpenFilePicker,
      saver: async () => typeof showSaveFilePicker,
      eye: async () => typeof EyeDropper,
      payment: async () => typeof PaymentRequest,
      identity: async () => typeof IdentityCredential,
      small: () => document.createElement('video').requestPictureInPicture(),
      detects: async () => [typeof navigator.mediaDevices.getUserMedia, typeof navigator.usb, typeof navigator.credentials.get, navigator.mediaDevices.getUserMedia.name].join(),
    };
    document.querySelector('button').onclick = async () => {
      field.focus();
      const got = {};
      await Promise.all(Object.entries(asks).map(async ([name, ask]) => {
        const late = new Promise((later) => setTimeout(() => later('hangs'), 6000));
        got[name] = await Promise.race([Promise.resolve().then(ask).then((value) => (Array.isArray(value) ? 'list of ' + value.length : typeof value === 'object' ? 'given' : String(value)), (error) => error.name), late]);
      }));
      tell({ got });
    };
    field.oninput = () => tell({ typed: field.value });
  </script>`,
  image: `<img src="/icon.png?of=4711" style="display:block;width:400px;height:60px">`,
  words: `<p style="background:white">Some words to select</p><input list="ideas"><datalist id="ideas"><option>first idea<option>second</datalist>`,
  camera: `<button>Camera</button><button>Place</button><a href="slack://open">Program</a><script>
    const [camera, place] = document.querySelectorAll('button');
    camera.onclick = () => { for (let i = 0; i < 1000; i += 1) navigator.mediaDevices.getUserMedia({ video: true }).catch(() => {}) };
    place.onclick = () => navigator.geolocation.getCurrentPosition(() => {}, () => tell('no place'));
  </script>`,
  film: `<button>Play</button><div id="film" style="background:rgb(0,160,0)"></div><input type="password" id="hidden" value="canary"><script>
    document.querySelector('button').onclick = () => film.requestFullscreen();
    document.onfullscreenchange = () => tell({ full: document.fullscreenElement !== null, height: film.offsetHeight });
  </script>`,
  iconic: '<link rel="icon" href="/icon.png"><p>Iconic</p>',
  drawn: `<p>Drawn</p><script>
    const canvas = new OffscreenCanvas(16, 16);
    canvas.getContext('2d').fillRect(0, 0, 16, 16);
    canvas.convertToBlob().then((blob) => { const reader = new FileReader(); reader.onload = () => {
      const link = document.head.appendChild(document.createElement('link'));
      [link.rel, link.href] = ['icon', reader.result];
    }; reader.readAsDataURL(blob); });
  </script>`,
};

/** What a page gets that asks people for everything: what the standards have for somebody who says no, or for a browser that never had it. */
const REFUSED = {
  place: 'code 1', notifications: 'ReferenceError', camera: 'NotAllowedError', microphone: 'NotAllowedError', screen: 'NotAllowedError', clipboard: 'NotAllowedError',
  midi: 'NotAllowedError', usb: 'NotFoundError', serial: 'NotFoundError', hid: 'NotFoundError', bluetooth: 'TypeError', fonts: 'list of 0', windows: 'NotAllowedError',
  idle: 'denied', passkey: 'NotAllowedError', newPasskey: 'NotAllowedError', film: 'NotSupportedError', pointer: 'NotAllowedError', keys: 'NotAllowedError',
  small: 'NotAllowedError', opener: 'undefined', saver: 'undefined', eye: 'undefined', payment: 'undefined', identity: 'undefined',
  // What needs nobody's leave goes on.
  storage: 'undefined', copy: 'undefined', handler: 'undefined',
  // And pages find what they look for in a browser.
  detects: 'function,object,function,getUserMedia',
};

/** A green PNG of 16 × 16. */
function icon() {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const pixels = Buffer.concat(Array.from({ length: 16 }, () => Buffer.from([0, ...Array.from({ length: 16 }, () => GREEN).flat()])));
  const header = Buffer.from([0, 0, 0, 16, 0, 0, 0, 16, 8, 2, 0, 0, 0]);
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk('IHDR', header), chunk('IDAT', deflateSync(pixels)), chunk('IEND', Buffer.alloc(0))]);
}

let stage;
before(async () => (stage = await showPages(PAGES, { '/icon.png': { type: 'image/png', bytes: icon() } })));
after(() => stage?.stop());
afterEach(() => stage.end());
const at = (...of) => stage.at(...of);
const isTold = (...of) => stage.isTold(...of);
const address = (name) => stage.address(name);

const menu = (page) => page.locator('[data-tandem=menu]');
const items = (page) => menu(page).locator('[data-item]').evaluateAll((all) => all.map((one) => one.dataset.item));

/** Presses the right button until the menu is there: a page may not have its guard's policy yet. */
async function rightClick(page, place) {
  const [x, y] = await placeOnScreen(page, place, VIEWPORT);
  await page.mouse.click(x, y, { button: 'right' });
}
async function opens(page, place) {
  await rightClick(page, place);
  await menu(page).waitFor();
  return items(page);
}

test('a menu is about what is at its place, and for the one who asked', async () => {
  const { customer, agent, isAt } = await at('menu');
  assert.deepEqual(await opens(customer, row(0)), ['open', 'copy-link', 'hide']);
  // The pointer is at its corner.
  const [x, y] = await placeOnScreen(customer, row(0), VIEWPORT);
  const box = await menu(customer).boundingBox();
  assert.ok(Math.abs(box.x - x) < 3 && Math.abs(box.y - y) < 3, JSON.stringify(box));
  assert.equal(await customer.evaluate(() => document.activeElement.dataset.item), 'open');
  await customer.keyboard.press('ArrowUp');
  assert.equal(await customer.evaluate(() => document.activeElement.dataset.item), 'hide');
  await customer.keyboard.type('copy');
  assert.equal(await customer.evaluate(() => document.activeElement.dataset.item), 'copy-link');
  await customer.keyboard.press('Enter');
  await until('the address', async () => (await customer.evaluate(() => navigator.clipboard.readText())).endsWith('/plain?account=4711'));
  assert.equal(await menu(customer).count(), 0);
  assert.deepEqual(await opens(customer, PLAIN), ['back', 'forward', 'reload', 'all', 'find', 'print', 'hide']);
  assert.equal(await foreign(customer, [450, 0, 350, 600]), 0, 'nothing of Chromium’s own is in the picture');
  await customer.keyboard.press('Escape');
  await menu(customer).waitFor({ state: 'detached' });
  assert.ok(await customer.evaluate((screen) => document.activeElement === document.querySelector(screen), SCREEN), 'the keyboard is in the picture again');
  // A press beside it closes it and does nothing else: the link is not followed.
  await opens(customer, PLAIN);
  await clickAt(customer, row(0), VIEWPORT);
  await menu(customer).waitFor({ state: 'detached' });
  // A page's own menu comes first; what keeps the event from others does not bring Chromium's up.
  await rightClick(customer, row(5));
  await isTold('the page’s own menu', (what) => what === 'own menu');
  assert.deepEqual(await opens(customer, row(6)), ['back', 'forward', 'reload', 'all', 'find', 'print', 'hide']);
  await customer.keyboard.press('Escape');
  assert.equal(await menu(agent).count(), 0);
  assert.ok(!(await heardBy(agent)).includes('"type":"menu"'), 'the agent hears nothing of the customer’s menus');
  for (const [number, path] of [[7, '/within'], [8, '/out-of-frame']]) {
    assert.deepEqual(await opens(customer, row(number)), ['open', 'copy-link', 'hide'], path);
    await menu(customer).locator('[data-item=copy-link]').click();
    await until(path, async () => (await customer.evaluate(() => navigator.clipboard.readText())).endsWith(path));
  }
  await opens(customer, row(0));
  await customer.keyboard.press('Enter');
  await isAt('/plain');
});

test('an agent’s menu has what an agent may do, and no address', async () => {
  const { customer, agent, isAt } = await at('menu');
  const denied = agent.getByText('Only the customer');
  await until('the menu', async () => (await rightClick(agent, row(0)), menu(agent).isVisible()));
  assert.deepEqual(await items(agent), ['open']);
  assert.ok(!(await heardBy(agent)).includes('4711'));
  await agent.keyboard.press('Escape');
  assert.deepEqual(await opens(agent, PLAIN), ['back', 'forward', 'reload', 'all']);
  await agent.keyboard.press('Escape');
  await rightClick(agent, row(3));
  await agent.getByText('This is hidden').waitFor();
  await rightClick(agent, row(4));
  await denied.waitFor();
  assert.equal(await menu(agent).count(), 0);
  assert.equal(await menu(customer).count(), 0, 'the customer sees nothing of the agent’s');
  await opens(agent, row(0));
  await agent.keyboard.press('Enter');
  await isAt('/plain');
});

test('cut, copy, paste and select all, with the clipboard at home', async () => {
  const { customer, agent } = await at('menu');
  const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());
  const choose = async (page, place, item) => {
    await opens(page, place);
    await menu(page).locator(`[data-item=${item}]`).click();
    await menu(page).waitFor({ state: 'detached' });
  };
  assert.deepEqual(await opens(customer, row(2)), ['paste', 'all', 'hide']);
  await customer.locator('[data-item=all]').click();
  await until('a selection', async () => (await opens(customer, row(2))).includes('copy') || (await customer.keyboard.press('Escape'), false));
  await customer.locator('[data-item=copy]').click();
  await until('the copy', async () => (await clipboard(customer)) === 'SN-4711');
  await customer.evaluate(() => navigator.clipboard.writeText('from home'));
  await customer.evaluate(() => window.dispatchEvent(new Event('blur')));
  await choose(customer, row(2), 'paste');
  await isTold('the paste', ({ serial }) => serial?.includes('from home'));
  // An agent does the same, and gets nothing of what is hidden.
  await choose(agent, row(2), 'all');
  await choose(agent, row(2), 'cut');
  await isTold('the cut', ({ serial }) => serial === '');
  await until('the agent’s copy', async () => (await clipboard(agent)).includes('from home'));
});

test('an image opens in a tab for both, and is saved by the customer', async () => {
  const { customer, agent, isAt } = await at('image');
  assert.deepEqual(await opens(customer, row(0)), ['open-image', 'save-image', 'hide']);
  const [file] = await Promise.all([customer.waitForEvent('download'), (async () => {
    await menu(customer).locator('[data-item=save-image]').click();
    await customer.getByRole('button', { name: 'Save', exact: true }).click();
  })()]);
  assert.match(file.suggestedFilename(), /^icon.*png$/);
  assert.deepEqual(await opens(agent, row(0)), ['open-image']);
  await agent.keyboard.press('Enter');
  await isAt('/icon.png');
  assert.ok(!(await heardBy(agent)).includes('4711'));
});

test('the menu key and Shift with F10 bring it up too', async () => {
  const { customer } = await at('menu');
  await clickAt(customer, row(2), VIEWPORT);
  for (const key of ['ContextMenu', 'Shift+F10']) {
    await customer.keyboard.press(key);
    await menu(customer).waitFor();
    assert.deepEqual(await items(customer), ['paste', 'all', 'hide']);
    await customer.keyboard.press('Escape');
    await menu(customer).waitFor({ state: 'detached' });
  }
  await customer.keyboard.type('x');
  await isTold('the key', ({ serial }) => serial?.includes('x'));
});

const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, reducedMotion: 'reduce', locale: 'en-GB', permissions: ['clipboard-read', 'clipboard-write'] };
/** A phone with a session at one of the pages, and its finger, at places of the page. */
async function phoneAt(name) {
  const people = await at(name, PHONE, { width: 390, height: 740, scale: 2 });
  const cdp = await people.customer.context().newCDPSession(people.customer);
  const box = await people.customer.locator(SCREEN).boundingBox();
  const touch = (type, ...places) => cdp.send('Input.dispatchTouchEvent', { type, touchPoints: places.map(([x, y]) => ({ x: box.x + x, y: box.y + y })) });
  return { ...people, touch };
}

test('on a phone a long press brings it up from below', async () => {
  const { customer, touch } = await phoneAt('menu');
  const { width, height } = PHONE.viewport;
  for (const [place, has] of [[[100, 30], ['open', 'copy-link', 'hide']], [[200, 700], ['back', 'forward', 'reload', 'all', 'find', 'print', 'hide']]]) {
    await touch('touchStart', place);
    // On a link, which could be dragged, it comes when the finger is lifted.
    await new Promise((held) => setTimeout(held, 900));
    await touch('touchEnd');
    await menu(customer).waitFor();
    assert.deepEqual(await items(customer), has);
    const sheet = await menu(customer).boundingBox();
    assert.ok(sheet.width === width && Math.abs(sheet.y + sheet.height - height) < 2, JSON.stringify(sheet));
    await customer.touchscreen.tap(200, 100);
    await menu(customer).waitFor({ state: 'detached' });
  }
});

test('what a finger selects can be made longer, and copied; of Chromium’s own there are the handles alone', async () => {
  const { customer, agent, touch } = await phoneAt('words');
  const hold = async (from, to) => {
    await touch('touchStart', from);
    for (const part of [0.3, 0.6, 1]) await touch('touchMove', [from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1])]);
    await touch('touchEnd');
  };
  await touch('touchStart', [75, 30]);
  await menu(customer).waitFor();
  await touch('touchEnd');
  assert.deepEqual(await items(customer), ['copy', 'hide']);
  await customer.keyboard.press('Escape');
  await menu(customer).waitFor({ state: 'detached' });
  // The right handle hangs below the word's end, and each time it is let go the menu is there again.
  await hold([116, 68], [200, 60]);
  await menu(customer).waitFor();
  await menu(customer).locator('[data-item=copy]').click();
  await until('the copy', async () => /^words to/.test(await customer.evaluate(() => navigator.clipboard.readText())));
  for (const page of [customer, agent]) await until('nothing else', async () => (await foreign(page, [0, 240, 700, 400])) === 0);
  // Suggestions for a field are Chromium's; agents see that there is something.
  await customer.touchscreen.tap(100, 142);
  await until('suggestions', async () => {
    await customer.touchscreen.tap(100, 142);
    return (await foreign(customer, [0, 250, 700, 100])) > 1000;
  });
  await until('a box', async () => (await foreign(agent, [0, 250, 700, 100])) > 1000);
});

test('what pages ask people for is refused at once, and nothing of it is in the picture', async () => {
  const { customer, agent } = await at('asks');
  let most = 0;
  const watch = setInterval(() => foreign(customer, [0, 60, 800, 470]).then((count) => (most = Math.max(most, count)), () => {}), 100);
  await clickAt(customer, [400, 30], VIEWPORT);
  await customer.keyboard.type('every key', { delay: 40 });
  const { got } = await isTold('the answers', (what) => what.got);
  clearInterval(watch);
  assert.equal(most, 0, 'something of Chromium’s own is in the picture');
  assert.deepEqual(got, REFUSED);
  assert.equal(await foreign(agent, [0, 60, 800, 470]), 0);
  await isTold('all keys', ({ typed }) => typed === 'every key');
});

test('people are told what a shared browser cannot do, once a page and kind', async () => {
  const { customer, agent } = await at('camera');
  const note = (page) => page.locator('[data-tandem=lack]');
  await clickAt(customer, row(0), VIEWPORT);
  await note(customer).getByText('camera').waitFor();
  await note(agent).getByText('Only the customer can do this').waitFor();
  assert.equal(await note(customer).getByRole('link').getAttribute('href'), address('camera'));
  assert.equal(await note(agent).getByRole('link').count(), 0);
  await note(customer).getByRole('button', { name: 'Close' }).click();
  await clickAt(customer, row(0), VIEWPORT);
  await clickAt(customer, row(1), VIEWPORT);
  await note(customer).getByText('location').waitFor();
  await isTold('the refusal', (what) => what === 'no place');
  assert.equal((await heardBy(agent)).match(/"lack":"camera"/g).length, 1);
  await clickAt(customer, row(2), VIEWPORT);
  await note(customer).getByText('opens a program').waitFor();
  assert.equal(await foreign(customer, [450, 0, 350, 380]), 0);
});

test('a part of the page fills it, and Escape brings the page back', async () => {
  for (const who of ['customer', 'agent']) {
    const people = await at('film');
    await clickAt(people[who], row(0), VIEWPORT);
    await isTold('the full screen', ({ full }) => full === true);
    for (const page of [people.customer, people.agent]) {
      for (const place of [[5, 5], [400, 50], [400, 80], [795, 595]]) {
        await until(`green at ${place}`, async () => isNear(await colourAt(page, place, VIEWPORT), GREEN));
      }
    }
    // Chromium would say that Escape leads back, in the middle of the upper edge.
    const seen = [];
    for (const end = performance.now() + 1500; performance.now() < end; ) seen.push(await colourAt(people.customer, [400, 50], VIEWPORT), await colourAt(people.agent, [400, 80], VIEWPORT));
    assert.ok(seen.every((colour) => isNear(colour, GREEN)), 'something of Chromium’s own is in the picture');
    await people[who].keyboard.press('Escape');
    await isTold('the page', ({ full }) => full === false);
    await until('the page in the picture', async () => isNear(await colourAt(people.agent, [600, 400], VIEWPORT), BLUE));
    await stage.end();
  }
});

test('tabs have icons; agents see those that came from the web', async () => {
  const { customer, agent, isAt, id } = await at('iconic');
  await customer.getByRole('button', { name: 'Open a new tab' }).first().click();
  const icons = (page) => page.locator('.strip .tab img');
  for (const page of [customer, agent]) {
    await icons(page).first().waitFor();
    assert.ok(await icons(page).first().evaluate((image) => image.decode().then(() => image.naturalWidth > 0)));
  }
  await stage.system.api('POST', `/sessions/${id}/navigate`, { url: address('drawn') });
  await isAt('/drawn');
  await until('the drawn icon', async () => (await icons(customer).count()) === 2);
  await until('the agent’s icon', async () => (await icons(agent).count()) === 1);
  assert.doesNotMatch(await heardBy(agent), /"type":"icon","tab":2,"png":"/);
});
