// What a customer does to the shared page, with mouse, keyboard, fingers, input method and window.
import { SCREEN } from '../people.mjs';

/** The customer's window when nobody changes it. */
export const WINDOW = { width: 900, height: 700 };

export async function handsOf(page) {
  const devtools = await page.context().newCDPSession(page);
  const at = async ([x, y]) => {
    const box = await page.locator(SCREEN).boundingBox();
    return { x: box.x + x, y: box.y + y };
  };
  const pause = (milliseconds) => page.waitForTimeout(milliseconds);
  const touch = async (type, ...places) => {
    const touchPoints = await Promise.all(places.map(at));
    await devtools.send('Input.dispatchTouchEvent', { type, touchPoints: touchPoints.map((point, id) => ({ ...point, id })) });
    await pause(16);
  };
  let isPhone = false;
  const hands = {
    pause,
    click: async (place) => {
      const { x, y } = await at(place);
      await page.mouse.click(x, y);
      await pause(120);
    },
    drag: async (from, to) => {
      const [start, end] = [await at(from), await at(to)];
      await page.mouse.move(start.x, start.y);
      await page.mouse.down();
      await page.mouse.move(end.x, end.y, { steps: 12 });
      await page.mouse.up();
      await pause(80);
    },
    wheelBy: async (by) => {
      const { x, y } = await at([300, 300]);
      await page.mouse.move(x, y);
      await page.mouse.wheel(0, by);
      await pause(40);
    },
    press: async (key) => {
      await page.focus(SCREEN);
      await page.keyboard.press(key);
      await pause(120);
    },
    /** Answers what the page asks, if it asks anything. */
    answer: async () => {
      const button = page.locator('[role=alertdialog] button').last();
      if (await button.isVisible()) await button.click();
      else await pause(80);
    },
    /** Writes by an input method: each step is shown in its place, the last is what comes of it. The field has to have the focus. */
    compose: async (...steps) => {
      await page.focus(SCREEN);
      for (const text of steps) {
        await devtools.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
        await pause(80);
      }
      await devtools.send('Input.insertText', { text: steps.at(-1) });
      await pause(80);
    },
    /** Two fingers around a place, from one distance to another. */
    pinch: async ([x, y], from, to) => {
      const fingers = (apart) => [[x - apart / 2, y], [x + apart / 2, y]];
      await touch('touchStart', ...fingers(from));
      for (let step = 1; step <= 12; step += 1) await touch('touchMove', ...fingers(from + ((to - from) * step) / 12));
      await touch('touchEnd');
      await pause(80);
    },
    /** One finger that throws the page. */
    fling: async ([x, y], by) => {
      await touch('touchStart', [x, y]);
      for (let step = 1; step <= 6; step += 1) await touch('touchMove', [x, y + (by * step) / 6]);
      await touch('touchEnd');
      await pause(500);
    },
    resize: async (width, height) => {
      await page.setViewportSize({ width, height });
      await pause(300);
    },
    /** The window of a phone that is held like this. */
    phone: async (width, height) => {
      isPhone = true;
      await devtools.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 2, mobile: true });
      await devtools.send('Emulation.setTouchEmulationEnabled', { enabled: true, maxTouchPoints: 5 });
      await pause(400);
    },
    /** As it was before. */
    rest: async () => {
      if (isPhone) {
        await devtools.send('Emulation.setTouchEmulationEnabled', { enabled: false });
        await devtools.send('Emulation.setDeviceMetricsOverride', { ...WINDOW, deviceScaleFactor: 1, mobile: false });
      }
      isPhone = false;
      const { width, height } = page.viewportSize();
      if (width !== WINDOW.width || height !== WINDOW.height) await page.setViewportSize(WINDOW);
    },
  };
  return hands;
}
