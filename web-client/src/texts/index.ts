//! The words of the language that this person reads.

export type { Texts } from './en';
export { choose, speech, texts } from './speech.svelte';
export * from './format';
