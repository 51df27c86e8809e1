import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { letterbox, liftFor, pictureOf, placeOnStage, Resizer, toLocal, toRemote, viewportFor } from './viewport';

describe('asking for a size', () => {
  test.each([
    [{ width: 1440, height: 848 }, 1, { width: 1440, height: 848, scale: 1 }],
    [{ width: 1441, height: 849.6 }, 1, { width: 1440, height: 848, scale: 1 }],
    [{ width: 390, height: 741 }, 3, { width: 390, height: 740, scale: 2 }],
    [{ width: 1535, height: 703 }, 1.25, { width: 1528, height: 696, scale: 1.25 }],
    [{ width: 10, height: 10 }, 0, { width: 320, height: 240, scale: 1 }],
  ])('%o at %f', (stage, ratio, wanted) => {
    expect(viewportFor(stage, ratio)).toEqual(wanted);
  });

  test('the picture of what is asked for is never cropped', () => {
    for (const ratio of [1, 1.1, 1.25, 1.5, 1.75, 2, 2.625, 3]) {
      for (let width = 320; width < 500; width += 7) {
        const viewport = viewportFor({ width, height: width * 2 }, ratio);
        expect(pictureOf(viewport)).toEqual({ width: viewport.width * viewport.scale, height: viewport.height * viewport.scale });
      }
    }
  });
});

describe('the picture on the stage', () => {
  const desktop = { width: 1280, height: 720, scale: 1 };

  test('is sharp where there is room, centred, on whole device pixels', () => {
    expect(placeOnStage({ width: 1441, height: 801 }, desktop, 1, false)).toEqual({ left: 81, top: 41, width: 1280, height: 720 });
  });

  test('shrinks whole where there is none', () => {
    const box = placeOnStage({ width: 640, height: 600 }, desktop, 1, false);
    expect([box.width, box.height, box.left]).toEqual([640, 360, 0]);
  });

  test('fills the customer’s page also when the server could not give all of it', () => {
    const box = placeOnStage({ width: 2560, height: 1440 }, { width: 1920, height: 1080, scale: 1 }, 1, true);
    expect([box.width, box.height]).toEqual([2560, 1440]);
  });

  test('a phone’s page at twice the pixels stands at 1:1 on a dense screen and smaller on a plain one', () => {
    const phone = { width: 390, height: 844, scale: 2 };
    expect(placeOnStage({ width: 1400, height: 900 }, phone, 2, false)).toMatchObject({ width: 390, height: 844 });
    expect(placeOnStage({ width: 1400, height: 800 }, phone, 1, false).height).toBeCloseTo(800);
  });
});

describe('places', () => {
  const viewport = { width: 1000, height: 500, scale: 1 };

  test('letter-boxed on either side', () => {
    expect(letterbox({ left: 10, top: 20, width: 500, height: 500 }, { width: 1000, height: 500 })).toEqual({ left: 10, top: 145, width: 500, height: 250 });
    expect(letterbox({ left: 0, top: 0, width: 500, height: 100 }, { width: 1000, height: 500 })).toEqual({ left: 150, top: 0, width: 200, height: 100 });
    expect(letterbox({ left: 1, top: 2, width: 3, height: 4 }, { width: 0, height: 0 })).toEqual({ left: 1, top: 2, width: 3, height: 4 });
  });

  test('go to the remote page and back', () => {
    const box = { left: 40, top: 60, width: 700, height: 700 };
    for (const [x, y] of [[0, 0], [999, 499], [333.25, 120.5]] as const) {
      const local = toLocal({ x, y }, box, viewport);
      const remote = toRemote(local.x + box.left, local.y + box.top, box, viewport);
      expect(remote.x).toBeCloseTo(x);
      expect(remote.y).toBeCloseTo(y);
    }
  });

  test('outside is said, and kept inside', () => {
    const box = { left: 0, top: 0, width: 1000, height: 500 };
    expect(toRemote(-5, 250, box, viewport)).toEqual({ x: 0, y: 250, inside: false });
    const far = toRemote(4000, 4000, box, viewport);
    expect(far.inside).toBe(false);
    expect(Math.fround(far.x)).toBeLessThan(1000);
    expect(Math.fround(far.y)).toBeLessThan(500);
    expect(toRemote(999.9, 499.9, box, viewport).inside).toBe(true);
  });

  test('are CSS pixels of the remote page also when it has more picture pixels', () => {
    const place = toRemote(195, 422, { left: 0, top: 0, width: 390, height: 844 }, { width: 390, height: 844, scale: 2 });
    expect(place).toEqual({ x: 195, y: 422, inside: true });
  });
});

test('a caret under the soft keyboard lifts the picture, no further than needed', () => {
  const visible = { top: 0, bottom: 400 };
  expect(liftFor({ top: 100, bottom: 120 }, visible)).toBe(0);
  expect(liftFor({ top: 500, bottom: 520 }, visible)).toBe(144);
  expect(liftFor({ top: 380, bottom: 900 }, visible)).toBe(356);
});

describe('resizing', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const size = (width: number) => ({ width, height: 500, scale: 1 });

  test('says the last size once it is still, and each size once', () => {
    const said = vi.fn();
    const resizer = new Resizer(said, 100);
    for (const width of [400, 410, 420]) {
      resizer.offer(size(width));
      vi.advanceTimersByTime(60);
    }
    vi.advanceTimersByTime(100);
    resizer.offer(size(420));
    vi.advanceTimersByTime(500);
    expect(said.mock.calls).toEqual([[size(420)]]);
    resizer.forget();
    resizer.offer(size(420));
    vi.advanceTimersByTime(100);
    expect(said).toHaveBeenCalledTimes(2);
  });

  test('back to the old size before it was still says nothing', () => {
    const said = vi.fn();
    const resizer = new Resizer(said, 100);
    resizer.offer(size(400));
    vi.advanceTimersByTime(100);
    resizer.offer(size(600));
    resizer.offer(size(400));
    vi.advanceTimersByTime(500);
    expect(said).toHaveBeenCalledOnce();
  });
});
