// What others build on: addresses, the API, what must be refused.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startSystem, until } from './system.mjs';

let system;
before(async () => {
  system = await startSystem();
});
after(() => system?.stop());

test('it prints its links, one a line', () => {
  assert.deepEqual(system.printed.map((line) => line.split(':')[0]), ['customer', 'agent', 'admin', 'demo']);
  for (const line of system.printed) assert.match(line, /https?:\/\/127\.0\.0\.1:\d+/);
});

test('pages and operations are where they are said to be', async () => {
  for (const path of ['/c/demo', '/agent', '/admin', '/embed.js', '/api/docs', '/api/v1/openapi.json', '/healthz', '/readyz', '/metrics', '/debug/state']) {
    const answer = await fetch(system.base + path);
    assert.equal(answer.status, 200, path);
  }
  const page = await fetch(`${system.base}/c/demo`);
  assert.match(page.headers.get('content-security-policy'), /default-src 'none'/);
  assert.equal((await fetch(`${system.base}/c/nobody`)).status, 404);
  assert.equal((await fetch(`${system.demo}/`)).status, 200);
});

test('the API says no plainly', async () => {
  const wanted = { company: 'demo', start_url: system.demo };
  for (const [body, status, code] of [
    [{ ...wanted, company: 'other' }, 403, 'other_company'],
    [{ ...wanted, start_url: 'file:///etc/passwd' }, 422, 'invalid_url'],
    [{ ...wanted, start_url: 'nonsense' }, 422, 'invalid_url'],
    [{ ...wanted, language: 'not a language' }, 422, 'invalid_language'],
    [{ ...wanted, surprise: 1 }, 422, 'invalid'],
    [{}, 422, 'invalid'],
  ]) {
    const answer = await system.api('POST', '/sessions', body);
    assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(body));
  }
  assert.equal((await system.api('POST', '/sessions', wanted, 'another-key-of-nobody')).status, 401);
  assert.equal((await system.api('GET', `/sessions/${'a'.repeat(26)}`)).status, 404);
  assert.equal((await system.api('GET', '/nowhere')).status, 404);
});

test('a session is created, steered, looked at and ended', async () => {
  const made = await system.create('index.html', { width: 1024, height: 600, scale: 1 });
  assert.match(made.pin, /^\d{9}$/);
  const tab = async () => (await system.api('GET', `/sessions/${made.id}`)).body.tabs.find((t) => t.active);
  await until('the first page', async () => (await tab())?.url.endsWith('/index.html'));
  assert.equal((await tab()).can_go_back, false, 'nothing of the warm browser is left');
  assert.equal((await system.api('POST', `/sessions/${made.id}/navigate`, { url: `${system.demo}/article.html` })).status, 202);
  await until('the article', async () => (await tab())?.url.endsWith('/article.html'));
  await until('a way back', async () => (await tab()).can_go_back);
  const redeemed = await system.api('POST', '/pins/redeem', { company: 'demo', pin: made.pin });
  assert.match(redeemed.body.customer_url, /\/c\/demo#t=/);
  const again = await system.api('POST', '/pins/redeem', { company: 'demo', pin: made.pin });
  const wrong = await system.api('POST', '/pins/redeem', { company: 'demo', pin: '000000000' });
  assert.deepEqual([again.status, again.body], [404, { code: 'invalid_pin', message: 'invalid PIN' }]);
  assert.deepEqual(wrong, again, 'a used PIN and a wrong one are answered alike');
  assert.equal((await system.api('DELETE', `/sessions/${made.id}`)).status, 204);
  assert.equal((await system.api('GET', `/sessions/${made.id}`)).body.state, 'ended');
});

test('a policy is checked, kept and obeyed', async () => {
  const path = '/companies/demo/policy';
  const before = (await system.api('GET', path)).body;
  const bad = await system.api('PUT', path, { sites: { allowed: ['*', 'no host'], blocked: ['*'] } });
  assert.equal(bad.status, 422);
  assert.match(bad.body.message, /sites\.allowed\[1\].*\n.*sites\.blocked\[0\]/);
  assert.equal((await system.api('PUT', path, { unknown: 1 })).status, 422);
  const blocked = { ...before, sites: { allowed: ['*'], blocked: ['127.0.0.1'] } };
  assert.equal((await system.api('PUT', path, blocked)).status, 200);
  assert.deepEqual((await system.api('GET', path)).body.sites.blocked, ['127.0.0.1']);
  assert.equal((await system.api('POST', '/sessions', { company: 'demo', start_url: system.demo })).body.code, 'site_blocked');
  assert.equal((await system.api('PUT', path, before)).status, 200);
});
