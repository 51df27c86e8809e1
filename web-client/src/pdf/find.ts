//! Finding words. What is hidden from agents is not found, by nobody: both people look at one page, and its count, or where
//! it goes, would tell an agent what a hidden text is.

import type { PDFDocumentProxy } from 'pdfjs-dist';
import type { Sheet, Sheets } from './sheets';

/** More places than anyone steps through. */
const LIMIT = 200;

/** Where a word was found: on a sheet, from a character of its runs to another. */
export type Place = { sheet: Sheet; from: number; to: number };

/** All places of a word among runs of text, by the characters of the runs put together. */
export function placesOf(word: string, runs: readonly string[]): [number, number][] {
  const places: [number, number][] = [];
  const whole = runs.join('').toLocaleLowerCase();
  const sought = word.toLocaleLowerCase();
  // Letters that change their length with their case would shift what is found.
  if (!sought || whole.length !== runs.join('').length) return places;
  for (let at = whole.indexOf(sought); at >= 0 && places.length < LIMIT; at = whole.indexOf(sought, at + sought.length)) places.push([at, at + sought.length]);
  return places;
}

export class Finder {
  #places: Place[] = [];
  #at = -1;
  #turn = 0;
  #runs = new Map<number, Promise<string[]>>();

  constructor(
    private readonly pdf: PDFDocumentProxy,
    private readonly sheets: Sheets,
    private readonly tell: (at: number, count: number) => void,
  ) {}

  async find(word: string) {
    this.#turn += 1;
    const turn = this.#turn;
    const places: Place[] = [];
    this.#places = [];
    this.#at = -1;
    CSS.highlights.clear();
    const start = (this.sheets.current()?.number ?? 1) - 1;
    for (const sheet of word.trim() ? this.sheets.list : []) {
      const found = placesOf(word, await this.#runsOf(sheet.number));
      if (turn !== this.#turn) return;
      const candidates = found.map(([from, to]) => ({ sheet, from, to }));
      places.push(...(candidates.length > 0 ? await this.#unhidden(candidates, sheet) : []));
      if (turn !== this.#turn) return;
      if (places.length >= LIMIT) break;
    }
    this.#places = places;
    const next = places.findIndex(({ sheet }) => sheet.number > start);
    this.#go(next < 0 ? 0 : next);
  }

  step(by: number) {
    const { length } = this.#places;
    if (length > 0) this.#go((this.#at + by + length) % length);
  }

  #runsOf(number: number): Promise<string[]> {
    let runs = this.#runs.get(number);
    if (!runs) {
      runs = this.pdf
        .getPage(number)
        .then((page) => page.getTextContent())
        .then(({ items }) => items.flatMap((item) => ('str' in item && item.str ? [item.str] : [])))
        .catch(() => []);
      this.#runs.set(number, runs);
    }
    return runs;
  }

  async #unhidden(places: Place[], sheet: Sheet): Promise<Place[]> {
    const text = await this.sheets.textOf(sheet);
    // The guard judges what has come into the document before the next task.
    await new Promise((later) => setTimeout(later));
    return places.filter((place) => !spansOf(place, text).some(([span]) => isHidden(span)) && !isHidden(text));
  }

  async #go(at: number) {
    const place = this.#places[at];
    this.#at = at;
    this.tell(place ? at + 1 : 0, this.#places.length);
    if (!place) return;
    const ranges = await this.#mark(place.sheet);
    const current = ranges.get(place);
    if (!current || this.#places[this.#at] !== place) return;
    CSS.highlights.set('current', new Highlight(current));
    const box = current.getBoundingClientRect();
    if (box.top < 80 || box.bottom > innerHeight - 20) scrollBy(0, box.top - innerHeight / 2);
  }

  /** Marks all that was found on a sheet. */
  async #mark(sheet: Sheet): Promise<Map<Place, Range>> {
    const text = await this.sheets.textOf(sheet);
    const ranges = new Map<Place, Range>();
    for (const place of this.#places) if (place.sheet === sheet) ranges.set(place, rangeOf(place, text));
    CSS.highlights.set('found', new Highlight(...ranges.values()));
    return ranges;
  }
}

/** The elements in which a place is, each with the characters before it. */
function spansOf({ from, to }: Place, text: HTMLElement): [HTMLElement, number][] {
  const spans: [HTMLElement, number][] = [];
  let before = 0;
  for (const span of text.querySelectorAll<HTMLElement>('span:not(.placed)')) {
    const length = span.textContent?.length ?? 0;
    if (before < to && before + length > from) spans.push([span, before]);
    before += length;
  }
  return spans;
}

function rangeOf(place: Place, text: HTMLElement): Range {
  const range = new Range();
  const spans = spansOf(place, text);
  const [first, last] = [spans[0], spans.at(-1)];
  if (first?.[0].firstChild) range.setStart(first[0].firstChild, place.from - first[1]);
  if (last?.[0].firstChild) range.setEnd(last[0].firstChild, place.to - last[1]);
  return range;
}

/** What the guard hides bears the customer's hatch. */
const isHidden = (element: HTMLElement) => getComputedStyle(element).backgroundImage !== 'none';
