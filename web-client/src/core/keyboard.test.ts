import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ControlInput } from '../protocol.gen';
import { isLocal, Keyboard, navigationOf } from './keyboard';

let screen: HTMLElement;
let area: HTMLTextAreaElement;
let secret: HTMLInputElement;
let other: HTMLButtonElement;
let inputs: ControlInput[];
let leave: ReturnType<typeof vi.fn<() => void>>;
let keyboard: Keyboard;

function attach({ mac = false, soft = false } = {}): void {
  let id = 0;
  keyboard?.detach();
  inputs = [];
  keyboard = new Keyboard(screen, { text: area, secret }, {
    inputs: { next: () => ++id, move: () => undefined, control: (input) => inputs.push(input) },
    mac,
    soft,
    leave,
  });
}

beforeEach(() => {
  screen = document.createElement('div');
  screen.tabIndex = 0;
  area = document.createElement('textarea');
  secret = document.createElement('input');
  secret.type = 'password';
  other = document.createElement('button');
  document.body.append(screen, area, secret, other);
  leave = vi.fn<() => void>();
  attach();
  screen.focus();
});
afterEach(() => {
  keyboard.detach();
  document.body.replaceChildren();
});

type Init = KeyboardEventInit & { altGraph?: boolean; caps?: boolean; target?: HTMLElement };

function press(type: 'keydown' | 'keyup', code: string, key: string, init: Init = {}): KeyboardEvent {
  const event = new KeyboardEvent(type, { code, key, bubbles: true, cancelable: true, ...init });
  event.getModifierState = (name) => (name === 'AltGraph' ? init.altGraph === true : name === 'CapsLock' ? init.caps === true : false);
  (init.target ?? screen).dispatchEvent(event);
  return event;
}

/** What a soft keyboard puts into the field that has the focus. */
function put(text: string): void {
  const field = document.activeElement as HTMLTextAreaElement;
  field.value += text;
  field.dispatchEvent(Object.assign(new Event('input', { bubbles: true }), { inputType: 'insertText' }));
}

function paste(text: string): void {
  const event = new Event('paste', { bubbles: true, cancelable: true });
  Object.assign(event, { clipboardData: { getData: () => text } });
  screen.dispatchEvent(event);
}

const keys = () => inputs.flatMap((one) => (one.type === 'key' ? [`${one.pressed ? '+' : '-'}${one.code}:${one.key}`] : []));
const none = { shift: false, control: false, alt: false, alt_graph: false, caps_lock: false };

