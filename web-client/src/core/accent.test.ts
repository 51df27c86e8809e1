import { expect, test } from 'vitest';
import { accentFor, contrast } from './accent';

const rgb = (colour: string) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)) as [number, number, number];

for (const colour of ['#ffff00', '#000000', '#ffffff', '#0b6e69', '#e60000', '#7fb3ff', '#808080']) {
  test(`${colour} can be read on both grounds, and text on it`, () => {
    for (const [scheme, ground] of [['light', '#eef1f2'], ['dark', '#151e20']] as const) {
      const accent = accentFor(colour, scheme)!;
      expect(contrast(rgb(accent.accent), rgb(ground))).toBeGreaterThanOrEqual(4.4);
      expect(contrast(rgb(accent.accent), rgb(accent.on))).toBeGreaterThanOrEqual(4.4);
    }
  });
}

test('a colour that is readable stays as it is, and nonsense is none', () => {
  expect(accentFor('#0b6e69', 'light')?.accent).toBe('#0b6e69');
  expect(accentFor('red', 'light')).toBeNull();
  expect(accentFor('#12345', 'dark')).toBeNull();
});
