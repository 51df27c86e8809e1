//! The keyboard: physical keys as keys, everything else (input methods, soft keyboards, pastes) as text.
//!
//! Hidden fields sit beside the picture, one for text and one for passwords. While a field of the remote page has the focus
//! they take the keys, since browsers run input methods and raise soft keyboards only for something that can be edited.

import type { ControlInput, FieldKind, Modifiers } from '../protocol.gen';
import type { Inputs } from './inputs';
import { Typing } from './typing';

/** The hidden fields. */
export interface Fields {
  text: HTMLTextAreaElement;
  /** Of type password, so that the keyboard neither corrects nor learns. */
  secret: HTMLInputElement;
}

export interface KeyboardOptions {
  inputs: Inputs;
  /** Command is the shortcut key, and Option makes characters. */
  mac: boolean;
  /** Touched first of all: its keyboard is a soft one, which changes its mind about what it has put in. */
  soft: boolean;
  /** Puts the keyboard focus elsewhere on this page: the remote page takes Tab, and nobody may be trapped in it. */
  leave(): void;
}

interface WithVirtualKeyboard {
  virtualKeyboard: { show(): void };
}

type KeyLike = Pick<KeyboardEvent, 'code' | 'key' | 'ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey'>;

/** Room is left on the wire for the message around it. */
const LONGEST_TEXT = 8_000;
/** How long a keyboard stays up without a field (milliseconds): from one field to the next, and from a tap to its field. */
const BETWEEN_FIELDS = 300;
const UNTIL_FIELD = 1_500;
const LOCAL_WITH_CONTROL = new Set(['KeyW', 'KeyT', 'KeyN', 'KeyQ', 'Tab', 'PageUp', 'PageDown', 'Equal', 'Minus', 'Digit0', 'NumpadAdd', 'NumpadSubtract', 'Numpad0', 'KeyL', 'KeyD']);
const LOCAL_ON_MAC = new Set(['KeyH', 'KeyM', 'Space', 'Comma', 'Backquote']);
const LOCAL_DEVTOOLS = new Set(['KeyI', 'KeyJ', 'KeyC']);
const MODIFIER_KEYS = new Set(['Shift', 'Control', 'Alt', 'AltGraph', 'Meta', 'CapsLock', 'Fn', 'NumLock', 'ScrollLock']);

/** Keys that belong to the browser this page is in. */
export function isLocal(event: KeyLike, mac: boolean): boolean {
  const command = mac ? event.metaKey : event.ctrlKey;
  if (event.code === 'F11' || event.code === 'F12') return true;
  if (event.altKey && event.code === 'F4') return true;
  if (!mac && event.metaKey) return true;
  if (mac && event.ctrlKey && event.code === 'Tab') return true;
  if (!command) return false;
  if (LOCAL_WITH_CONTROL.has(event.code)) return true;
  if (mac && LOCAL_ON_MAC.has(event.code)) return true;
  return (mac ? event.altKey : event.shiftKey) && LOCAL_DEVTOOLS.has(event.code);
}

/** Shortcuts for what the bar has buttons for. */
export function navigationOf(event: KeyLike, mac: boolean): 'back' | 'forward' | 'reload' | null {
  const command = mac ? event.metaKey : event.ctrlKey;
  if (event.code === 'F5' || (command && event.code === 'KeyR')) return 'reload';
  const alone = !event.shiftKey && (mac ? event.metaKey && !event.ctrlKey : event.altKey && !event.ctrlKey);
  if (alone && event.code === (mac ? 'BracketLeft' : 'ArrowLeft')) return 'back';
  if (alone && event.code === (mac ? 'BracketRight' : 'ArrowRight')) return 'forward';
  return null;
}

/** The modifiers as the remote side, a PC, knows them. */
export function modifiersOf(event: KeyLike & Pick<KeyboardEvent, 'getModifierState'>, mac: boolean): Modifiers {
  const character = [...event.key].length === 1;
  const altGraph = event.getModifierState('AltGraph') || (mac && event.altKey && character && !event.metaKey);
  return {
    shift: event.shiftKey,
    // Windows reports AltGr as Control and Alt together.
    control: !altGraph && (event.ctrlKey || (mac && event.metaKey)),
    alt: !altGraph && event.altKey,
    alt_graph: altGraph,
    caps_lock: event.getModifierState('CapsLock'),
  };
}

/** Takes over the keyboard while `screen` or one of `fields` has the focus; the returned object steers it and gives it back. */
export class Keyboard {
  readonly #screen: HTMLElement;
  readonly #fields: Fields;
  readonly #options: KeyboardOptions;
  readonly #typings: Typing[];
  readonly #stop = new AbortController();
  /** What went down and has not come up, by `code`. */
  readonly #held = new Map<string, string>();
  /** What the fields here are set up for. */
  #kind: FieldKind | null = null;
  /** What was tapped, as the page itself says: Chromium knows of fewer kinds. */
  #tapped: FieldKind | null = null;
  /** The remote page has a field in focus. */
  #isField = false;
  #leaving: ReturnType<typeof setTimeout> | undefined;
  /** Text was copied in the remote page, and nothing can have been copied elsewhere since. */
  #remoteClipboard = false;
  /** A paste shortcut that waits to see whether this browser has text for it. */
  #pasting = false;

