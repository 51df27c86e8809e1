import { OPS } from 'pdfjs-dist';
import { expect, test, vi } from 'vitest';

vi.hoisted(() => {
  // happy-dom has no canvas, and none is needed to reckon with.
  globalThis.OffscreenCanvas ??= class {
    getContext() {
      return null;
    }
  } as unknown as typeof OffscreenCanvas;
  globalThis.DOMMatrix ??= class {} as unknown as typeof DOMMatrix;
});
import { isDoubtful, isReadable, type Operators } from './doubt';
import { placesOf } from './find';
import { boxOf, type Matrix, textLayer, times } from './text';
import { languages, pageOf, wordsOf } from './words';

/** A sheet of 600 by 800, as pdf.js turns it upside down. */
const SHEET: Matrix = [1, 0, 0, -1, 0, 800];
const run = (transform: number[]) => ({ str: 'word', transform, width: 50, height: 10, fontName: 'F', hasEOL: false });
const corners = ({ width, height, matrix: [a, b, c, d, e, f] }: ReturnType<typeof boxOf>) => {
  const across = [e, e + a * width, e + c * height, e + a * width + c * height];
  const down = [f, f + b * width, f + d * height, f + b * width + d * height];
  return [Math.min(...across), Math.min(...down), Math.max(...across), Math.max(...down)].map(Math.round);
};

test('a run’s box holds its whole advance, from descent to ascent', () => {
  const style = { ascent: 0.9, descent: -0.3, vertical: false };
  expect(corners(boxOf(run([10, 0, 0, 10, 100, 700]), style, SHEET))).toEqual([100, 91, 150, 103]);
  expect(corners(boxOf(run([0, 10, -10, 0, 100, 700]), style, SHEET))).toEqual([91, 50, 103, 100]);
  expect(corners(boxOf(run([-10, 0, 0, 10, 100, 700]), style, SHEET))).toEqual([50, 91, 100, 103]);
  expect(corners(boxOf(run([10, 0, 0, 10, 100, 700]), { ...style, vertical: true }, SHEET))).toEqual([94, 100, 106, 110]);
});

test('fonts that tell nothing of their height are taken to be tall', () => {
  const [, top, , bottom] = corners(boxOf(run([10, 0, 0, 10, 0, 0]), undefined, SHEET));
  expect([top, bottom]).toEqual([792, 803]);
});

test('each run is an element of its own', () => {
  const layer = textLayer([run([10, 0, 0, 10, 100, 700]), { ...run([10, 0, 0, 10, 100, 680]), str: '' }], {}, SHEET);
  expect([...layer.querySelectorAll('span')].map((span) => span.textContent)).toEqual(['word']);
  expect(times(SHEET, SHEET)).toEqual([1, 0, 0, 1, 0, 0]);
});

const painted = (...given: [number, ...unknown[]][]): Operators => ({ fnArray: given.map(([one]) => one), argsArray: given.map(([, ...rest]) => rest) });
const plain = () => ({ differences: [] });

test('a sheet whose words are not all there is to read is doubtful', () => {
  const area = 600 * 800;
  const words = painted([OPS.setFont, 'F', 10], [OPS.showText, []]);
  const picture = (size: number) => painted([OPS.save], [OPS.transform, size, 0, 0, size, 0, 0], [OPS.paintImageXObject, 'I', 2, 2], [OPS.restore]);
  expect(isDoubtful(words, plain, 'words', area)).toBe(false);
  expect(isDoubtful(undefined, plain, 'words', area), 'nothing is known').toBe(true);
  expect(isDoubtful(picture(10), plain, '', area), 'a picture without words').toBe(true);
  expect(isDoubtful(painted(), plain, '', area), 'an empty sheet').toBe(false);
  expect(isDoubtful(picture(500), plain, 'a stamp', area), 'a scan with a line of text').toBe(true);
  expect(isDoubtful(picture(100), plain, 'a letter with a logo', area)).toBe(false);
  expect(isDoubtful(words, plain, 'a \uE001\uE002\uE003\uE004', area), 'characters that are none').toBe(true);
  expect(isDoubtful(words, plain, '\uF0B7 a point of a list', area)).toBe(false);
  expect(isDoubtful(words, () => null, 'words', area), 'an unknown font').toBe(true);
});

test('a font is readable when it says which characters its glyphs are', () => {
  expect(isReadable({ isType3Font: true })).toBe(false);
  expect(isReadable({ composite: true, toUnicode: { firstChar: 0, lastChar: 9 } })).toBe(false);
  expect(isReadable({ composite: true, toUnicode: { _map: ['a'] } })).toBe(true);
  expect(isReadable({ differences: ['one', 'two', 'a', 'bullet'] })).toBe(true);
  expect(isReadable({ differences: ['g1', 'g2', 'g3'] })).toBe(false);
});

test('words are found in and across runs, whatever their case', () => {
  expect(placesOf('ab', ['xAb', 'abx'])).toEqual([
    [1, 3],
    [3, 5],
  ]);
  expect(placesOf('bc', ['ab', 'cd'])).toEqual([[1, 3]]);
  expect(placesOf('', ['ab'])).toEqual([]);
});

test('every language has all words', () => {
  expect(languages).toHaveLength(7);
  for (const language of languages) {
    const words = wordsOf(`${language}-XX`);
    expect(Object.keys(words)).toEqual(Object.keys(wordsOf('en')));
    expect(pageOf(words, 3, 12)).toMatch(/\b3\b.*\b12\b/);
  }
  expect(wordsOf('xx')).toBe(wordsOf('en'));
});
