//! The sheets of a document, one below the other. A sheet near the window is painted; one that is far is given back.
//!
//! A sheet's picture is painted aside and put in its place whole, together with its words. The guard judges the words as they
//! come; it hides the picture from agents, and what it covers of the words it paints itself onto the canvas beneath.

import type { PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist';
import { type Font, isDoubtful, type Operators } from './doubt';
import { type Annotation, place } from './fields';
import { type Matrix, type Run, type RunStyle, textLayer } from './text';

/** More sheets than anyone reads here. */
export const LIMIT = 1000;
/** The largest picture (device pixels). */
const AREA = 12_000_000;
const SMALLEST = 0.25;
const LARGEST = 5;

/** A sheet of the document, and what there is of it. */
export type Sheet = { element: HTMLElement; number: number; width: number; height: number; painted: number; text: HTMLElement | null };

export class Sheets {
  readonly list: Sheet[] = [];
  scale = 1;
  #near = new Set<Sheet>();
  #isBusy = false;
  #isFitted = true;
  #failed = new WeakSet<Sheet>();

  constructor(
    private readonly pdf: PDFDocumentProxy,
    private readonly column: HTMLElement,
    private readonly follow: (dest: unknown) => void,
  ) {}

  /** Lays all sheets out, as large as the first until they are known. */
  async open() {
    const first = (await this.pdf.getPage(1)).getViewport({ scale: 1 });
    const nearness = new IntersectionObserver((entries) => this.#moved(entries), { rootMargin: '120% 0px' });
    for (let number = 1; number <= Math.min(this.pdf.numPages, LIMIT); number += 1) {
      const element = document.createElement('section');
      element.className = 'sheet';
      const sheet = { element, number, width: 0, height: 0, painted: 0, text: null };
      this.#size(sheet, first.width, first.height);
      this.list.push(sheet);
    }
    this.column.replaceChildren(...this.list.map(({ element }) => element));
    this.fit();
    for (const { element } of this.list) nearness.observe(element);
    addEventListener('resize', () => {
      if (this.#isFitted) this.fit();
      else this.#work();
    });
  }

  fit() {
    const widest = Math.max(...this.list.map(({ width }) => width));
    const room = document.documentElement.clientWidth - (innerWidth < 600 ? 16 : 64);
    this.zoom(Math.min(room / widest, 1.6));
    this.#isFitted = true;
  }

  /** Another size; what stands in the middle of the window stays there. */
  zoom(scale: number) {
    const middle = this.current();
    const box = middle?.element.getBoundingClientRect();
    const share = box ? (innerHeight / 2 - box.top) / box.height : 0;
    this.scale = Math.min(LARGEST, Math.max(SMALLEST, scale));
    this.#isFitted = false;
    this.column.style.setProperty('--scale', String(this.scale));
    if (middle && scrollY > 0) {
      const now = middle.element.getBoundingClientRect();
      scrollBy(0, now.top + share * now.height - innerHeight / 2);
    }
    this.#work();
  }

  /** The sheet in the middle of the window. */
  current(): Sheet | undefined {
    let [low, high] = [0, this.list.length - 1];
    while (low < high) {
      const at = (low + high) >> 1;
      if (this.list[at]!.element.getBoundingClientRect().bottom < innerHeight / 2) low = at + 1;
      else high = at;
    }
    return this.list[low];
  }

  show(number: number) {
    this.list[number - 1]?.element.scrollIntoView();
  }

  /** A sheet's words, in their place. */
  async textOf(sheet: Sheet): Promise<HTMLElement> {
    if (!sheet.text) {
      const text = await this.#words(sheet, await this.pdf.getPage(sheet.number));
      // Another may have been faster.
      sheet.text ??= text;
      if (!sheet.text.isConnected) sheet.element.append(sheet.text);
    }
    return sheet.text;
  }

  #size(sheet: Sheet, width: number, height: number) {
    Object.assign(sheet, { width, height });
    sheet.element.style.setProperty('--width', String(width));
    sheet.element.style.setProperty('--height', String(height));
  }

  #moved(entries: IntersectionObserverEntry[]) {
    for (const { target, isIntersecting } of entries) {
      const sheet = this.list.find(({ element }) => element === target);
      if (!sheet) continue;
      if (isIntersecting) this.#near.add(sheet);
      else {
        this.#near.delete(sheet);
        sheet.element.replaceChildren();
        Object.assign(sheet, { painted: 0, text: null });
      }
    }
    this.#work();
  }

  /** Paints what is near and not yet there, one sheet after the other, what is nearest to the middle first. */
  async #work() {
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (let sheet; (sheet = this.#next()); ) {
      try {
        await this.#paint(sheet);
      } catch {
        // Something in it cannot be painted; the others can.
        this.#failed.add(sheet);
        sheet.element.classList.add('failed');
      }
    }
    this.#isBusy = false;
  }

  #next(): Sheet | undefined {
    const middle = this.current()?.number ?? 1;
    return [...this.#near]
      .filter((sheet) => sheet.painted !== this.scale && !this.#failed.has(sheet))
      .sort((one, other) => Math.abs(one.number - middle) - Math.abs(other.number - middle))[0];
  }

  async #paint(sheet: Sheet) {
    const { scale } = this;
    const page = await this.pdf.getPage(sheet.number);
    const natural = page.getViewport({ scale: 1 });
    this.#size(sheet, natural.width, natural.height);
    const density = Math.min(scale * devicePixelRatio, Math.sqrt(AREA / (natural.width * natural.height)));
    const canvas = document.createElement('canvas');
    const viewport = page.getViewport({ scale: density });
    canvas.width = Math.max(1, Math.round(viewport.width));
    canvas.height = Math.max(1, Math.round(viewport.height));
    await page.render({ canvas, viewport, background: '#fff' }).promise;
    const doubtful = await this.#isDoubtful(page, natural.width * natural.height);
    const text = sheet.text ?? (await this.#words(sheet, page));
    if (!this.#near.has(sheet)) return;
    // The guard opens or covers what says that its words are all there is to read.
    canvas.dataset.tandemPdf = doubtful ? 'doubt' : 'text';
    sheet.text = text;
    sheet.painted = scale;
    sheet.element.replaceChildren(document.createElement('canvas'), canvas, text);
    page.cleanup();
  }

  async #words(sheet: Sheet, page: PDFPageProxy): Promise<HTMLElement> {
    const [content, annotations] = await Promise.all([page.getTextContent(), page.getAnnotations({ intent: 'display' })]);
    const viewport = page.getViewport({ scale: 1 });
    const runs = content.items.filter((item) => 'str' in item) as Run[];
    const layer = textLayer(runs, content.styles as Record<string, RunStyle>, viewport.transform as unknown as Matrix);
    place(layer, annotations as Annotation[], viewport, this.follow);
    layer.ariaLabel = String(sheet.number);
    return layer;
  }

  async #isDoubtful(page: PDFPageProxy, area: number): Promise<boolean> {
    const { items } = await page.getTextContent();
    const text = items.map((item) => ('str' in item ? item.str : '')).join('\n');
    // pdf.js keeps what a page was painted with, but has no way of asking for it that would not make it anew.
    const kept = [...((page as unknown as { _intentStates: Map<string, { operatorList?: Operators }> })._intentStates?.values() ?? [])];
    const operators = kept.find(({ operatorList }) => operatorList?.fnArray.length)?.operatorList;
    const fontOf = (name: string) => (page.commonObjs.has(name) ? (page.commonObjs.get(name) as Font) : null);
    return isDoubtful(operators, fontOf, text, area);
  }
}
