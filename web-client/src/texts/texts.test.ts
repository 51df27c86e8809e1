import { beforeEach, expect, test } from 'vitest';
import { choose, clock, languageName, listOf, speech, texts } from '.';
import en from './en';
import { plurals } from './plural';

const languages = Object.entries(import.meta.glob<{ default: unknown }>(['./[a-z][a-z].ts', './[a-z][a-z]-*.ts'], { eager: true }));

beforeEach(() => localStorage.clear());

test('the first wanted language that there is, the fallback otherwise', () => {
  expect(choose(['pt-BR', 'en'], ['en', 'pt'])).toBe('pt');
  expect(choose(['pt-br'], ['en', 'pt', 'pt-BR'])).toBe('pt-BR');
  expect(choose(['xx', 'de-AT'], ['en', 'de'])).toBe('de');
  expect(choose(['xx'], ['en', 'de'])).toBe('en');
  expect(choose(['xx'], ['es', 'de'], 'de')).toBe('de');
});

test('the page says which language it speaks, and keeps what was chosen', async () => {
  await speech.begin(['xx-YY']);
  expect(document.documentElement.lang).toBe('en');
  expect(document.documentElement.dir).toBe('ltr');
  expect(texts.customer.start).toBe('Start');
  expect(clock(0)).toMatch(/\d/);
  await speech.choose('es');
  expect(document.documentElement.lang).toBe('es');
  expect(texts.customer.start).not.toBe('Start');
  expect(listOf(['Ana', 'Eva'])).toBe('Ana y Eva');
  expect(languageName('es')).toBe('Español');
  await speech.begin(['de']);
  expect(speech.language).toBe('es');
});

test('a company’s choice of languages bounds a customer’s', async () => {
  await speech.begin(['es']);
  await speech.offer(['fr', 'nl'], 'nl');
  expect(speech.language).toBe('nl');
  expect(speech.offered).toEqual(['fr', 'nl']);
});

test('counted things follow the language’s own rules', () => {
  expect(plurals('en')(1, { one: '# tab', other: '# tabs' })).toBe('1 tab');
  expect(plurals('fr')(0, { one: '# onglet', other: '# onglets' })).toBe('0 onglet');
  expect(plurals('pl')(3, { one: 'a', few: 'b', other: 'c' })).toBe('b');
  expect(plurals('de')(1234, { other: '#' })).toBe('1.234');
});

/** Every text of a language by its place, with what it makes of its arguments. */
function flatten(value: unknown, place = ''): Map<string, string> {
  const texts = new Map<string, string>();
  if (typeof value === 'function') {
    // Any number looks the same as a name, and the same in each of our languages.
    const given = [41, 43, 47].slice(0, value.length);
    texts.set(place, String((value as (...given: number[]) => string)(...given)));
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, one] of Object.entries(value)) {
      for (const [inner, text] of flatten(one, place ? `${place}.${key}` : key)) texts.set(inner, text);
    }
  } else {
    texts.set(place, String(value));
  }
  return texts;
}

const numbers = (text: string) => (text.match(/4[137]/g) ?? []).sort().join(' ');
const original = flatten(en);

test('there are the seven languages', () => {
  const tags = languages.map(([path]) => path.slice(2, -3));
  expect(tags).toEqual(expect.arrayContaining(['de', 'en', 'es', 'fr', 'it', 'nl', 'pt']));
});

for (const [path, { default: language }] of languages) {
  test(`${path} has every text, and all that a text is told`, () => {
    const texts = flatten(language);
    expect([...texts.keys()]).toEqual([...original.keys()]);
    for (const [place, text] of texts) {
      expect(text.trim(), place).not.toBe('');
      expect(text, place).not.toMatch(/undefined|\[object|NaN/);
      expect(numbers(text), place).toBe(numbers(original.get(place) ?? ''));
      // Several words that are the same in two languages were forgotten.
      if (path !== './en.ts' && /\p{L}{3,} \p{L}{2,} \p{L}{2,}/u.test(text)) expect(text, place).not.toBe(original.get(place));
    }
  });
}
