//! The words of the language that this person reads. Call [`speak`] before anything is drawn.

import { en, type Texts } from './en';

export type { Texts };

/** Every other file of this folder is a language, named by its BCP 47 tag. */
const others = import.meta.glob<{ default: Texts }>(['./*.ts', '!./index.ts', '!./en.ts', '!./*.test.ts']);

export let texts: Texts = en;
export let language = 'en';

/** The first of the wanted languages that we have: `pt-BR`, then `pt`; English when there is none. */
export function choose(wanted: readonly string[], have: readonly string[]): string {
  for (const tag of wanted) {
    for (const candidate of [tag, tag.split('-')[0] ?? tag]) {
      const found = have.find((one) => one.toLowerCase() === candidate.toLowerCase());
      if (found) return found;
    }
  }
  return 'en';
}

export async function speak(wanted: readonly string[] = navigator.languages): Promise<void> {
  const have = ['en', ...Object.keys(others).map((path) => path.slice(2, -3))];
  language = choose(wanted, have);
  const load = others[`./${language}.ts`];
  if (load) texts = (await load()).default;
  document.documentElement.lang = language;
}
