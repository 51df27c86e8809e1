// `make screenshots`: every page, desktop and phone, light and dark, in two languages, into `screenshots/`.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openBrowser } from './people.mjs';
import { startSystem } from './system.mjs';
import { DESK, PHONE, tour } from './tour.mjs';

const folder = new URL('../../screenshots', import.meta.url).pathname;
const only = process.argv[2];

rmSync(folder, { recursive: true, force: true });
const [system, browser] = await Promise.all([startSystem(), openBrowser()]);
try {
  for (const [kind, device] of Object.entries({ desk: DESK, phone: PHONE })) {
    for (const [locale, colorScheme] of [['en-GB', 'light'], ['de-DE', 'dark']]) {
      const name = `${kind}-${locale.slice(0, 2)}-${colorScheme}`;
      if (only && only !== name) continue;
      mkdirSync(join(folder, name), { recursive: true });
      await tour(system, browser, { device, locale, colorScheme }, async (page, window) => {
        const whole = !/live$/.test(page);
        await window.screenshot({ path: join(folder, name, `${page}.png`), fullPage: whole });
      });
      console.log(name);
    }
  }
} finally {
  await browser.close();
  await system.stop();
}
