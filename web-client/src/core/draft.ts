//! Rules that somebody tries in a rule session before they are the company's.

import type { BlockRule, Element, MaskRule, Policy, Thing } from '../protocol.gen';
import type { OwnRule } from './rules';

/** What a thing is to people; the pages have a word for each. */
export type Sort = 'field' | 'choice' | 'tick' | 'button' | 'link' | 'heading' | 'picture' | 'text' | 'list' | 'table' | 'part';

const SORTS: Record<string, Sort> = {
  textbox: 'field', searchbox: 'field', spinbutton: 'field', combobox: 'choice', listbox: 'choice', slider: 'choice', checkbox: 'tick', switch: 'tick', radio: 'tick',
  button: 'button', tab: 'button', menuitem: 'button', option: 'choice', link: 'link', heading: 'heading', img: 'picture', image: 'picture', figure: 'picture',
  video: 'picture', generic: 'text', paragraph: 'text', cell: 'text', gridcell: 'text', definition: 'text', term: 'text', listitem: 'text', strong: 'text',
  emphasis: 'text', code: 'text', time: 'text', status: 'text', caption: 'text', mark: 'text', note: 'text', columnheader: 'text', rowheader: 'text', list: 'list',
  table: 'table', grid: 'table', row: 'table',
};

export function sortOf(role: string): Sort {
  return SORTS[role] ?? 'part';
}

/** Whether its surroundings are needed to find it and nothing else. */
export function needsNear({ element, alike }: Thing): boolean {
  return element.near !== '' && (element.label === '' || alike > 1);
}

/** What a rule about a thing holds: its surroundings only where they are wanted. */
export function elementOf({ element }: Thing, near: boolean): Element {
  return near || element.label === '' ? element : { ...element, near: '' };
}

/** The same rule twice says nothing more. */
export function hasRule(rules: readonly OwnRule[], rule: OwnRule): boolean {
  return rules.some((one) => JSON.stringify(one) === JSON.stringify(rule));
}

/** Whether agents see anything under `after` that they do not under `before`: what is hidden in a page stays so until it is loaded anew. */
export function shows(before: Policy, after: Policy): boolean {
  const hides = (policy: Policy) => policy.masking.rules.filter((rule) => rule.hide);
  const opens = (policy: Policy) => policy.masking.rules.filter((rule) => !rule.hide);
  return without(hides(before), hides(after)).length > 0 || without(opens(after), opens(before)).length > 0;
}

export function isSame(one: Policy, other: Policy): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Makes the changes from `base` to `draft` to what somebody else has made of `base` meanwhile. */
export function rebase(base: Policy, draft: Policy, theirs: Policy): Policy {
  const again = <T extends MaskRule | BlockRule>(before: T[], mine: T[], other: T[]) => [...without(other, without(before, mine)), ...without(without(mine, before), other)];
  return {
    ...theirs,
    masking: { ...theirs.masking, rules: again(base.masking.rules, draft.masking.rules, theirs.masking.rules) },
    blocking: { ...theirs.blocking, rules: again(base.blocking.rules, draft.blocking.rules, theirs.blocking.rules) },
  };
}

function without<T>(list: readonly T[], taken: readonly T[]): T[] {
  const gone = new Set(taken.map((one) => JSON.stringify(one)));
  return list.filter((one) => !gone.has(JSON.stringify(one)));
}
