//! Times, numbers and names as the language that is spoken writes them. Times come as seconds since 1970, as the API tells them.

import { speech } from './speech.svelte';

const SECOND = 1_000;

function time(seconds: number, how: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(speech.language, how).format(seconds * SECOND);
}

/** `14:05` */
export const clock = (seconds: number) => time(seconds, { hour: '2-digit', minute: '2-digit' });

/** `25 Nov 2026, 14:05`; of today only the time. */
export function moment(seconds: number): string {
  const today = new Date().toDateString() === new Date(seconds * SECOND).toDateString();
  return today ? clock(seconds) : time(seconds, { dateStyle: 'medium', timeStyle: 'short' });
}

/** `25 Nov 2026` */
export const day = (seconds: number) => time(seconds, { dateStyle: 'medium' });

const SIZES = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

/** `3.4 MB`, of bytes; a megabyte is 2²⁰ of them, as our limits are. */
export function size(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), SIZES.length - 1);
  const value = bytes / 2 ** (10 * power);
  const how = { style: 'unit', unit: SIZES[power], unitDisplay: power === 0 ? 'long' : 'short', maximumFractionDigits: value < 10 && power > 1 ? 1 : 0 } as const;
  return new Intl.NumberFormat(speech.language, how).format(value);
}

/** `Ana, Ben and Eva` */
export const listOf = (items: readonly string[]) => new Intl.ListFormat(speech.language, { type: 'conjunction' }).format(items);

/** A language as its own speakers call it: `español`, with the capital that a list of names has. */
export function languageName(tag: string, speaker: string = tag): string {
  const name = new Intl.DisplayNames([speaker], { type: 'language' }).of(tag) ?? tag;
  return name.charAt(0).toLocaleUpperCase(speaker) + name.slice(1);
}
