//! A page of the cloud browser's own, in the place of one that could not be opened.

import { wordsOf, type Why } from './words';

const root = document.documentElement;
const why = root.dataset.why as Why;
const words = wordsOf(navigator.language);
const { title, text } = words[why];

function make(name: string, content: string): HTMLElement {
  const made = document.createElement(name);
  made.textContent = content;
  return made;
}

root.lang = navigator.language;
document.title = title.replace('#', location.hostname);
const main = document.body.appendChild(document.createElement('main'));
main.append(make('h1', document.title), make('p', text));
if (why !== 'empty') {
  const again = main.appendChild(make('button', words.again));
  again.addEventListener('click', () => location.reload());
}
