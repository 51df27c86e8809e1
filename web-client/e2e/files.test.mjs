// Files between the customer's device and the cloud browser: pages get what the customer chose, the customer gets what pages offer, as a file
// or printed, and agents hear of none of it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { clickAt, colourAt, isNear, joinAsAgent, joinAsCustomer, openBrowser } from './people.mjs';
import { startSystem, until } from './system.mjs';

const VIEWPORT = { width: 1100, height: 600, scale: 1 };
const WINDOW = { viewport: { width: 1100, height: 652 } };
const MIB = 2 ** 20;
const LARGE = randomBytes(5 * MIB);
const STYLE = '<style>* { margin: 0 } input, a, button { display: block; width: 300px; height: 50px }</style>';
const [FIRST, SECOND, THIRD, FOURTH] = [[100, 25], [100, 75], [100, 125], [100, 175]];
const PAGES = {
  upload: `<title>Upload</title>${STYLE}<input type="file" accept=".txt,image/*"><input type="file" multiple>
    <p id="shown" style="width:300px;height:50px;background:rgb(0,0,200)"></p><canvas id="drawn" width="300" height="50" style="display:block"></canvas>
    <p style="width:300px;height:50px;background:rgb(200,0,0)"></p><script>
    for (const input of document.querySelectorAll('input')) input.onchange = async () => {
      const digest = async (file) => {
        const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
        return { name: file.name, size: file.size, hash: [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('') };
      };
      fetch('/told', { method: 'POST', body: JSON.stringify(await Promise.all([...input.files].map(digest))) });
      shown.textContent = 'You chose ' + input.files[0].name;
      drawn.getContext('2d').fillRect(0, 0, 300, 50);
    };
    document.querySelector('input').oncancel = () => fetch('/told', { method: 'POST', body: '"cancelled"' });
    </script>`,
  framed: `<title>Framed</title><style>* { margin: 0 } iframe { border: 0; width: 600px; height: 300px }</style><iframe src="OTHER/upload"></iframe>`,
  offers: `<title>Offers</title>${STYLE}<style>body { background: rgb(0,0,200) }</style><a href="/slow">Slow</a><a href="/huge">Huge</a><a href="data:text/plain,x" download="canary-x.txt">Small</a><a href="/endless">Endless</a>`,
  print: `<title>Order 7</title>${STYLE}<button>Print</button><input type="password" value="secret"><p>0</p><script>
    let n = 0; setInterval(() => { document.querySelector('p').style.cssText = 'height:100px;width:300px;background:' + (n++ % 2 ? 'rgb(0,0,200)' : 'rgb(200,0,0)') }, 100);
    onbeforeprint = () => fetch('/told', { method: 'POST', body: '"before"' });
    onafterprint = () => fetch('/told', { method: 'POST', body: '"after"' });
    document.querySelector('button').onclick = () => print();
    </script>`,
  receipts: `<title>Receipts</title>${STYLE}<button>Receipt</button><script>document.querySelector('button').onclick = () => open('/receipt')</script>`,
  receipt: '<title>Receipt 9</title><p>Paid</p><script>onload = () => { print(); close(); }</script>',
};

/** What pages have said, and what a slow answer waits for. */
const told = [];
let letGo = () => {};
let server, system, browser, made, customer, agent;
const port = () => server.address().port;
const address = (name) => `http://127.0.0.1:${port()}/${name}`;

function answer(request, response) {
  const name = request.url.slice(1);
  if (name === 'told') {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => { told.push(JSON.parse(body)); response.end(); });
  } else if (name === 'slow') {
    response.writeHead(200, { 'content-type': 'application/zip', 'content-length': LARGE.length, 'content-disposition': 'attachment; filename="canary report.zip"' });
    response.write(LARGE.subarray(0, MIB));
    letGo = () => response.end(LARGE.subarray(MIB));
  } else if (name === 'huge') {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': 2_000 * MIB, 'content-disposition': 'attachment; filename=canary.iso' });
    response.write(LARGE);
  } else if (name === 'endless') {
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-disposition': 'attachment; filename=canary.log' });
    const more = () => {
      while (!response.destroyed && response.write(LARGE));
    };
    response.on('drain', more);
    more();
  } else {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(`<!doctype html>${PAGES[name] ?? ''}`.replaceAll('OTHER', `http://localhost:${port()}`));
  }
}

