import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { differenceOf, strokesOf, Typing } from './typing';

let field: HTMLTextAreaElement | HTMLInputElement;
let typing: Typing;
let done: string[];
let stop: AbortController;

function attach(element: HTMLTextAreaElement | HTMLInputElement): void {
  field = element;
  document.body.append(field);
  done = [];
  stop = new AbortController();
  typing = new Typing(field, {
    text: (text) => done.push(text),
    compose: (text) => done.push(`(${text})`),
    stroke: (key, count, control) => done.push(`${control ? '^' : ''}${key}×${count}`),
  }, stop.signal);
}

beforeEach(() => attach(document.createElement('textarea')));
afterEach(() => {
  stop.abort();
  field.remove();
});

function event(type: string, more: object = {}): Event {
  const made = Object.assign(new Event(type, { bubbles: true, cancelable: true }), more);
  field.dispatchEvent(made);
  return made;
}

/** A keyboard changes the end of the field: takes back so many code units, puts text in. */
function edit(inputType: string, back: number, text = ''): void {
  if (event('beforeinput', { inputType }).defaultPrevented) return;
  field.value = field.value.slice(0, field.value.length - back) + text;
  event('input', { inputType });
}

const insert = (text: string) => edit('insertText', 0, text);

describe('without a composition', () => {
  test('letters, words and what a word is corrected to', () => {
    insert('t');
    insert('eh');
    edit('insertReplacementText', 3, 'the');
    insert(' ');
    expect(done).toEqual(['t', 'eh', 'Backspace×2', 'he', ' ']);
  });

  test('a keyboard that builds syllables by replacing them (Korean on iOS)', () => {
    insert('ㅎ');
    edit('deleteContentBackward', 1);
    insert('하');
    edit('insertReplacementText', 1, '한');
    expect(done).toEqual(['ㅎ', 'Backspace×1', '하', 'Backspace×1', '한']);
  });

  test('deleting by letter, by word, and beyond what was typed here', () => {
    insert('two words');
    edit('deleteContentBackward', 1);
    edit('deleteWordBackward', 4);
    edit('deleteWordBackward', 4);
    edit('deleteContentBackward', 1);
    edit('deleteWordBackward', field.value.length);
    expect(done.slice(1)).toEqual(['Backspace×1', 'Backspace×4', 'Backspace×4', 'Backspace×1', '^Backspace×1']);
    expect(field.value.length).toBeGreaterThan(8);
  });

  test('holding Backspace never runs out of something to delete', () => {
    for (let i = 0; i < 100; i += 1) edit('deleteContentBackward', 1);
    expect(done).toEqual(Array.from({ length: 100 }, () => 'Backspace×1'));
  });

  test('Enter and Delete are keys, a paste has its own event, and nothing is undone here', () => {
    insert('x');
    edit('insertLineBreak', 0, '\n');
    edit('deleteContentForward', 0);
    for (const type of ['insertFromPaste', 'insertFromDrop', 'historyUndo']) edit(type, 0, 'y');
    expect(done).toEqual(['x', 'Enter×1', 'Delete×1']);
  });

  test('what was typed before the caret went elsewhere is left alone', () => {
    insert('teh');
    typing.rest();
    edit('deleteContentBackward', 1);
    insert('a');
    expect(done).toEqual(['teh', 'Backspace×1', 'a']);
  });

  test('what was typed is not kept for ever, and of a password nothing is', () => {
    insert('x'.repeat(300));
    expect(field.value).not.toContain('x');
    stop.abort();
    const secret = document.createElement('input');
    secret.type = 'password';
    attach(secret);
    insert('h');
    insert('unter2');
    expect(done).toEqual(['h', 'unter2']);
    expect(field.value.replaceAll('\u200b', '')).toBe('');
  });
});

describe('with a composition', () => {
  /** What an input method shows, one after the other, and what is chosen. */
  function compose(shown: string[], chosen: string, replaced = ''): void {
    const before = field.value.slice(0, field.value.length - replaced.length);
    event('compositionstart', { data: replaced });
    for (const text of shown) {
      event('beforeinput', { inputType: 'insertCompositionText' });
      event('compositionupdate', { data: text });
      field.value = before + text;
      event('input', { inputType: 'insertCompositionText' });
    }
    field.value = before + chosen;
    event('compositionend', { data: chosen });
  }

  test('shows what it is, and puts in what was chosen once', () => {
    compose(['k', 'か', '漢字'], '漢字');
    // Firefox says it once more.
    event('input', { inputType: 'insertCompositionText' });
    expect(done).toEqual(['(k)', '(か)', '(漢字)', '漢字']);
  });

  test('that was given up leaves nothing', () => {
    compose(['x'], '');
    insert('y');
    expect(done).toEqual(['(x)', '()', 'y']);
  });

  test('composes a word anew that was typed already (Gboard)', () => {
    compose(['hel', 'helo'], 'helo');
    compose(['helo', 'hello'], 'hello', 'helo');
    expect(done.slice(3)).toEqual(['Backspace×4', '(helo)', '(hello)', 'hello']);
  });

  test('changes a word in the midst of what was typed when it is done', () => {
    insert('teh cat');
    const filler = field.value.slice(0, -7);
    event('compositionstart', { data: 'teh' });
    event('compositionupdate', { data: 'the' });
    field.value = `${filler}the cat`;
    event('compositionend', { data: 'the' });
    expect(done).toEqual(['teh cat', 'Backspace×6', 'he cat']);
  });

  test('is not disturbed by a caret that may be elsewhere', () => {
    event('compositionstart', { data: '' });
    field.value += 'に';
    typing.rest();
    expect(field.value.endsWith('に')).toBe(true);
  });
});

test.each([
  ['abc', 3],
  ['é', 1],
  ['e\u0301', 2],
  ['क्षि', 4],
  ['เก้', 3],
  ['👩‍👩‍👧‍👦', 1],
  ['👍🏽🇪🇸', 2],
  ['1️⃣❤️', 2],
  ['', 0],
])('%s takes %d Backspaces', (text, strokes) => expect(strokesOf(text)).toBe(strokes));

test.each([
  ['abc', 'abd', 'c', 'd'],
  ['abc', 'abcd', '', 'd'],
  ['👍', '👎', '👍', '👎'],
  ['👩‍👩', '👩', '👩‍👩', '👩'],
  ['e\u0301', 'e', 'e\u0301', 'e'],
  ['e', 'e\u0301', '', '\u0301'],
  ['', '', '', ''],
])('from %s to %s', (before, after, gone, text) => expect(differenceOf(before, after)).toEqual({ gone, text }));
