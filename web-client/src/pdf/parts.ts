//! What the page is put together of.

import type { Words } from './words';

/** On a grid of 20, drawn with a line of 1.6, as everywhere. */
const ICONS = {
  up: 'M5 12.5 10 7.5l5 5',
  down: 'M5 7.5l5 5 5-5',
  minus: 'M4.5 10h11',
  plus: 'M10 4.5v11M4.5 10h11',
  fit: 'M3.5 4v12M16.5 4v12M6 10h8M8 7.5 5.8 10 8 12.5M12 7.5l2.2 2.5-2.2 2.5',
  find: 'M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4zM12.7 12.7 16.5 16.5',
  close: 'M5.5 5.5l9 9M14.5 5.5l-9 9',
  file: 'M5.5 3h6l3.5 3.5V17h-9.5zM11.5 3v3.5H15M7.8 10.5h4.6M7.8 13.2h4.6',
} as const;

export type Icon = keyof typeof ICONS;

export function make<K extends keyof HTMLElementTagNameMap>(name: K, className: string): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  if (className) element.className = className;
  return element;
}

export function icon(name: Icon): SVGSVGElement {
  const drawing = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  drawing.setAttribute('viewBox', '0 0 20 20');
  drawing.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', ICONS[name]);
  drawing.append(path);
  return drawing;
}

export function button(name: Icon, label: string, press: () => void): HTMLButtonElement {
  const made = make('button', name);
  made.type = 'button';
  made.ariaLabel = made.title = label;
  made.append(icon(name));
  made.addEventListener('click', press);
  return made;
}

/** Nothing but a sentence. */
export function notice(text: string) {
  const main = make('main', 'notice');
  const sentence = make('p', '');
  sentence.textContent = text;
  sentence.setAttribute('role', 'status');
  main.append(icon('file'), sentence);
  document.body.replaceChildren(main);
}

export function passwordForm(words: Words, isWrong: boolean, done: (password: string) => void): HTMLElement {
  const form = make('form', 'notice');
  const sentence = make('p', '');
  sentence.textContent = isWrong ? words.wrong : words.locked;
  sentence.setAttribute('role', 'status');
  const label = make('label', '');
  label.textContent = words.password;
  const field = make('input', '');
  Object.assign(field, { type: 'password', autocomplete: 'off', required: true });
  label.append(field);
  const enter = make('button', 'main');
  enter.textContent = words.open;
  form.append(icon('file'), sentence, label, enter);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    done(field.value);
  });
  requestAnimationFrame(() => field.focus());
  return form;
}