before(async () => {
  server = createServer(answer);
  await new Promise((up) => server.listen(0, up));
  const allowed = `127.0.0.1:${port()},localhost:${port()}`;
  [system, browser] = await Promise.all([startSystem({ TANDEM_ALLOW_PRIVATE: allowed }), openBrowser()]);
  made = (await system.api('POST', '/sessions', { company: 'demo', start_url: address('upload'), viewport: VIEWPORT })).body;
  customer = await joinAsCustomer(browser, made.customer_url, { ...WINDOW, acceptDownloads: true });
  agent = await joinAsAgent(browser, made.agent_url, WINDOW, () => {
    const heard = (window.heard = []);
    const { createDataChannel } = RTCPeerConnection.prototype;
    RTCPeerConnection.prototype.createDataChannel = function (...given) {
      const channel = createDataChannel.apply(this, given);
      channel.addEventListener('message', async ({ data }) => heard.push(typeof data === 'string' ? data : await new Blob([data]).text()));
      return channel;
    };
  });
});
after(async () => {
  await browser?.close();
  await system?.stop();
  server?.closeAllConnections();
  server?.close();
});

const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');
const isAt = (name) => until(name, async () => (await system.api('GET', `/sessions/${made.id}`)).body.tabs.some((tab) => tab.active && tab.url.endsWith(`/${name}`) && !tab.loading));
async function open(name) {
  await system.api('POST', `/sessions/${made.id}/navigate`, { url: address(name) });
  await isAt(name);
}
const chooser = () => customer.locator('[data-tandem=chooser]');
const download = (state) => customer.locator(`[data-tandem=download][data-state=${state}]`);
/** The agent's page has been told of other things, and of no file. */
async function agentHeardNothing() {
  const heard = await agent.evaluate(() => window.heard);
  assert.ok(heard.some((message) => message.includes('"tabs"')), 'it is listened to');
  for (const message of heard) assert.doesNotMatch(message, /canary|chooser|download|\.txt|\.pdf/i);
}
/** Chromium would say at the top, in the middle, that something is being downloaded. */
async function nothingIsShown() {
  for (const page of [agent, customer]) assert.ok(isNear(await colourAt(page, [550, 70], VIEWPORT), [0, 0, 200]), 'something of the browser’s own is over the page');
}
/** Where the session's browser keeps its files. */
function directory() {
  const rows = execFileSync('ps', ['-eo', 'args=', '-ww'], { encoding: 'utf8' }).split('\n');
  const profiles = rows.map((row) => row.match(/--user-data-dir=(\S+)\/profile/)?.[1]).filter((path) => path && existsSync(join(path, 'files')));
  return [...new Set(profiles)].map((path) => join(path, 'files'));
}
const kept = () => directory().flatMap((path) => readdirSync(path, { recursive: true }).map((name) => join(path, name)));

test('a page gets the file that the customer chose', async () => {
  await isAt('upload');
  await clickAt(customer, FIRST, VIEWPORT);
  await chooser().waitFor();
  assert.match(await chooser().innerText(), /127\.0\.0\.1 asks for a file/);
  const input = customer.locator('[data-tandem=file]');
  assert.deepEqual([await input.getAttribute('accept'), await input.getAttribute('multiple')], ['.txt,image/*', null]);
  // What it says it is, is not believed, and not held against it.
  const buffer = randomBytes(3 * MIB + 17);
  await input.setInputFiles({ name: 'canary ümlaut.txt', mimeType: 'image/png', buffer });
  await until('the page to have it', () => told.length > 0);
  assert.deepEqual(told.splice(0), [[{ name: 'canary ümlaut.txt', size: buffer.length, hash: hash(buffer) }]]);
  await chooser().waitFor({ state: 'detached' });
  await agentHeardNothing();
});

