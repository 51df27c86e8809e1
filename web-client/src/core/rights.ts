//! What an input takes, as SFU and node hold everybody to it. Here it only saves the way, and tells at once why nothing happens.

import type { ControlInput, Rights } from '../protocol.gen';

/** The right that an input needs; null for what is always heard, or is the customer's own. */
export function needs(input: ControlInput): keyof Rights | null {
  switch (input.type) {
    case 'button':
      return input.pressed ? 'click' : null;
    case 'touch':
      return input.phase === 'start' || input.phase === 'move' ? 'click' : null;
    case 'wheel':
      return 'click';
    case 'key':
      return input.pressed ? 'typing' : null;
    case 'text':
    case 'compose':
      return 'typing';
    case 'navigate':
      return 'navigate';
    case 'tab':
    case 'new_tab':
    case 'open_link':
      return 'open_tabs';
    case 'answer':
      return input.answer.answer === 'dismiss' ? 'click' : null;
    case 'choose':
    case 'reach':
      return 'click';
    case 'listen':
      return 'point';
    case 'sound':
      return input.on ? 'hear' : null;
    case 'release_all':
    case 'find':
    case 'file':
    case 'hide':
    case 'pick':
    case 'matches':
    case 'resize':
      return null;
    default:
      return input satisfies never;
  }
}
