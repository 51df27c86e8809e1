//! A company's colour, made readable: on light and on dark ground, and under text of its own (WCAG 2.2, 1.4.3).

export interface Accent {
  accent: string;
  hover: string;
  /** The colour of text on it. */
  on: string;
}

type Rgb = readonly [number, number, number];

const ENOUGH = 4.5;
const GROUND = { light: [238, 241, 242], dark: [21, 30, 32] } as const;
const WHITE: Rgb = [255, 255, 255];
const INK: Rgb = [4, 20, 22];

/** `#rrggbb`; anything else is no colour. */
export function accentFor(colour: string, scheme: 'light' | 'dark'): Accent | null {
  const own = parse(colour);
  if (!own) return null;
  const away = scheme === 'light' ? INK : WHITE;
  let accent = own;
  // Towards ink or white until links can be read; text of these two is always readable, so it ends.
  for (let part = 0; contrast(accent, GROUND[scheme]) < ENOUGH && part < 1; ) accent = mix(own, away, (part += 0.05));
  const on = contrast(accent, WHITE) >= contrast(accent, INK) ? WHITE : INK;
  return { accent: text(accent), hover: text(mix(accent, away, 0.16)), on: text(on) };
}

function parse(colour: string): Rgb | null {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  return match ? [parseInt(match[1]!, 16), parseInt(match[2]!, 16), parseInt(match[3]!, 16)] : null;
}

function text(colour: Rgb): string {
  return `#${colour.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;
}

function mix(a: Rgb, b: Rgb, part: number): Rgb {
  const at = (i: 0 | 1 | 2) => a[i] + (b[i] - a[i]) * part;
  return [at(0), at(1), at(2)];
}

export function contrast(a: Rgb, b: Rgb): number {
  const [lighter, darker] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

/** Relative luminance, as WCAG 2.2 defines it. */
function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((part) => {
    const c = part / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
