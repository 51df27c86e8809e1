//! What lies on a sheet beside its words: links, and what has been filled into forms or noted. Each is an element in its place,
//! so that the guard can judge it as it judges a page's; what cannot be judged is marked so, and agents do not see it.

import type { PageViewport } from 'pdfjs-dist';

/** The part of an annotation that is of use. */
export type Annotation = {
  subtype: string;
  rect: number[];
  annotationFlags?: number;
  hasAppearance?: boolean;
  url?: string;
  dest?: unknown;
  fieldType?: string;
  fieldName?: string;
  fieldValue?: unknown;
  alternativeText?: string;
  multiLine?: boolean;
  password?: boolean;
  textContent?: string[];
  contentsObj?: { str: string };
};

/** Invisible, hidden, or not for screens (ISO 32000-1, table 165). */
const UNSEEN = 1 | 2 | 32;
/** Lines and icons that hold no words of their own. */
const MARKS = new Set(['Highlight', 'Underline', 'StrikeOut', 'Squiggly', 'Text', 'Caret', 'FileAttachment', 'Popup']);

export function elementOf(annotation: Annotation, follow: (dest: unknown) => void): HTMLElement | null {
  const { subtype } = annotation;
  if ((annotation.annotationFlags ?? 0) & UNSEEN || MARKS.has(subtype)) return null;
  if (subtype === 'Link') return linkOf(annotation, follow);
  if (subtype === 'Widget') return fieldOf(annotation);
  if (subtype === 'FreeText' && annotation.textContent?.length) {
    const span = document.createElement('span');
    span.textContent = [...annotation.textContent, annotation.contentsObj?.str ?? ''].join(' ');
    return span;
  }
  return doubt();
}

function linkOf({ url, dest }: Annotation, follow: (dest: unknown) => void): HTMLElement | null {
  if (!url && !dest) return null;
  const link = document.createElement('a');
  if (url) link.href = url;
  else {
    link.href = '#';
    link.addEventListener('click', (event) => {
      event.preventDefault();
      follow(dest);
    });
  }
  return link;
}

/** A field that shows what is in it and takes nothing. Its names are for the guard, which tells by them what it is for. */
function fieldOf({ fieldType, fieldName = '', fieldValue, textContent = [], alternativeText, multiLine, password }: Annotation): HTMLElement | null {
  if (fieldType === 'Btn') return null;
  if (fieldType === 'Sig') return doubt();
  const field = document.createElement(multiLine ? 'textarea' : 'input');
  field.readOnly = true;
  field.tabIndex = -1;
  field.name = fieldName;
  if (alternativeText) field.ariaLabel = alternativeText;
  if (password && field instanceof HTMLInputElement) field.type = 'password';
  // What is painted may be other than what is held.
  field.value = [fieldValue ?? '', ...textContent].flat().join(' ').trim();
  return field;
}

function doubt(): HTMLElement {
  const box = document.createElement('div');
  box.dataset.tandemDoubt = '';
  return box;
}

/** Puts what lies on a sheet over its words. */
export function place(layer: HTMLElement, annotations: readonly Annotation[], viewport: PageViewport, follow: (dest: unknown) => void) {
  for (const annotation of annotations) {
    const element = elementOf(annotation, follow);
    if (!element) continue;
    const [left, top, right, bottom] = viewport.convertToViewportRectangle(annotation.rect) as [number, number, number, number];
    element.classList.add('placed');
    element.style.left = `${Math.min(left, right)}px`;
    element.style.top = `${Math.min(top, bottom)}px`;
    element.style.width = `${Math.abs(right - left)}px`;
    element.style.height = `${Math.abs(bottom - top)}px`;
    layer.append(element);
  }
  for (const link of layer.querySelectorAll('a')) link.ariaLabel = wordsUnder(layer, link);
}

/** What is to be read in a link's place: it is called so. */
function wordsUnder(layer: HTMLElement, link: HTMLElement): string {
  const [left, top] = [parseFloat(link.style.left), parseFloat(link.style.top)];
  const [right, bottom] = [left + parseFloat(link.style.width), top + parseFloat(link.style.height)];
  const words = [];
  for (const span of layer.querySelectorAll('span')) {
    const [, , , d = 1, e = 0, f = 0] = /\((.*)\)/.exec(span.style.transform)?.[1]?.split(',').map(Number) ?? [];
    const middle = f + (d * parseFloat(span.style.height)) / 2;
    if (middle > top && middle < bottom && e >= left - 2 && e < right) words.push(span.textContent);
  }
  return words.join(' ').trim().slice(0, 200);
}
