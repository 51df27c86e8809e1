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

/** `Ana, Ben and Eva` */
export const listOf = (items: readonly string[]) => new Intl.ListFormat(speech.language, { type: 'conjunction' }).format(items);

/** A language as its own speakers call it: `español`, with the capital that a list of names has. */
export function languageName(tag: string, speaker: string = tag): string {
  const name = new Intl.DisplayNames([speaker], { type: 'language' }).of(tag) ?? tag;
  return name.charAt(0).toLocaleUpperCase(speaker) + name.slice(1);
}