test('what the page shows of it is hidden from the agent', async () => {
  const sees = (page, place, colour) => until(`${colour} at ${place}`, async () => isNear(await colourAt(page, place, VIEWPORT), colour));
  // The name, what is drawn, and what has nothing to do with it.
  await sees(agent, [290, 140], [255, 255, 255]);
  await sees(agent, [290, 175], [255, 255, 255]);
  await sees(agent, [290, 225], [200, 0, 0]);
  await until('the customer to see what is drawn', async () => (await colourAt(customer, [290, 175], VIEWPORT))[0] < 90);
});

test('a page that the agent has asked for files asks the customer, and gets several', async () => {
  await clickAt(agent, SECOND, VIEWPORT);
  await chooser().waitFor();
  const files = [1, 2, 3].map((n) => ({ name: `canary-${n}.txt`, mimeType: 'text/plain', buffer: Buffer.from(`number ${n}`) }));
  await customer.locator('[data-tandem=file]').setInputFiles(files);
  await until('the page to have them', () => told.length > 0);
  assert.deepEqual(told.splice(0), [files.map(({ name, buffer }) => ({ name, size: buffer.length, hash: hash(buffer) }))]);
  assert.equal(await agent.locator('[data-tandem=chooser]').count(), 0);
  await agentHeardNothing();
});

test('cancelling tells the page nothing, and it can ask again', async () => {
  await clickAt(customer, FIRST, VIEWPORT);
  await chooser().waitFor();
  await customer.locator('[data-tandem=cancel-file]').click();
  await chooser().waitFor({ state: 'detached' });
  await clickAt(customer, FIRST, VIEWPORT);
  await chooser().waitFor();
  await customer.locator('[data-tandem=file]').setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.alloc(0) });
  await until('the page to have it', () => told.length > 0);
  assert.deepEqual(told.splice(0), [[{ name: 'a.txt', size: 0, hash: hash('') }]]);
  await clickAt(customer, FIRST, VIEWPORT);
  await chooser().waitFor();
  await customer.keyboard.press('Escape');
  await chooser().waitFor({ state: 'detached' });
  assert.deepEqual(told, []);
});

test('a frame of another site asks like any page', async () => {
  await open('framed');
  // A press asks once the frame is there.
  await until('the frame', async () => {
    await clickAt(customer, FIRST, VIEWPORT);
    return chooser().waitFor({ timeout: 2_000 }).then(() => true, () => false);
  });
  await customer.locator('[data-tandem=file]').setInputFiles({ name: 'canary.txt', mimeType: 'text/plain', buffer: Buffer.from('framed') });
  await until('the frame to have it', () => told.length > 0);
  assert.equal(told.splice(0)[0][0].hash, hash('framed'));
});

test('a download is the customer’s, with its progress, and is gone once they have it', async () => {
  await open('offers');
  await clickAt(agent, FIRST, VIEWPORT);
  await download('coming').waitFor();
  const text = await download('coming').innerText();
  assert.match(text, /^canary report\.zip\n+(Getting it ready…|1 MB of 5 MB|0 bytes of 5 MB)/);
  letGo();
  await download('ready').waitFor();
  const [saved] = await Promise.all([customer.waitForEvent('download'), download('ready').getByRole('button', { name: 'Save' }).click()]);
  assert.equal(saved.suggestedFilename(), 'canary report.zip');
  assert.equal(hash(readFileSync(await saved.path())), hash(LARGE));
  await download('ready').waitFor({ state: 'detached' });
  assert.deepEqual(kept().filter((path) => !path.includes('chosen-')), []);
  await agentHeardNothing();
  await nothingIsShown();
});

