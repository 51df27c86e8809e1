// A customer and an agent in ordinary browsers, and what they see.
import { chromium } from 'playwright-core';

export const SCREEN = '[data-tandem=screen]';

export async function openBrowser() {
  const args = ['--disable-gpu', '--disable-background-networking', '--autoplay-policy=no-user-gesture-required'];
  if (process.getuid() === 0) args.push('--no-sandbox');
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
}

/** `listen` runs in the person's page before its first script. */
export async function joinAsCustomer(browser, url, options, listen = () => {}) {
  const context = await browser.newContext(options);
  await context.addInitScript(listen);
  const page = await context.newPage();
  await page.goto(url);
  await page.click('[data-tandem=accept]');
  await seesPicture(page);
  return page;
}

export async function joinAsAgent(browser, url, options, listen = () => {}) {
  const context = await browser.newContext(options);
  await context.addInitScript(listen);
  const page = await context.newPage();
  await page.goto(url);
  await seesPicture(page);
  return page;
}

export async function seesPicture(page) {
  await page.waitForFunction(() => document.documentElement.dataset.session === 'live');
  await page.waitForFunction((screen) => document.querySelector(screen)?.videoWidth > 0, SCREEN);
}

/** The colour of the shared page at a place in its CSS pixels, as this person's video shows it. */
export function colourAt(page, [x, y], viewport) {
  return page.evaluate(
    ([screen, x, y, width]) => {
      const video = document.querySelector(screen);
      const scale = video.videoWidth / width;
      const canvas = new OffscreenCanvas(1, 1);
      const context = canvas.getContext('2d');
      context.drawImage(video, x * scale, y * scale, 1, 1, 0, 0, 1, 1);
      return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    },
    [SCREEN, x, y, viewport.width],
  );
}

export const isNear = (a, b, by = 30) => a.every((value, i) => Math.abs(value - b[i]) <= by);

/** Where a place of the shared page is in this person's window. */
export async function placeOnScreen(page, [x, y], viewport) {
  const box = await page.locator(SCREEN).boundingBox();
  const scale = Math.min(box.width / viewport.width, box.height / viewport.height);
  const left = box.x + (box.width - viewport.width * scale) / 2;
  const top = box.y + (box.height - viewport.height * scale) / 2;
  return [left + x * scale, top + y * scale];
}

export async function clickAt(page, place, viewport) {
  const [x, y] = await placeOnScreen(page, place, viewport);
  await page.mouse.click(x, y);
}

export async function tapAt(page, place, viewport) {
  const [x, y] = await placeOnScreen(page, place, viewport);
  await page.touchscreen.tap(x, y);
}

/** Where elements of a demo page are, measured in a browser of the same viewport. */
export async function layoutOf(browser, url, viewport, selectors, prepare = () => {}) {
  const phone = viewport.width < 500;
  const context = await browser.newContext({ viewport: { width: viewport.width, height: viewport.height }, isMobile: phone, hasTouch: phone });
  const page = await context.newPage();
  await page.goto(url);
  await page.evaluate(prepare);
  const centres = {};
  for (const selector of selectors) {
    const box = await page.locator(selector).boundingBox();
    centres[selector] = [box.x + box.width / 2, box.y + box.height / 2];
  }
  await context.close();
  return centres;
}