describe('keys', () => {
  test('go with code, key, repeat and modifiers, and nothing happens locally', () => {
    expect(press('keydown', 'KeyA', 'A', { shiftKey: true, caps: true }).defaultPrevented).toBe(true);
    press('keydown', 'KeyA', 'A', { shiftKey: true, repeat: true });
    press('keyup', 'KeyA', 'A');
    expect(inputs).toEqual([
      { type: 'key', id: 1, code: 'KeyA', key: 'A', pressed: true, repeat: false, modifiers: { ...none, shift: true, caps_lock: true } },
      { type: 'key', id: 2, code: 'KeyA', key: 'A', pressed: true, repeat: true, modifiers: { ...none, shift: true } },
      { type: 'key', id: 3, code: 'KeyA', key: 'A', pressed: false, repeat: false, modifiers: none },
    ]);
  });

  test('a release says the key that was pressed, though Shift came up first', () => {
    press('keydown', 'Digit1', '!', { shiftKey: true });
    press('keyup', 'Digit1', '1');
    expect(keys()).toEqual(['+Digit1:!', '-Digit1:!']);
  });

  test('a release without its press is not sent', () => {
    press('keyup', 'KeyA', 'a');
    expect(inputs).toEqual([]);
  });

  test('keys of an input method are left to it', () => {
    press('keydown', 'KeyA', 'Process', { target: area });
    press('keydown', '', 'Unidentified', { target: area });
    expect(press('keydown', 'KeyA', 'a', { isComposing: true, target: area }).defaultPrevented).toBe(false);
    expect(press('keydown', 'BracketLeft', 'Dead', { target: area }).defaultPrevented).toBe(false);
    expect(inputs).toEqual([]);
  });

  test('AltGr is not Control and Alt', () => {
    press('keydown', 'ControlLeft', 'Control', { ctrlKey: true });
    press('keydown', 'AltRight', 'AltGraph', { ctrlKey: true, altKey: true, altGraph: true });
    press('keydown', 'KeyE', '€', { ctrlKey: true, altKey: true, altGraph: true });
    expect(keys()).toEqual(['+ControlLeft:Control', '-ControlLeft:Control', '+AltRight:AltGraph', '+KeyE:€']);
    expect(inputs.at(-1)).toMatchObject({ modifiers: { ...none, alt_graph: true } });
  });

  test('Shift and F10 are the menu key, which has no modifier', () => {
    expect(press('keydown', 'F10', 'F10', { shiftKey: true }).defaultPrevented).toBe(true);
    press('keyup', 'F10', 'F10', { shiftKey: true });
    expect(keys()).toEqual(['+ContextMenu:ContextMenu', '-ContextMenu:ContextMenu']);
    expect(inputs[0]).toMatchObject({ modifiers: none });
  });

  test('a menu copies and pastes as the shortcuts do', async () => {
    const readText = vi.fn(() => Promise.resolve('from home'));
    vi.stubGlobal('navigator', { ...navigator, clipboard: { readText } });
    await keyboard.paste();
    expect(inputs).toMatchObject([{ type: 'text', text: 'from home' }]);
    keyboard.command('all');
    keyboard.command('copy');
    // What was copied last is on the remote page.
    await keyboard.paste();
    expect(keys()).toEqual(['+KeyA:a', '-KeyA:a', '+KeyC:c', '-KeyC:c', '+KeyV:v', '-KeyV:v']);
    expect(readText).toHaveBeenCalledOnce();
    keyboard.copied();
    readText.mockRejectedValueOnce(new Error('may not be read'));
    await keyboard.paste();
    expect(keys().slice(-2)).toEqual(['+KeyV:v', '-KeyV:v']);
    vi.unstubAllGlobals();
  });

  test('F6 is the way out of the picture', () => {
    press('keydown', 'F6', 'F6');
    expect(leave).toHaveBeenCalledOnce();
    expect(inputs).toEqual([]);
    press('keydown', 'Tab', 'Tab');
    expect(keys()).toEqual(['+Tab:Tab']);
  });
});

describe('on a Mac', () => {
  beforeEach(() => attach({ mac: true }));

  test('Command arrives as Control, and its shortcut keys are let go with it', () => {
    press('keydown', 'MetaLeft', 'Meta', { metaKey: true });
    press('keydown', 'KeyA', 'a', { metaKey: true });
    expect(inputs.at(-1)).toMatchObject({ modifiers: { ...none, control: true } });
    press('keyup', 'MetaLeft', 'Meta');
    expect(keys()).toEqual(['+ControlLeft:Control', '+KeyA:a', '-ControlLeft:Control', '-KeyA:a']);
  });

  test('Option makes characters', () => {
    press('keydown', 'KeyL', '@', { altKey: true });
    expect(inputs.at(-1)).toMatchObject({ key: '@', modifiers: { ...none, alt_graph: true } });
    press('keydown', 'ArrowLeft', 'ArrowLeft', { altKey: true });
    expect(inputs.at(-1)).toMatchObject({ modifiers: { ...none, alt: true } });
  });
});

const key = (code: string, held: string[] = []) => ({
  code, key: '', ctrlKey: held.includes('ctrl'), altKey: held.includes('alt'), shiftKey: held.includes('shift'), metaKey: held.includes('meta'),
});

