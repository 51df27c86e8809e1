import { expect, test } from 'vitest';
import { lookedFor, repliesIn, segmentsOf } from './chatText';

/** `[…]` is a link, `{…}` a code. */
const shown = (text: string) => segmentsOf(text).map((one) => (one.kind === 'link' ? `[${one.text}]` : one.kind === 'code' ? `{${one.text}}` : one.text)).join('');
const hrefs = (text: string) => segmentsOf(text).flatMap((one) => (one.kind === 'link' ? [one.href] : []));

test.each([
  ['See https://shop.example/a?b=1#c.', 'See [https://shop.example/a?b=1#c].'],
  ['(http://shop.example)', '([http://shop.example])'],
  ['https://wiki.example/Tea_(drink), please', '[https://wiki.example/Tea_(drink)], please'],
  ['www.shop.example!', '[www.shop.example]!'],
  ['two https://a.example https://b.example', 'two [https://a.example] [https://b.example]'],
  ['HTTPS://SHOP.EXAMPLE', '[HTTPS://SHOP.EXAMPLE]'],
])('links: %s', (text, expected) => expect(shown(text)).toBe(expected));

test.each([
  'javascript:alert(1)',
  'data:text/html,<b>',
  'ftp://shop.example/',
  'https://bank.example@evil.example/',
  'https://user:secret@evil.example/',
  'https://',
  'mailto:eva@shop.example',
  '<a href="javascript:alert(1)">x</a>',
  '<script>alert("x")</script>',
  '<img src=x onerror=alert(1)>',
])('no link: %s', (text) => {
  expect(hrefs(text)).toEqual([]);
  expect(segmentsOf(text).map((one) => one.text).join('')).toBe(text);
});

test('signs that turn the writing round end an address', () => {
  expect(hrefs('https://shop.example/\u202egnp.exe')).toEqual(['https://shop.example/']);
  expect(hrefs('www.shop.example')).toEqual(['https://www.shop.example/']);
});

test.each([
  ['Your order ORD-2024-118 is here', 'Your order {ORD-2024-118} is here'],
  ['PIN 482915036.', 'PIN {482915036}.'],
  ['(SN4482XK)', '({SN4482XK})'],
  ['Type `git push` now', 'Type {git push} now'],
  ['“AB12-CD34”, said Eva', '“{AB12-CD34}”, said Eva'],
  ['Ä1Ö2Ü3', '{Ä1Ö2Ü3}'],
])('codes: %s', (text, expected) => expect(shown(text)).toBe(expected));

test.each(['Hello there', 'room 12345', '1,299.00 euros', 'at 10:30:00', 'eva123@shop.example', 'covid1', '-----12', '``', 'A7'.repeat(40)])('no code: %s', (text) =>
  expect(shown(text)).toBe(text),
);

test('nothing is lost, however odd', () => {
  for (const text of ['', '\n', 'a\n\nb', '`', 'x`y`z', '((((', '....', 'https://'.repeat(200), '🙂'.repeat(500), '-'.repeat(2_000), '('.repeat(2_000)]) {
    const kept = segmentsOf(text).map((one) => (one.kind === 'code' && text.includes('`') ? `\`${one.text}\`` : one.text)).join('');
    expect(kept).toBe(text);
  }
});

const REPLIES = [
  { title: 'Greeting', texts: { en: 'Hello!', es: '¡Hola!' } },
  { title: 'Moment', texts: { en: 'One moment, please.', de: ' ' } },
  { title: 'Über uns', texts: { de: 'Wir sind da.' } },
  { title: 'Empty', texts: {} },
];

test('quick replies come in the customer’s language, or else the company’s', () => {
  expect(repliesIn(REPLIES, ['es', 'en']).map(({ text }) => text)).toEqual(['¡Hola!', 'One moment, please.', 'Wir sind da.']);
  expect(repliesIn(REPLIES, ['de', 'en']).map(({ language }) => language)).toEqual(['en', 'en', 'de']);
});

test('a slash looks for one, in its title first', () => {
  const replies = repliesIn(REPLIES, ['en']);
  const titles = (typed: string) => lookedFor(replies, typed)?.map(({ title }) => title);
  expect(titles('/')).toEqual(['Greeting', 'Moment', 'Über uns']);
  expect(titles('/uber')).toEqual(['Über uns']);
  expect(titles('/me')).toEqual(['Moment'].slice(0, 1));
  expect(titles('/xyz')).toEqual([]);
  expect(titles('a/b')).toBeUndefined();
  expect(titles('/a\nb')).toBeUndefined();
});
