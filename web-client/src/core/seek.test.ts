import { describe, expect, it } from 'vitest';
import { Seek } from './seek';

const COUNTRIES = ['Chile', 'China', 'Côte d’Ivoire', 'New Zealand', 'Niger', 'Norway'];

describe('first letters', () => {
  it('go on to the next that begins with the letter, and round again', () => {
    const seek = new Seek();
    expect(seek.next(COUNTRIES, 'c', -1, 0)).toBe(0);
    expect(seek.next(COUNTRIES, 'c', 0, 1_000)).toBe(1);
    expect(seek.next(COUNTRIES, 'C', 2, 2_000)).toBe(0);
  });

  it('that follow at once are one word, spaces too', () => {
    const seek = new Seek();
    expect(seek.next(COUNTRIES, 'n', 0, 0)).toBe(3);
    expect(seek.next(COUNTRIES, 'e', 3, 100)).toBe(3);
    expect(seek.next(COUNTRIES, 'w', 3, 200)).toBe(3);
    expect(seek.isTyping(300)).toBe(true);
    expect(seek.next(COUNTRIES, ' ', 3, 300)).toBe(3);
    expect(seek.next(COUNTRIES, 'x', 3, 400)).toBe(null);
    expect(seek.isTyping(2_000)).toBe(false);
  });

  it('find nothing in an empty list', () => expect(new Seek().next([], 'a', -1, 0)).toBe(null));
});