describe('shortcuts', () => {
  test.each([
    ['KeyW', ['ctrl'], false, true],
    ['KeyT', ['ctrl', 'shift'], false, true],
    ['KeyN', ['ctrl'], false, true],
    ['Tab', ['ctrl'], false, true],
    ['F12', [], false, true],
    ['F4', ['alt'], false, true],
    ['KeyI', ['ctrl', 'shift'], false, true],
    ['KeyE', ['meta'], false, true],
    ['KeyI', ['ctrl'], false, false],
    ['KeyA', ['ctrl'], false, false],
    ['KeyW', [], false, false],
    ['KeyW', ['meta'], true, true],
    ['KeyQ', ['meta'], true, true],
    ['KeyW', ['ctrl'], true, false],
    ['KeyA', ['meta'], true, false],
  ] as const)('%s with %o, mac %s: local %s', (code, held, mac, local) => {
    expect(isLocal(key(code, [...held]), mac)).toBe(local);
  });

  test('those of the browser are left to it', () => {
    expect(press('keydown', 'KeyT', 't', { ctrlKey: true }).defaultPrevented).toBe(false);
    expect(inputs).toEqual([]);
  });

  test.each([
    ['F5', [], false, 'reload'],
    ['KeyR', ['ctrl'], false, 'reload'],
    ['KeyR', ['meta'], true, 'reload'],
    ['ArrowLeft', ['alt'], false, 'back'],
    ['ArrowRight', ['alt'], false, 'forward'],
    ['BracketLeft', ['meta'], true, 'back'],
    ['ArrowLeft', ['alt'], true, null],
    ['ArrowLeft', [], false, null],
  ] as const)('%s with %o, mac %s: %s', (code, held, mac, to) => {
    expect(navigationOf(key(code, [...held]), mac)).toBe(to);
  });

  test('navigation is an order, not a key', () => {
    press('keydown', 'F5', 'F5');
    press('keyup', 'F5', 'F5');
    expect(inputs).toEqual([{ type: 'navigate', to: { kind: 'reload' } }]);
  });
});

describe('text', () => {
  test('a soft keyboard’s letters are its own until it has put them in', () => {
    attach({ soft: true });
    keyboard.field('text');
    expect(press('keydown', 'KeyA', 'a', { target: area }).defaultPrevented).toBe(false);
    expect(press('keydown', '', 'Backspace', { target: area }).defaultPrevented).toBe(false);
    put('hola');
    press('keydown', 'Enter', 'Enter', { target: area });
    expect(inputs.filter((one) => one.type !== 'release_all')).toMatchObject([{ type: 'text', text: 'hola' }, { type: 'key', key: 'Enter' }]);
    press('keydown', 'KeyA', 'a', { target: area, ctrlKey: true });
    expect(keys()).toEqual(['+Enter:Enter', '+KeyA:a']);
    press('keydown', 'Tab', 'Tab', { target: area });
    expect(press('keydown', 'Space', ' ', { target: area }).defaultPrevented).toBe(true);
    expect(keys().slice(2)).toEqual(['+Tab:Tab', '+Space: ']);
  });

  test('a key that makes two characters is text', () => {
    press('keydown', 'KeyB', 'لا');
    expect(inputs).toEqual([{ type: 'text', id: 1, text: 'لا' }]);
  });

  test('a long paste comes in pieces that fit on the wire, no character torn', () => {
    paste('😀'.repeat(10_000));
    const texts = inputs.flatMap((one) => (one.type === 'text' ? [one.text] : []));
    expect(texts.map((one) => [...one].length)).toEqual([8_000, 2_000]);
    expect(texts.join('')).toBe('😀'.repeat(10_000));
    expect(texts.every((one) => new TextEncoder().encode(JSON.stringify(one)).length < 64 * 1024)).toBe(true);
  });

  test('Ctrl+V takes this device’s text, but the remote page’s own after a copy there', () => {
    expect(press('keydown', 'KeyV', 'v', { ctrlKey: true }).defaultPrevented).toBe(false);
    paste('from here');
    expect(inputs).toEqual([{ type: 'text', id: 1, text: 'from here' }]);
    press('keydown', 'KeyC', 'c', { ctrlKey: true });
    inputs.length = 0;
    expect(press('keydown', 'KeyV', 'v', { ctrlKey: true }).defaultPrevented).toBe(true);
    expect(keys()).toEqual(['+KeyV:v']);
    window.dispatchEvent(new Event('blur'));
    inputs.length = 0;
    press('keydown', 'KeyV', 'v', { ctrlKey: true });
    paste('');
    expect(keys()).toEqual(['+KeyV:v', '-KeyV:v']);
  });
});

