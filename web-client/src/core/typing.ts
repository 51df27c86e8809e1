//! What soft keyboards and input methods do to a hidden field, as what is to be done to the remote one.
//!
//! They hardly press keys: they put text in, take some back, replace the last word. So the field keeps what was typed lately,
//! and whatever becomes of it is told as so many Backspaces and the text that came instead.

/** What becomes of it. */
export interface Typed {
  text(text: string): void;
  /** The text that an input method is still composing; empty when there is none. */
  compose(text: string): void;
  stroke(key: 'Backspace' | 'Delete' | 'Enter', count: number, control?: boolean): void;
}

type Editable = HTMLTextAreaElement | HTMLInputElement;

/** Stands before what was typed, so that a soft keyboard always has something to delete. */
const FILLER = '\u200b'.repeat(24);
/** With less of it left it is filled up. */
const LEAST_FILLER = 8;
/** Nothing replaces what is further back. */
const LONGEST_KEPT = 240;

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });
/** What one Backspace takes as a whole. Of anything else it takes a code point (Blink's backspace state machine). */
const WHOLE = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u;
const SELECTORS = /[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;

/** How many Backspaces it takes to delete this text, which begins with a whole character. */
export function strokesOf(text: string): number {
  let strokes = 0;
  for (const { segment } of graphemes.segment(text)) strokes += WHOLE.test(segment) ? 1 : [...segment.replace(SELECTORS, '')].length;
  return strokes;
}

/** The whole characters at the end of `before` that have gone, and the text that `after` has instead. */
export function differenceOf(before: string, after: string): { gone: string; text: string } {
  let same = 0;
  while (same < before.length && before[same] === after[same]) same += 1;
  // A character that was changed in part goes as a whole.
  if (same < before.length) same = graphemes.segment(before).containing(same)?.index ?? same;
  else if (isHalf(after, same)) same -= 1;
  return { gone: before.slice(same), text: after.slice(same) };
}

const fillerOf = (text: string): number => /^\u200b*/.exec(text)?.[0].length ?? 0;

/** Whether a surrogate pair is cut here. */
function isHalf(text: string, at: number): boolean {
  const unit = text.charCodeAt(at - 1);
  return unit >= 0xd800 && unit < 0xdc00 && at < text.length;
}

/** Listens to one hidden field. */
export class Typing {
  readonly #field: Editable;
  readonly #typed: Typed;
  /** Nothing of it is kept: a keyboard is to have nothing to learn from. */
  readonly #secret: boolean;
  #known = '';
  #composing = false;
  /** The composition stands where the remote field has its caret, and is shown there. */
  #shown = false;

  constructor(field: Editable, typed: Typed, signal: AbortSignal) {
    this.#field = field;
    this.#typed = typed;
    this.#secret = field.type === 'password';
    const on = (type: string, listener: (event: InputEvent & CompositionEvent) => void) =>
      field.addEventListener(type, listener as (event: Event) => void, { signal });
    on('beforeinput', (event) => this.#before(event));
    on('input', (event) => this.#changed(event.inputType));
    on('compositionstart', (event) => this.#begin(event.data));
    on('compositionupdate', (event) => this.#shown && typed.compose(event.data));
    on('compositionend', () => this.#end());
    this.rest();
  }

  /** The remote field's caret may be elsewhere now: what was typed before is nothing to go by. */
  rest(): void {
    if (this.#composing) return;
    if (this.#field.value !== FILLER) this.#field.value = FILLER;
    this.#field.setSelectionRange(FILLER.length, FILLER.length);
    this.#known = FILLER;
  }

  #before(event: InputEvent): void {
    switch (event.inputType) {
      case 'insertLineBreak':
      case 'insertParagraph':
        event.preventDefault();
        this.#typed.stroke('Enter', 1);
        return this.rest();
      case 'deleteContentForward':
      case 'deleteWordForward':
        // There is never anything behind the caret here.
        event.preventDefault();
        this.#typed.stroke('Delete', 1, event.inputType === 'deleteWordForward');
        return this.rest();
      case 'insertFromPaste':
        // The paste event has it.
        return event.preventDefault();
      case 'insertFromDrop':
      case 'historyUndo':
      case 'historyRedo':
        return event.preventDefault();
      default:
        return;
    }
  }

  #begin(replaced: string): void {
    this.#composing = true;
    this.#shown = this.#known.endsWith(replaced);
    if (!this.#shown || replaced === '') return;
    // A word that was typed already is composed anew.
    this.#typed.stroke('Backspace', strokesOf(replaced));
    this.#known = this.#known.slice(0, this.#known.length - replaced.length);
  }

  #end(): void {
    this.#composing = false;
    this.#changed('');
  }

  #changed(inputType: string): void {
    if (this.#composing) return;
    const { gone, text } = differenceOf(this.#known, this.#field.value);
    const before = this.#known;
    this.#known = this.#field.value;
    // A composition that left nothing, or changed what is before it, ends first; its own text takes its place.
    if (this.#shown && (gone !== '' || text === '')) this.#typed.compose('');
    this.#shown = false;
    if (gone !== '') this.#delete(gone, Math.max(0, fillerOf(before) - (before.length - gone.length)), inputType);
    if (text !== '') this.#typed.text(text);
    if (this.#secret || fillerOf(this.#known) < LEAST_FILLER || this.#known.length > LONGEST_KEPT) this.rest();
  }

  /** What was typed is deleted to the character. Before that (`unknown`) is the remote field's own text, which is not known here. */
  #delete(gone: string, unknown: number, inputType: string): void {
    const byWord = /^delete(Word|SoftLine|HardLine)Backward$/.test(inputType);
    const strokes = strokesOf(gone.slice(unknown)) + (byWord ? 0 : unknown);
    if (strokes > 0) this.#typed.stroke('Backspace', strokes);
    if (unknown > 0 && byWord) this.#typed.stroke('Backspace', 1, true);
  }
}
