// Small PDFs, written by hand.

/** `sheets`: what each is painted with (content streams), and its annotations. `more`: further objects, by number from 100 on. */
export function pdfOf(sheets, { title = '', more = {} } = {}) {
  const objects = new Map();
  const stream = (text, dictionary = '') => `<< /Length ${Buffer.byteLength(text, 'latin1')} ${dictionary} >>\nstream\n${text}\nendstream`;
  objects.set(1, '<< /Type /Catalog /Pages 2 0 R >>');
  objects.set(2, `<< /Type /Pages /Count ${sheets.length} /Kids [${sheets.map((_, i) => `${10 + 2 * i} 0 R`).join(' ')}] >>`);
  objects.set(3, '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>');
  objects.set(4, `<< /Title (${title}) >>`);
  // A picture of four magenta dots.
  objects.set(5, stream('\xff\x00\xff'.repeat(4), '/Type /XObject /Subtype /Image /Width 2 /Height 2 /BitsPerComponent 8 /ColorSpace /DeviceRGB'));
  sheets.forEach(({ content, annotations = '' }, i) => {
    const resources = '<< /Font << /F 3 0 R >> /XObject << /I 5 0 R >> >>';
    objects.set(10 + 2 * i, `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources ${resources} /Contents ${11 + 2 * i} 0 R /Annots [${annotations}] >>`);
    objects.set(11 + 2 * i, stream(content));
  });
  for (const [number, text] of Object.entries(more)) objects.set(Number(number), text);
  let file = '%PDF-1.4\n';
  const places = new Map();
  for (const [number, text] of objects) {
    places.set(number, file.length);
    file += `${number} 0 obj\n${text}\nendobj\n`;
  }
  const size = Math.max(...objects.keys()) + 1;
  const entry = (number) => (places.has(number) ? `${String(places.get(number)).padStart(10, '0')} 00000 n \n` : '0000000000 65535 f \n');
  const table = Array.from({ length: size }, (_, number) => entry(number)).join('');
  file += `xref\n0 ${size}\n${table}trailer\n<< /Size ${size} /Root 1 0 R /Info 4 0 R >>\nstartxref\n${file.length}\n%%EOF`;
  return Buffer.from(file, 'latin1');
}

/** Lines of text: `[x, y, size, text, colour]`, from the lower left corner. */
export const lines = (...all) => all.map(([x, y, size, text, colour = '0 0 0.6']) => `BT ${colour} rg /F ${size} Tf ${x} ${y} Td (${text}) Tj ET`).join('\n');

export const MAGENTA = '1 0 1';