describe('the focus', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('stays in a field from one to the next, and a password has one of its own', () => {
    keyboard.field('text');
    keyboard.field(null);
    vi.advanceTimersByTime(200);
    keyboard.field('password');
    vi.advanceTimersByTime(2_000);
    expect(document.activeElement).toBe(secret);
    expect(inputs.some((one) => one.type === 'release_all')).toBe(false);
  });

  test('is where a tap wants it, until it turns out that there is no field', () => {
    keyboard.raise('digits');
    expect(document.activeElement).toBe(area);
    expect(area.inputMode).toBe('numeric');
    vi.advanceTimersByTime(1_500);
    expect(document.activeElement).toBe(screen);
    keyboard.raise('password');
    expect(document.activeElement).toBe(secret);
    keyboard.field('password');
    vi.advanceTimersByTime(2_000);
    expect(document.activeElement).toBe(secret);
  });

  test('goes to the text area with a remote field, and back, without letting go of keys', () => {
    press('keydown', 'ShiftLeft', 'Shift');
    keyboard.field('email');
    expect(document.activeElement).toBe(area);
    expect(area.inputMode).toBe('email');
    expect(area.getAttribute('autocorrect')).toBe('off');
    keyboard.field('text');
    expect(area.getAttribute('autocorrect')).toBe('on');
    keyboard.field(null);
    expect(document.activeElement).toBe(area);
    vi.advanceTimersByTime(300);
    expect(document.activeElement).toBe(screen);
    expect(inputs.some((one) => one.type === 'release_all')).toBe(false);
  });

  test('is never taken from another part of the page', () => {
    other.focus();
    keyboard.field('text');
    expect(document.activeElement).toBe(other);
  });

  test('leaving lets go of everything', () => {
    press('keydown', 'ShiftLeft', 'Shift');
    inputs.length = 0;
    other.focus();
    expect(inputs).toEqual([{ type: 'release_all' }]);
    press('keyup', 'ShiftLeft', 'Shift');
    expect(inputs).toHaveLength(1);
  });

  test.each(['blur', 'pagehide'])('so does %s of the window', (event) => {
    window.dispatchEvent(new Event(event));
    expect(inputs).toEqual([{ type: 'release_all' }]);
  });
});

/** A generator of its own, so that what fails fails again (mulberry32). */
function numbers(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const KEYS = [['KeyA', 'a'], ['KeyA', 'A'], ['KeyE', '€'], ['ShiftLeft', 'Shift'], ['ControlLeft', 'Control'], ['AltRight', 'AltGraph'], ['MetaLeft', 'Meta'], ['KeyV', 'v'], ['F5', 'F5']] as const;

test('no key sticks in 10,000 ways to press, let go, leave and come back', () => {
  /** What the other end believes to be down: a page that is new there holds nothing. */
  const down = new Set<string>();
  let heard = 0;
  const listen = () => {
    for (const one of inputs.slice(heard)) {
      if (one.type === 'release_all') down.clear();
      if (one.type !== 'key') continue;
      if (one.pressed) down.add(one.code);
      else expect(down.delete(one.code), 'released what is not down').toBe(true);
    }
    heard = inputs.length;
  };
  for (let seed = 0; seed < 10_000; seed += 1) {
    const random = numbers(seed);
    const held = new Map<string, string>();
    const target = () => document.activeElement as HTMLElement;
    const modifiers = () => ({ ctrlKey: held.has('ControlLeft'), shiftKey: held.has('ShiftLeft'), metaKey: held.has('MetaLeft'), altGraph: held.has('AltRight'), target: target() });
    const mac = random(2) === 1;
    const letGo = (code: string, key: string) => {
      // A Mac says nothing of a key that goes up while Command is down.
      const quiet = mac && held.has('MetaLeft') && !/^[A-Z]/.test(key);
      held.delete(code);
      if (!quiet) press('keyup', code, key, modifiers());
    };
    attach({ mac });
    heard = 0;
    down.clear();
    screen.focus();
    for (let step = random(12); step >= 0; step -= 1) {
      const [code, key] = KEYS[random(KEYS.length)]!;
      const what = random(16);
      if (what < 8) {
        held.set(code, key);
        press('keydown', code, key, { ...modifiers(), repeat: random(4) === 0 });
      } else if (what < 11) {
        if (held.has(code)) letGo(code, key);
      } else if (what === 11) other.focus();
      else if (what === 12) (random(2) ? screen : area).focus();
      else if (what === 13) window.dispatchEvent(new Event('blur'));
      else if (what === 14) keyboard.field(random(2) ? 'text' : null);
      else {
        attach({ mac });
        heard = 0;
        down.clear();
      }
      listen();
    }
    for (const [code, key] of [...held]) letGo(code, key);
    listen();
    expect([...down], `seed ${seed}`).toEqual([]);
  }
}, 60_000);
