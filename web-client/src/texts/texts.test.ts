import { expect, test } from 'vitest';
import { choose, speak, texts } from '.';

test('the first wanted language that there is, English otherwise', () => {
  expect(choose(['pt-BR', 'en'], ['en', 'pt'])).toBe('pt');
  expect(choose(['pt-br'], ['en', 'pt', 'pt-BR'])).toBe('pt-BR');
  expect(choose(['xx', 'de-AT'], ['en', 'de'])).toBe('de');
  expect(choose(['xx'], ['en', 'de'])).toBe('en');
  expect(choose([], ['en'])).toBe('en');
});

test('the page says which language it speaks', async () => {
  await speak(['xx-YY']);
  expect(document.documentElement.lang).toBe('en');
  expect(texts.customer.start).toBe('Start');
});
