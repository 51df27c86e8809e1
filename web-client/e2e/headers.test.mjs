// What browsers hold pages to: nothing inline, no frames of others, TLS. In Chromium, against signalling alone.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { freePort, target } from './system.mjs';

const PASSWORD = 'a quiet harbour at dawn';
let base, browser, child, data;

before(async () => {
  const port = await freePort();
  base = `https://localhost:${port}`;
  data = mkdtempSync(join(tmpdir(), 'tandem-e2e-'));
  const env = {
    PATH: process.env.PATH,
    TANDEM_LISTEN: `127.0.0.1:${port}`,
    TANDEM_PUBLIC_URL: base,
    TANDEM_DATA: data,
    TANDEM_TLS: 'self-signed',
    TANDEM_CONTROL_KEY: 'control-key-0123456789abcdef',
    TANDEM_ADMIN_EMAIL: 'admin@main.example',
    TANDEM_ADMIN_PASSWORD: PASSWORD,
  };
  child = spawn(join(target, 'debug', 'tandem-signaling'), { env, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((ready, failed) => {
    child.once('error', failed);
    child.once('exit', (code) => failed(new Error(`tandem-signaling ended (${code})`)));
    child.stdout.on('data', (text) => `${text}`.includes('administrator:') && ready());
  });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium' });
});

after(async () => {
  await browser?.close();
  child?.kill('SIGTERM');
  if (data) rmSync(data, { recursive: true, force: true });
});

/** A page that knows what it was refused. */
async function open() {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const refused = [];
  await page.exposeFunction('refused', (what) => refused.push(what));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => window.refused(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
  });
  return { page, refused };
}

const signIn = '/api/v1/sign-in';

test('no page does what its own policy refuses', async () => {
  const { page, refused } = await open();
  for (const path of ['/c/main', '/agent', '/admin', '/api/docs']) {
    const answer = await page.goto(base + path, { waitUntil: 'networkidle' });
    const headers = answer.headers();
    assert.equal(answer.status(), 200, path);
    assert.equal(headers['strict-transport-security'], 'max-age=31536000');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.doesNotMatch(headers['content-security-policy'], /unsafe|\*/);
    assert.match(headers['content-security-policy'], /frame-ancestors 'none'$/);
  }
  const status = await page.evaluate(async ([path, password]) => {
    const body = JSON.stringify({ email: 'admin@main.example', password });
    return (await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status;
  }, [signIn, PASSWORD]);
  assert.equal(status, 204);
  const [cookie] = await page.context().cookies();
  assert.deepEqual([cookie.name, cookie.secure, cookie.httpOnly, cookie.sameSite], ['tandem', true, true, 'Strict']);
  for (const path of ['/agent', '/admin']) await page.goto(base + path, { waitUntil: 'networkidle' });
  assert.deepEqual(refused, []);
  await page.evaluate(() => document.body.insertAdjacentHTML('beforeend', '<img src="x" onerror="window.ran = true"><p style="color: red">'));
  // And the browser says so: what is looked for above would be seen.
  while (!refused.some((what) => what.startsWith('script-src'))) await page.evaluate(() => new Promise(requestAnimationFrame));
  assert.equal(await page.evaluate(() => window.ran), undefined, 'what is put into a page does not run');
});

test('the console is framed by whom the company names, and by nobody else', async () => {
  const { page } = await open();
  const host = createServer((request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<iframe src="${base}/agent${request.url === '/named' ? '?company=main' : ''}"></iframe>`);
  });
  await new Promise((done) => host.listen(0, '127.0.0.1', done));
  const desk = `http://127.0.0.1:${host.address().port}`;
  await page.goto(`${base}/agent`);
  const set = await page.evaluate(async ([path, password, console]) => {
    const send = (method, path, body) => fetch(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    await send('POST', path, { email: 'admin@main.example', password });
    return (await send('PUT', '/api/v1/companies/main/embedding', { console })).status;
  }, [signIn, PASSWORD, [desk]]);
  assert.equal(set, 200);
  const shown = async (path) => {
    await page.goto(desk + path, { waitUntil: 'networkidle' });
    return page.frames()[1]?.url().startsWith(`${base}/agent`) ?? false;
  };
  assert.equal(await shown('/named'), true);
  assert.equal(await shown('/'), false);
  await new Promise((done) => host.close(done));
});
