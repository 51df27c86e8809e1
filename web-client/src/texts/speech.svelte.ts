//! Which language the pages speak. Call [`speech.begin`] before anything is drawn; whatever reads [`texts`] while it draws is
//! drawn anew when another one is chosen.

import type { Texts } from './en';

/** Every file that is named by a language's tag. Only the one that is spoken is loaded. */
const files = import.meta.glob<{ default: Texts }>(['./[a-z][a-z].ts', './[a-z][a-z]-*.ts']);
const FALLBACK = 'en';
const KEPT = 'tandem.language';

let spoken = $state.raw<{ language: string; texts: Texts } | null>(null);
let offered = $state.raw<readonly string[]>(Object.keys(files).map((path) => path.slice(2, -3)));
let chosen: string | null = null;
let turn = 0;

/** The first of the wanted languages that we have: `pt-BR`, then `pt`; the fallback when there is none. */
export function choose(wanted: readonly string[], have: readonly string[], fallback: string = FALLBACK): string {
  for (const tag of wanted) {
    for (const candidate of [tag, tag.split('-')[0] ?? tag]) {
      const found = have.find((one) => one.toLowerCase() === candidate.toLowerCase());
      if (found) return found;
    }
  }
  return fallback;
}

export const speech = {
  get language(): string {
    return spoken?.language ?? FALLBACK;
  },

  /** What there is to choose from, as tags. */
  get offered(): readonly string[] {
    return offered;
  },

  /** Whether this person has chosen, here or earlier; otherwise it is their browser's preference. */
  get chosen(): boolean {
    return chosen !== null;
  },

  async begin(wanted: readonly string[] = navigator.languages): Promise<void> {
    chosen = kept();
    await say(choose(chosen === null ? wanted : [chosen, ...wanted], offered));
  },

  /** A person's own choice, which stays. */
  async choose(language: string): Promise<void> {
    chosen = language;
    keep(language);
    await say(language);
  },

  /** A company offers only some of the languages. */
  async offer(tags: readonly string[], fallback: string): Promise<void> {
    offered = tags.filter((tag) => files[`./${tag}.ts`]);
    if (offered.includes(this.language)) return;
    await say(choose(navigator.languages, offered, offered.includes(fallback) ? fallback : (offered[0] ?? FALLBACK)));
  },
};

async function say(language: string): Promise<void> {
  const load = files[`./${language}.ts`];
  if (!load || spoken?.language === language) return;
  const mine = ++turn;
  const { default: texts } = await load();
  // Whatever was asked for last counts, however long its file takes.
  if (mine !== turn) return;
  spoken = { language, texts };
  document.documentElement.lang = language;
  document.documentElement.dir = directionOf(language);
}

/** Browsers tell it in one of two ways, or not at all. */
function directionOf(language: string): string {
  const locale = new Intl.Locale(language) as Intl.Locale & { textInfo?: { direction: string }; getTextInfo?: () => { direction: string } };
  return (locale.getTextInfo?.() ?? locale.textInfo)?.direction ?? 'ltr';
}

// Without a storage the choice lasts as long as the page.
function kept(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

function keep(language: string): void {
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    return;
  }
}

export const texts: Texts = new Proxy({} as Texts, {
  get(_, section) {
    if (!spoken) throw new Error('no language has begun');
    return spoken.texts[section as keyof Texts];
  },
});
