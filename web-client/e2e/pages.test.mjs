// What must hold on every page: nothing serious by axe, nothing wider than the window, one language, no error in the console.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openBrowser } from './people.mjs';
import { startSystem } from './system.mjs';
import { DESK, PHONE, tour } from './tour.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let system, browser;
before(async () => {
  [system, browser] = await Promise.all([startSystem(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await system?.stop();
});

/** Serious and critical findings, as `rule: selector`. */
async function findings(page) {
  // By evaluating, since the pages' own policy lets no foreign script in.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  return bad.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary}`));
}

for (const [name, how] of Object.entries({
  'a desk in English, light': { device: DESK, locale: 'en-GB', colorScheme: 'light' },
  'a phone in German, dark': { device: PHONE, locale: 'de-DE', colorScheme: 'dark' },
})) {
  test(`every page on ${name}`, async () => {
    const problems = [];
    await tour(system, browser, how, async (where, page) => {
      const language = await page.evaluate(() => document.documentElement.lang);
      if (language !== how.locale.slice(0, 2)) problems.push(`${where}: speaks ${language}`);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wider > 0) problems.push(`${where}: ${wider} pixels wider than the window`);
      problems.push(...(await findings(page)).map((finding) => `${where}: ${finding}`));
    });
    assert.deepEqual(problems, []);
  });
}

test('the customer’s page is small: under 100 KB compressed, with one language', async () => {
  const page = await (await browser.newContext({ locale: 'de-DE' })).newPage();
  const bodies = [];
  page.on('response', (response) => bodies.push(response.body().catch(() => Buffer.alloc(0))));
  await page.goto(`${system.base}/c/demo`, { waitUntil: 'networkidle' });
  const size = (await Promise.all(bodies)).reduce((sum, body) => sum + gzipSync(body).length, 0);
  assert.ok(size > 20_000 && size < 100_000, `${size} bytes`);
  await page.context().close();
});

test('a choice of language is kept, and whoever chooses none gets the browser’s', async () => {
  const context = await browser.newContext({ locale: 'fr-FR' });
  const page = await context.newPage();
  await page.goto(`${system.base}/c/demo`);
  await page.getByText('Saisissez votre code PIN').waitFor();
  await page.locator('[data-tandem=language]').selectOption('it');
  await page.getByText('Inserisca il suo PIN').waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'it');
  await page.reload();
  await page.getByText('Inserisca il suo PIN').waitFor();
  await context.close();
});
