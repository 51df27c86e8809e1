//! The page in which a PDF is shown. The browser node puts it in the place of the file, which it holds.

import { getDocument, GlobalWorkerOptions, PasswordResponses, type PDFDocumentProxy } from 'pdfjs-dist';
import { Finder } from './find';
import { LIMIT, Sheets } from './sheets';
import { button, type Icon, make, notice, passwordForm } from './parts';
import { pageOf, wordsOf } from './words';

/** Where the node answers with what few PDFs need: fonts, tables of characters, decoders. */
const MORE = 'https://pdf.invalid/';
/** A PDF's unit is 1/72 of an inch, a page's 1/96. */
const PERCENT = 75;
const words = wordsOf(navigator.language);

function take(id: string): { text: string; kind: string } {
  const element = document.getElementById(id);
  const taken = { text: element?.textContent ?? '', kind: element?.dataset.kind ?? '' };
  element?.remove();
  return taken;
}

/** The file comes in pieces, each in Base64 by itself. */
function bytesOf(text: string): Uint8Array {
  const pieces = text.split('.').map((piece) => Uint8Array.from(atob(piece), (character) => character.charCodeAt(0)));
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function nameOf(address: Location): string {
  const last = address.pathname.split('/').filter(Boolean).at(-1) ?? '';
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

async function open(bytes: Uint8Array): Promise<PDFDocumentProxy> {
  const task = getDocument({
    data: bytes,
    cMapUrl: `${MORE}cmaps/`,
    cMapPacked: true,
    standardFontDataUrl: `${MORE}fonts/`,
    wasmUrl: `${MORE}wasm/`,
    useWorkerFetch: false,
    isEvalSupported: false,
    enableXfa: false,
    fontExtraProperties: true,
    maxImageSize: 64_000_000,
    verbosity: 0,
  });
  task.onPassword = (update: (password: string) => void, reason: number) => {
    document.body.replaceChildren(passwordForm(words, reason === PasswordResponses.INCORRECT_PASSWORD, update));
  };
  return task.promise;
}

async function show(pdf: PDFDocumentProxy) {
  const column = make('main', 'column');
  const sheets = new Sheets(pdf, column, (dest) => void follow(dest));
  const place = make('output', 'place');
  const size = make('output', 'size');
  const update = () => {
    place.textContent = pageOf(words, sheets.current()?.number ?? 1, pdf.numPages);
    size.textContent = `${Math.round(sheets.scale * PERCENT)} %`;
  };
  const turn = (by: number) => sheets.show(Math.min(sheets.list.length, Math.max(1, (sheets.current()?.number ?? 1) + by)));
  const zoom = (by: number) => {
    if (by === 0) sheets.fit();
    else sheets.zoom(sheets.scale * by);
    update();
  };

  async function follow(dest: unknown) {
    const target = typeof dest === 'string' ? await pdf.getDestination(dest) : dest;
    const page = Array.isArray(target) ? target[0] : null;
    const index = typeof page === 'number' ? page : page ? await pdf.getPageIndex(page) : -1;
    if (index >= 0) location.hash = `page=${index + 1}`;
  }
  const followHash = () => {
    const number = Number(/page=(\d+)/.exec(location.hash)?.[1]);
    if (number) sheets.show(number);
  };

  const told = make('output', 'told');
  const finder = new Finder(pdf, sheets, (at, count) => {
    told.textContent = count > 0 ? `${at} / ${count}` : field.value.trim() ? words.none : '';
  });
  const field = make('input', '');
  Object.assign(field, { type: 'search', ariaLabel: words.find, placeholder: words.find, autocomplete: 'off', spellcheck: false });
  const bar = make('div', 'seek');
  const seek = (on: boolean) => {
    bar.hidden = !on;
    if (on) field.select();
    else {
      field.value = '';
      void finder.find('');
    }
  };
  bar.hidden = true;
  bar.append(field, told, ...([['up', words.before, () => finder.step(-1)], ['down', words.next, () => finder.step(1)], ['close', words.close, () => seek(false)]] as [Icon, string, () => void][]).map((one) => button(...one)));
  let later = 0;
  field.addEventListener('input', () => {
    clearTimeout(later);
    later = window.setTimeout(() => void finder.find(field.value), 250);
  });

  const title = make('h1', 'title');
  title.textContent = document.title;
  const tools = make('header', 'tools');
  const group = (...parts: HTMLElement[]) => {
    const made = make('div', 'group');
    made.append(...parts);
    return made;
  };
  tools.append(
    title,
    group(button('up', words.before, () => turn(-1)), place, button('down', words.next, () => turn(1))),
    group(button('minus', words.smaller, () => zoom(1 / 1.25)), size, button('plus', words.larger, () => zoom(1.25)), button('fit', words.fit, () => zoom(0))),
    group(button('find', words.find, () => seek(Boolean(bar.hidden)))),
    bar,
  );
  document.body.replaceChildren(tools, column);

  addEventListener('keydown', (event) => {
    const isFind = event.key === 'f' && (event.ctrlKey || event.metaKey);
    if (isFind) seek(true);
    else if (event.target === field && event.key === 'Enter') finder.step(event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape' && !bar.hidden) seek(false);
    else if (event.target !== field && !event.ctrlKey && !event.altKey && event.key === '+') zoom(1.25);
    else if (event.target !== field && !event.ctrlKey && !event.altKey && event.key === '-') zoom(1 / 1.25);
    else if (event.target !== field && !event.ctrlKey && !event.altKey && event.key === '0') zoom(0);
    else return;
    event.preventDefault();
  });
  let frame = 0;
  for (const type of ['scroll', 'resize']) {
    addEventListener(type, () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        update();
      });
    });
  }
  addEventListener('hashchange', followHash);
  await sheets.open();
  if (pdf.numPages > LIMIT) {
    const more = make('p', 'more');
    more.textContent = words.more.replace('##', String(LIMIT));
    column.append(more);
  }
  followHash();
  update();
}

async function start() {
  const { text: worker } = take('worker');
  const { text: file, kind } = take('file');
  document.documentElement.lang = navigator.language;
  document.title = nameOf(location) || words.file;
  if (kind !== 'file') return notice(kind === 'large' ? words.large : words.failed);
  notice(words.opening);
  const script = URL.createObjectURL(new Blob([worker], { type: 'text/javascript' }));
  GlobalWorkerOptions.workerPort = new Worker(script, { type: 'module' });
  try {
    const pdf = await open(bytesOf(file));
    const { info } = await pdf.getMetadata();
    const { Title: title } = info as { Title?: string };
    if (title?.trim()) document.title = title.trim();
    await show(pdf);
  } catch {
    notice(words.broken);
  }
}

void start();
