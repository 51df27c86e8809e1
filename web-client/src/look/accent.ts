//! Puts a company's colour into the page, or into a part of it.

import { accentFor } from '../core/accent';

const NAMES = ['--accent', '--accent-hover', '--on-accent', '--accent-soft', '--accent-line'] as const;
const dark = matchMedia('(prefers-color-scheme: dark)');

/** Follows the system's scheme until the returned function is called. */
export function wear(colour: string | null, element: HTMLElement = document.documentElement): () => void {
  const apply = () => {
    const accent = colour === null ? null : accentFor(colour, dark.matches ? 'dark' : 'light');
    for (const name of NAMES) element.style.removeProperty(name);
    if (!accent) return;
    const values = [accent.accent, accent.hover, accent.on, soft(accent.accent, 12), soft(accent.accent, 38)];
    NAMES.forEach((name, i) => element.style.setProperty(name, values[i] ?? ''));
  };
  apply();
  dark.addEventListener('change', apply);
  return () => {
    dark.removeEventListener('change', apply);
    for (const name of NAMES) element.style.removeProperty(name);
  };
}

const soft = (accent: string, percent: number) => `color-mix(in srgb, ${accent} ${percent}%, var(--surface))`;
