import { expect, test } from 'vitest';
import { classOf } from './device';

test.each([
  [true, 390, 844, 'phone'],
  [true, 932, 430, 'phone'],
  [true, 820, 1180, 'tablet'],
  [false, 390, 844, 'desk'],
  [false, 1920, 1080, 'desk'],
] as const)('touched first: %s, %d × %d is a %s', (touched, width, height, kind) => {
  expect(classOf(touched, { width, height })).toBe(kind);
});
