import { expect, test } from 'vitest';
import { languages, wordsOf } from './words';

test('every language says everything, and names the site where English does', () => {
  const english = wordsOf('en');
  expect(languages).toHaveLength(7);
  for (const language of languages) {
    const words = wordsOf(language);
    expect(Object.keys(words).sort()).toEqual(Object.keys(english).sort());
    expect(words.again).not.toBe('');
    for (const [why, { title, text }] of Object.entries(words).filter(([, one]) => typeof one !== 'string') as [keyof typeof english, { title: string; text: string }][]) {
      const first = english[why] as { title: string };
      expect(title.includes('#'), `${language} ${why}`).toBe(first.title.includes('#'));
      expect(text).not.toBe('');
    }
  }
});

test('a language that is not spoken is English', () => {
  expect(wordsOf('sv-SE')).toBe(wordsOf('en'));
  expect(wordsOf('de-AT')).toBe(wordsOf('de'));
});
