//! Whether the words of a sheet can be taken for all that is to be read on it. Where they cannot, agents do not see the sheet.

import { OPS } from 'pdfjs-dist';
import { type Matrix, times } from './text';

/** What a sheet is painted with, as pdf.js keeps it. */
export type Operators = { fnArray: readonly number[]; argsArray: readonly unknown[] };
/** What is known of a font. */
export type Font = { isType3Font?: boolean; composite?: boolean; differences?: string[]; toUnicode?: object };

/** Pictures that cover more of a sheet than this are what is to be read on it. */
const PICTURES = 1 / 3;
/** So many characters in a row that stand for none could be a number. */
const UNREADABLE = /[\uFFFD\uE000-\uF8FF\u0000-\u0008\u000E-\u001F]{4}/;
/** Names of glyphs that say only which of the font's they are. */
const NAMELESS = /^(g|gid|glyph|cid|c|index|a)[-_.]?\d+$/i;

export function isDoubtful(operators: Operators | undefined, fontOf: (name: string) => Font | null, text: string, area: number): boolean {
  if (!operators) return true;
  const { pictures, paints, fonts } = lookThrough(operators);
  if (text.trim() === '') return paints;
  return pictures > PICTURES * area || UNREADABLE.test(text) || [...fonts].some((name) => !isReadable(fontOf(name)));
}

/** Whether a font says which characters its glyphs are. */
export function isReadable(font: Font | null): boolean {
  if (!font || font.isType3Font) return false;
  // Without a table of its own, a font of many scripts is told by the glyphs' numbers alone.
  if (font.composite && font.toUnicode && 'firstChar' in font.toUnicode) return false;
  const names = Object.values(font.differences ?? []);
  return names.filter((name) => NAMELESS.test(String(name))).length <= names.length / 4 || hasTable(font);
}

/** A table that was made up of the names above says the glyphs' own numbers. */
function hasTable({ toUnicode, differences = [] }: Font): boolean {
  const map = (toUnicode as { _map?: (string | undefined)[] } | undefined)?._map;
  if (!map) return false;
  const told = Object.entries(differences).filter(([, name]) => NAMELESS.test(String(name)));
  return told.some(([code, name]) => {
    const number = Number(/\d+$/.exec(name)?.[0]);
    const character = map[Number(code)];
    return character !== undefined && character !== String.fromCodePoint(number) && character !== String.fromCharCode(Number(code));
  });
}

function lookThrough({ fnArray, argsArray }: Operators) {
  const fonts = new Set<string>();
  let pictures = 0;
  let paints = false;
  let now: Matrix = [1, 0, 0, 1, 0, 0];
  const kept: Matrix[] = [];
  const turn = (by: unknown) => {
    if (Array.isArray(by) && by.length === 6) now = times(now, by as unknown as Matrix);
  };
  const add = (more = 1) => {
    paints = true;
    pictures += Math.abs(now[0] * now[3] - now[1] * now[2]) * more;
  };
  fnArray.forEach((operator, i) => {
    const given = (argsArray[i] ?? []) as unknown[];
    switch (operator) {
      case OPS.save:
        kept.push(now);
        break;
      case OPS.restore:
      case OPS.paintFormXObjectEnd:
      case OPS.endGroup:
      case OPS.endAnnotation:
        now = kept.pop() ?? now;
        break;
      case OPS.transform:
        turn(given);
        break;
      case OPS.paintFormXObjectBegin:
        kept.push(now);
        turn(given[0]);
        break;
      case OPS.beginGroup:
        kept.push(now);
        turn((given[0] as { matrix?: unknown } | undefined)?.matrix);
        break;
      case OPS.beginAnnotation:
        kept.push(now);
        turn(given[2]);
        turn(given[3]);
        break;
      case OPS.setFont:
        fonts.add(String(given[0]));
        break;
      case OPS.paintImageXObject:
      case OPS.paintInlineImageXObject:
      case OPS.paintImageMaskXObject:
        add();
        break;
      case OPS.paintImageXObjectRepeat: {
        const [, across, down, places] = given as [string, number, number, ArrayLike<number>];
        add((Math.abs(across * down) * places.length) / 2);
        break;
      }
      case OPS.paintImageMaskXObjectRepeat: {
        const [, a, b, c, d, places] = given as [unknown, number, number, number, number, ArrayLike<number>];
        add((Math.abs(a * d - b * c) * places.length) / 2);
        break;
      }
      case OPS.paintImageMaskXObjectGroup:
      case OPS.paintInlineImageXObjectGroup: {
        const parts = (operator === OPS.paintImageMaskXObjectGroup ? given[0] : given[1]) as { transform?: number[] }[];
        for (const { transform: [a = 1, b = 0, c = 0, d = 1] = [] } of parts) add(Math.abs(a * d - b * c));
        break;
      }
      case OPS.constructPath:
      case OPS.shadingFill:
      case OPS.rawFillPath:
      case OPS.paintSolidColorImageMask:
      case OPS.showText:
      case OPS.showSpacedText:
        paints = true;
        break;
    }
  });
  return { pictures, paints, fonts };
}