test('what is too large is stopped, and says so', async () => {
  await clickAt(customer, SECOND, VIEWPORT);
  await download('too_large').waitFor();
  assert.match(await download('too_large').innerText(), /canary\.iso\n+This is too large. A file may have up to 100 MB here/);
  await until('nothing to be left of it', () => kept().filter((path) => !path.includes('chosen-')).length === 0);
  await download('too_large').getByRole('button', { name: 'Remove canary.iso' }).click();
  await download('too_large').waitFor({ state: 'detached' });
  await agentHeardNothing();
  await nothingIsShown();
});

test('what does not say how large it is ends a little above the limit', async () => {
  await clickAt(customer, FOURTH, VIEWPORT);
  let largest = 0;
  await until('it to be too large', async () => {
    const sizes = kept().map((path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0);
    largest = Math.max(largest, ...sizes);
    return (await download('too_large').count()) > 0;
  });
  assert.ok(largest <= 104 * MIB, `${largest} bytes`);
  await until('nothing to be left of it', () => kept().filter((path) => !path.includes('chosen-')).length === 0);
  await download('too_large').getByRole('button', { name: 'Remove canary.log' }).click();
  await download('too_large').waitFor({ state: 'detached' });
});

test('what is not wanted is thrown away', async () => {
  await clickAt(customer, THIRD, VIEWPORT);
  await download('ready').waitFor();
  assert.equal(kept().filter((path) => !path.includes('chosen-')).length, 1);
  await download('ready').getByRole('button', { name: 'Remove canary-x.txt' }).click();
  await download('ready').waitFor({ state: 'detached' });
  assert.deepEqual(kept().filter((path) => !path.includes('chosen-')), []);
  await nothingIsShown();
});

test('a page that prints becomes a PDF for the customer, and the agent’s picture goes on', async () => {
  await open('print');
  await clickAt(agent, FIRST, VIEWPORT);
  await download('ready').waitFor();
  assert.match(await download('ready').innerText(), /^Order 7\.pdf/);
  const seen = async (colour) => until(`${colour} after printing`, async () => isNear(await colourAt(agent, [100, 150], VIEWPORT), colour));
  for (const colour of [[0, 0, 200], [200, 0, 0], [0, 0, 200]]) await seen(colour);
  assert.equal(await agent.getByText('Hidden for privacy').count(), 0);
  const [saved] = await Promise.all([customer.waitForEvent('download'), download('ready').getByRole('button', { name: 'Save' }).click()]);
  const pdf = readFileSync(await saved.path());
  assert.equal(pdf.subarray(0, 4).toString(), '%PDF');
  await until('the page to know', () => told.length >= 2);
  assert.deepEqual(told.splice(0), ['before', 'after']);
  await agentHeardNothing();
});

test('a page that closes itself once it has printed is printed, and closed', async () => {
  await open('receipts');
  await clickAt(customer, FIRST, VIEWPORT);
  await download('ready').waitFor();
  assert.match(await download('ready').innerText(), /^Receipt 9\.pdf/);
  await isAt('receipts');
  await until('its tab to be gone', async () => (await system.api('GET', `/sessions/${made.id}`)).body.tabs.every((tab) => !tab.url.endsWith('/receipt')));
  await download('ready').getByRole('button', { name: 'Remove' }).click();
  await download('ready').waitFor({ state: 'detached' });
});

test('the customer prints by key and by button', async () => {
  for (const print of [() => customer.keyboard.press('Control+p'), () => customer.locator('[data-tandem=print]').click()]) {
    await print();
    await download('ready').waitFor();
    await download('ready').getByRole('button', { name: 'Remove' }).click();
    await download('ready').waitFor({ state: 'detached' });
  }
});

test('nothing of it is logged, and nothing is left at the end', async () => {
  await open('offers');
  await clickAt(customer, THIRD, VIEWPORT);
  await download('ready').waitFor();
  const mine = kept();
  assert.ok(mine.length > 0);
  assert.equal((await system.api('DELETE', `/sessions/${made.id}`)).status, 204);
  await until('it to be deleted', () => mine.every((path) => !existsSync(path)));
  const metrics = await (await fetch(`${system.base}/metrics`)).text();
  for (const text of [system.logs(), metrics]) assert.doesNotMatch(text, /canary|chosen-/i);
});