  constructor(screen: HTMLElement, fields: Fields, options: KeyboardOptions) {
    this.#screen = screen;
    this.#fields = fields;
    this.#options = options;
    const signal = this.#stop.signal;
    for (const target of [screen, fields.text, fields.secret]) {
      target.addEventListener('keydown', (event) => this.#down(event), { signal });
      target.addEventListener('keyup', (event) => this.#up(event), { signal });
      target.addEventListener('paste', (event) => this.#paste(event), { signal });
      target.addEventListener('blur', (event) => this.#blurred(event), { signal });
    }
    const typed = {
      text: (text: string) => this.#text(text),
      compose: (text: string) => this.#send({ type: 'compose', text: text.slice(0, LONGEST_TEXT) }),
      stroke: (key: string, count: number, control = false) => {
        for (let i = 0; i < count; i += 1) this.#stroke(key, key, control);
      },
    };
    this.#typings = [fields.text, fields.secret].map((field) => new Typing(field, typed, signal));
    window.addEventListener('blur', () => this.#away(), { signal });
    window.addEventListener('pagehide', () => this.releaseAll(), { signal });
    document.addEventListener('visibilitychange', () => document.hidden && this.releaseAll(), { signal });
  }

  get focused(): boolean {
    return document.activeElement === this.#screen || this.typing;
  }

  /** A soft keyboard, where there is one, is up. */
  get typing(): boolean {
    return document.activeElement === this.#fields.text || document.activeElement === this.#fields.secret;
  }

  /** The remote page has this kind of field in focus, or none. The focus moves only if it is ours already. */
  field(kind: FieldKind | null): void {
    this.#isField = kind !== null;
    clearTimeout(this.#leaving);
    if (kind === null) {
      this.#rest();
      return this.#leaveField(BETWEEN_FIELDS);
    }
    this.#is(kind === 'text' ? (this.#tapped ?? kind) : kind);
    if (this.focused) this.#current.focus({ preventScroll: true });
  }

  /**
   * Raises a soft keyboard; must be called while a tap is handled, or phones refuse. `kind` is what was tapped, of which the remote
   * page may yet have to say that it has the focus.
   */
  raise(kind: FieldKind | null = null): void {
    if (kind !== null) {
      this.#tapped = kind;
      // A keyboard that is up already is of the kind that it came up with.
      if (kind !== this.#kind && this.typing) this.#screen.focus({ preventScroll: true });
      this.#is(kind);
    }
    this.#current.focus({ preventScroll: true });
    // It may have been put away by hand, with the focus still there (VirtualKeyboard API, which not every browser has).
    (navigator as Partial<WithVirtualKeyboard>).virtualKeyboard?.show();
    if (!this.#isField) this.#leaveField(UNTIL_FIELD);
  }

  /** Somebody pressed something: the remote caret may be elsewhere. */
  pressed(): void {
    this.#tapped = null;
    this.#rest();
  }

  #rest(): void {
    for (const typing of this.#typings) typing.rest();
  }

  releaseAll(): void {
    this.#pasting = false;
    this.#held.clear();
    this.#options.inputs.control({ type: 'release_all' });
  }

  /** What a menu offers, as its shortcut does it. */
  command(what: 'copy' | 'cut' | 'all'): void {
    const key = { copy: 'c', cut: 'x', all: 'a' }[what];
    if (what !== 'all') this.#remoteClipboard = true;
    this.#stroke(`Key${key.toUpperCase()}`, key, true);
  }

  /** Pastes what was copied last, here or on the remote page; call it while a click is handled, or this device's clipboard may not be read. */
  async paste(): Promise<void> {
    const text = this.#remoteClipboard ? '' : await navigator.clipboard?.readText().catch(() => '');
    if (text) this.#text(text);
    else this.#stroke('KeyV', 'v', true);
  }

  detach(): void {
    clearTimeout(this.#leaving);
    this.#stop.abort();
  }

  get #current(): HTMLElement {
    return this.#kind === 'password' ? this.#fields.secret : this.#fields.text;
  }

  #is(kind: FieldKind): void {
    if (kind === this.#kind) return;
    this.#kind = kind;
    const { text } = this.#fields;
    text.inputMode = inputModeOf(kind);
    // Words are corrected and completed; what stands in the other kinds of fields is none. Android completes nothing where
    // `autocomplete` is off.
    for (const name of ['autocorrect', 'autocomplete']) text.setAttribute(name, kind === 'text' ? 'on' : 'off');
  }

  /** The keyboard goes, unless a field comes meanwhile: phones do not let it come up again by itself. */
  #leaveField(wait: number): void {
    clearTimeout(this.#leaving);
    this.#leaving = setTimeout(() => {
      if (!this.#isField && this.typing) this.#screen.focus({ preventScroll: true });
    }, wait);
  }

  #down(event: KeyboardEvent): void {
    // 229 is what a key says that an input method has taken (UI Events §8.3); its text comes by another event.
    if (event.isComposing || event.keyCode === 229 || event.key === 'Process' || event.key === 'Unidentified') return;
    const { mac } = this.#options;
    if (event.key === 'Dead' && event.target !== this.#screen) return;
    if (event.code === 'F6') {
      event.preventDefault();
      return this.#options.leave();
    }
    if (event.code === 'F10' && event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      return this.#stroke('ContextMenu', 'ContextMenu');
    }
    const command = mac ? event.metaKey : event.ctrlKey;
    if (command && event.code === 'KeyV' && !event.repeat && !this.#remoteClipboard) {
      this.#pasting = true;
      return;
    }
    if (isLocal(event, mac)) return;
    // A soft keyboard may yet compose, correct or replace it, and tells its field.
    const edits = [...event.key].length === 1 || event.key === 'Backspace';
    if (this.#options.soft && this.#isField && edits && event.target !== this.#screen && !event.ctrlKey && !event.metaKey && !event.altKey) return;
    event.preventDefault();
    const to = navigationOf(event, mac);
    if (to) return this.#options.inputs.control({ type: 'navigate', to: { kind: to } });
    // One key of some layouts makes two characters (UI Events § key).
    if (/[^\x00-\x7f]/.test(event.key) && [...event.key].length > 1) return this.#text(event.key);
    if (command && (event.code === 'KeyC' || event.code === 'KeyX')) this.#remoteClipboard = true;
    if (event.key === 'AltGraph' && this.#held.has('ControlLeft')) this.#key('ControlLeft', 'Control', false, event);
    const { code, key } = this.#named(event);
    this.#key(code, key, true, event);
    if (key !== 'Tab') return this.#rest();
    // Until the remote page has said where it is now, keys are keys: a space may be for a check box.
    this.#isField = false;
    this.pressed();
  }

  #up(event: KeyboardEvent): void {
    const { code, key } = this.#named(event);
    const held = this.#held.has(code);
    if (held) {
      event.preventDefault();
      this.#key(code, this.#held.get(code) ?? key, false, event);
    }
    // A Mac keeps the releases of other keys to itself while Command is down.
    if (this.#options.mac && event.key === 'Meta') {
      for (const [other, name] of [...this.#held]) if (!MODIFIER_KEYS.has(name)) this.#key(other, name, false, event);
    }
  }

  /** Command arrives as Control; Option, which makes characters, as AltGr. */
  #named(event: KeyboardEvent): { code: string; key: string } {
    const { mac } = this.#options;
    if (mac && event.key === 'Meta') return { code: event.code === 'MetaRight' ? 'ControlRight' : 'ControlLeft', key: 'Control' };
    return { code: event.code, key: event.key };
  }

  #key(code: string, key: string, pressed: boolean, event: KeyboardEvent): void {
    if (pressed) this.#held.set(code, key);
    else this.#held.delete(code);
    const modifiers = modifiersOf(event, this.#options.mac);
    this.#send({ type: 'key', id: this.#options.inputs.next(), code, key, pressed, repeat: pressed && event.repeat, modifiers });
  }

  /** A key that no keyboard pressed: what a soft keyboard says by an editing command. */
  #stroke(code: string, key: string, control = false): void {
    const modifiers: Modifiers = { shift: false, control, alt: false, alt_graph: false, caps_lock: false };
    for (const pressed of [true, false]) {
      this.#send({ type: 'key', id: this.#options.inputs.next(), code, key, pressed, repeat: false, modifiers });
    }
  }

  /** What was copied on the remote page is on this device's clipboard too: from now on that one is pasted. */
  copied(): void {
    this.#remoteClipboard = false;
  }

  #paste(event: ClipboardEvent): void {
    event.preventDefault();
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (text) this.#text(text);
    else if (this.#pasting) this.#stroke('KeyV', 'v', true);
    this.#pasting = false;
  }

  #text(text: string): void {
    const characters = [...text];
    for (let from = 0; from < characters.length; from += LONGEST_TEXT) {
      this.#send({ type: 'text', id: this.#options.inputs.next(), text: characters.slice(from, from + LONGEST_TEXT).join('') });
    }
  }

  /** From the picture to the fields and back is no leaving. */
  #blurred(event: FocusEvent): void {
    const to = event.relatedTarget;
    this.#rest();
    if (to !== this.#screen && to !== this.#fields.text && to !== this.#fields.secret) this.releaseAll();
  }

  #away(): void {
    this.#remoteClipboard = false;
    this.releaseAll();
  }

  #send(input: ControlInput): void {
    this.#options.inputs.control(input);
  }
}

function inputModeOf(kind: FieldKind): string {
  switch (kind) {
    case 'text':
    case 'password':
      return 'text';
    case 'number':
      return 'decimal';
    case 'digits':
      return 'numeric';
    case 'search':
      return 'search';
    case 'email':
      return 'email';
    case 'phone':
      return 'tel';
    case 'url':
      return 'url';
    default:
      return kind satisfies never;
  }
}
