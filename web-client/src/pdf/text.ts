//! The words of a sheet as elements over its picture: for selecting, and for the guard, which reads them and covers what is
//! secret. Where each is, is reckoned from the PDF itself, and never from how wide a browser's own font makes it.

export type Matrix = readonly [number, number, number, number, number, number];

/** A run of text, as pdf.js gives it. */
export type Run = { str: string; transform: number[]; width: number; height: number; fontName: string; hasEOL: boolean };
export type RunStyle = { ascent: number; descent: number; vertical: boolean; fontFamily?: string; fontSubstitution?: string | null };

/** A box, and how it is turned, skewed and moved on the sheet (CSS pixels at scale 1). */
export type Box = { width: number; height: number; matrix: Matrix };

export function times([a, b, c, d, e, f]: Matrix, [g, h, i, j, k, l]: Matrix): Matrix {
  return [a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * l + e, b * k + d * l + f];
}

/** The box of a run: its whole advance wide, and from its font's ascent to its descent, in doubt more. */
export function boxOf(run: Run, style: RunStyle | undefined, sheet: Matrix): Box {
  const [a, b, c, d, e, f] = times(sheet, run.transform as unknown as Matrix);
  const size = Math.hypot(c, d);
  const length = Math.hypot(a, b);
  // Along the line, and up from it; a font without a height of its own stands upright on its line.
  const along = length > 0 ? [a / length, b / length] : [1, 0];
  const up = size > 0 ? [c / size, d / size] : [along[1], -along[0]!];
  const [ax, ay, ux, uy] = [along[0]!, along[1]!, up[0]!, up[1]!];
  if (style?.vertical) {
    const half = 0.6 * size;
    return { width: run.height, height: 2 * half, matrix: [-ux, -uy, -ax, -ay, e + half * ax, f + half * ay] };
  }
  const ascent = Math.min(1.2, Math.max(0.85, style?.ascent || 0));
  const descent = Math.min(0.5, Math.max(0.25, -(style?.descent || 0)));
  return { width: run.width, height: (ascent + descent) * size, matrix: [ax, ay, -ux, -uy, e + ascent * size * ux, f + ascent * size * uy] };
}

const ruler = new OffscreenCanvas(1, 1).getContext('2d');

/** The element of a run. What is in it is stretched to the box, so that a selection looks as it should. */
export function spanOf(run: Run, box: Box, style: RunStyle | undefined): HTMLSpanElement {
  const span = document.createElement('span');
  const size = Math.max(1, box.height * 0.8);
  const family = [style?.fontSubstitution, style?.fontFamily, 'sans-serif'].filter(Boolean).join();
  if (ruler) ruler.font = `${size}px ${family}`;
  const natural = ruler?.measureText(run.str).width || box.width || 1;
  const [a, b, c, d, e, f] = box.matrix;
  const stretch = box.width / natural;
  span.textContent = run.str;
  span.style.width = `${natural}px`;
  span.style.height = span.style.lineHeight = `${box.height}px`;
  span.style.fontFamily = family;
  span.style.fontSize = `${size}px`;
  span.style.transform = `matrix(${[a * stretch, b * stretch, c, d, e, f].map((n) => n.toFixed(5)).join()})`;
  return span;
}

/** All the words of a sheet. */
export function textLayer(runs: readonly Run[], styles: Record<string, RunStyle>, sheet: Matrix): HTMLDivElement {
  const layer = document.createElement('div');
  layer.className = 'text';
  layer.dataset.tandemText = '';
  for (const run of runs) {
    if (run.str) layer.append(spanOf(run, boxOf(run, styles[run.fontName], sheet), styles[run.fontName]));
    if (run.hasEOL) layer.append(document.createElement('br'));
  }
  return layer;
}
