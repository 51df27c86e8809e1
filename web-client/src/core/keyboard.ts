//! The keyboard: physical keys as keys, everything else (input methods, soft keyboards, pastes) as text.
//!
//! A hidden text area sits beside the picture. While a field of the remote page has the focus it takes the keys, since
//! browsers run input methods and raise soft keyboards only for something that can be edited.

import type { ControlInput, FieldKind, Modifiers } from '../protocol.gen';
import type { Inputs } from './inputs';

export interface KeyboardOptions {
  inputs: Inputs;
  /** Command is the shortcut key, and Option makes characters. */
  mac: boolean;
  /** Puts the keyboard focus elsewhere on this page: the remote page takes Tab, and nobody may be trapped in it. */
  leave(): void;
}

type KeyLike = Pick<KeyboardEvent, 'code' | 'key' | 'ctrlKey' | 'altKey' | 'shiftKey' | 'metaKey'>;

/** What stays in the hidden text area, so that a soft keyboard has something to delete. */
const SENTINEL = '\u200b\u200b';
/** Room is left on the wire for the message around it. */
const LONGEST_TEXT = 8_000;
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

/** Takes over the keyboard while `screen` or `area` has the focus; the returned object steers it and gives it back. */
export class Keyboard {
  readonly #screen: HTMLElement;
  readonly #area: HTMLTextAreaElement;
  readonly #options: KeyboardOptions;
  readonly #stop = new AbortController();
  /** What went down and has not come up, by `code`. */
  readonly #held = new Map<string, string>();
  #composing = false;
  /** Text was copied in the remote page, and nothing can have been copied elsewhere since. */
  #remoteClipboard = false;
  /** A paste shortcut that waits to see whether this browser has text for it. */
  #pasting = false;

  constructor(screen: HTMLElement, area: HTMLTextAreaElement, options: KeyboardOptions) {
    this.#screen = screen;
    this.#area = area;
    this.#options = options;
    const signal = this.#stop.signal;
    for (const target of [screen, area]) {
      target.addEventListener('keydown', (event) => this.#down(event), { signal });
      target.addEventListener('keyup', (event) => this.#up(event), { signal });
      target.addEventListener('paste', (event) => this.#paste(event), { signal });
      target.addEventListener('blur', (event) => this.#blurred(event), { signal });
    }
    area.addEventListener('beforeinput', (event) => this.#beforeInput(event), { signal });
    area.addEventListener('input', () => this.#rest(), { signal });
    area.addEventListener('compositionstart', () => (this.#composing = true), { signal });
    area.addEventListener('compositionupdate', (event) => this.#compose(event.data), { signal });
    area.addEventListener('compositionend', (event) => this.#composed(event.data), { signal });
    window.addEventListener('blur', () => this.#away(), { signal });
    window.addEventListener('pagehide', () => this.releaseAll(), { signal });
    document.addEventListener('visibilitychange', () => document.hidden && this.releaseAll(), { signal });
    this.#rest();
  }

  get focused(): boolean {
    return document.activeElement === this.#screen || document.activeElement === this.#area;
  }

  /** The remote page has this kind of field in focus, or none. The focus moves only if it is ours already. */
  field(kind: FieldKind | null): void {
    if (kind === null) {
      if (document.activeElement === this.#area) this.#screen.focus({ preventScroll: true });
      return;
    }
    this.#area.inputMode = inputModeOf(kind);
    if (document.activeElement === this.#screen) this.#area.focus({ preventScroll: true });
  }

  /** Raises a soft keyboard; must be called while a tap is handled, or phones refuse. */
  raise(): void {
    this.#area.focus({ preventScroll: true });
  }

  releaseAll(): void {
    this.#pasting = false;
    this.#held.clear();
    this.#options.inputs.control({ type: 'release_all' });
  }

  detach(): void {
    this.#stop.abort();
  }

  #down(event: KeyboardEvent): void {
    // 229 is what a key says that an input method has taken (UI Events §8.3); its text comes by another event.
    if (event.isComposing || event.keyCode === 229 || event.key === 'Process' || event.key === 'Unidentified') return;
    const { mac } = this.#options;
    if (event.key === 'Dead' && event.target === this.#area) return;
    if (event.code === 'F6') {
      event.preventDefault();
      return this.#options.leave();
    }
    const command = mac ? event.metaKey : event.ctrlKey;
    if (command && event.code === 'KeyV' && !event.repeat && !this.#remoteClipboard) {
      this.#pasting = true;
      return;
    }
    if (isLocal(event, mac)) return;
    event.preventDefault();
    const to = navigationOf(event, mac);
    if (to) return this.#options.inputs.control({ type: 'navigate', to: { kind: to } });
    if (command && (event.code === 'KeyC' || event.code === 'KeyX')) this.#remoteClipboard = true;
    if (event.key === 'AltGraph' && this.#held.has('ControlLeft')) this.#key('ControlLeft', 'Control', false, event);
    const { code, key } = this.#named(event);
    this.#key(code, key, true, event);
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

  #beforeInput(event: InputEvent): void {
    const data = event.data ?? event.dataTransfer?.getData('text/plain') ?? '';
    switch (event.inputType) {
      case 'insertCompositionText':
      case 'insertFromComposition':
      case 'deleteByComposition':
      case 'deleteCompositionText':
        return;
      case 'insertText':
      case 'insertReplacementText':
        // While composing, the text comes with the composition's end.
        if (this.#composing) return;
        this.#text(data);
        break;
      case 'insertFromPaste':
        break;
      case 'insertLineBreak':
      case 'insertParagraph':
        this.#stroke('Enter', 'Enter');
        break;
      case 'deleteContentBackward':
        this.#stroke('Backspace', 'Backspace');
        break;
      case 'deleteWordBackward':
      case 'deleteSoftLineBackward':
        this.#stroke('Backspace', 'Backspace', true);
        break;
      case 'deleteContentForward':
        this.#stroke('Delete', 'Delete');
        break;
      default:
        break;
    }
    event.preventDefault();
  }

  #compose(text: string): void {
    this.#send({ type: 'compose', text: text.slice(0, LONGEST_TEXT) });
  }

  #composed(text: string): void {
    this.#composing = false;
    if (text) this.#text(text);
    else this.#compose('');
    this.#rest();
  }

  #text(text: string): void {
    const characters = [...text];
    for (let from = 0; from < characters.length; from += LONGEST_TEXT) {
      this.#send({ type: 'text', id: this.#options.inputs.next(), text: characters.slice(from, from + LONGEST_TEXT).join('') });
    }
  }

  /** Back to the sentinel with the caret behind it, except in the middle of a composition. */
  #rest(): void {
    if (this.#composing) return;
    this.#area.value = SENTINEL;
    this.#area.setSelectionRange(SENTINEL.length, SENTINEL.length);
  }

  /** From the picture to the text area and back is no leaving. */
  #blurred(event: FocusEvent): void {
    const to = event.relatedTarget;
    if (to !== this.#screen && to !== this.#area) this.releaseAll();
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
