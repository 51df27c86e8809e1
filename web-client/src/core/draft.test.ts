import { expect, test } from 'vitest';
import type { MaskRule, Policy, Thing } from '../protocol.gen';
import { elementOf, isSame, needsNear, rebase, shows, sortOf } from './draft';

const MAY = { control: true, typing: true, navigate: true, hear: false };
const rule = (pattern: string, hide = true): MaskRule => ({ what: { by: 'label', pattern }, hide });
const policy = (...rules: MaskRule[]): Policy => ({
  version: 1,
  sites: { allowed: ['*'], blocked: [] },
  agent: MAY,
  supervisor: MAY,
  masking: { presets: ['cards'], rules },
  blocking: { presets: ['buy'], rules: [] },
});
const thing = (label: string, near: string, alike: number): Thing => ({
  element: { role: 'textbox', label, kind: 'text', near },
  area: [0, 0, 1, 1],
  same: 1,
  alike,
  hidden: null,
  blocked: null,
});

test('the surroundings count where the label is not enough', () => {
  expect(needsNear(thing('City', 'Delivery', 1))).toBe(false);
  expect(needsNear(thing('City', 'Delivery', 2))).toBe(true);
  expect(needsNear(thing('', 'Delivery', 0))).toBe(true);
  expect(needsNear(thing('City', '', 2))).toBe(false);
  expect(elementOf(thing('City', 'Delivery', 1), false).near).toBe('');
  expect(elementOf(thing('City', 'Delivery', 1), true).near).toBe('Delivery');
  expect(elementOf(thing('', 'Delivery', 0), false).near).toBe('Delivery');
});

test('what shows more needs the page anew', () => {
  expect(shows(policy(), policy(rule('a')))).toBe(false);
  expect(shows(policy(rule('a')), policy())).toBe(true);
  expect(shows(policy(), policy(rule('a', false)))).toBe(true);
  expect(shows(policy(rule('a', false)), policy())).toBe(false);
});

test('two who change the rules at once lose nothing', () => {
  const base = policy(rule('a'), rule('b'));
  const mine = policy(rule('b'), rule('c'));
  const theirs = { ...policy(rule('a'), rule('b'), rule('d')), agent: { ...MAY, typing: false } };
  const both = rebase(base, mine, theirs);
  expect(both.masking.rules).toEqual([rule('b'), rule('d'), rule('c')]);
  expect(both.agent.typing).toBe(false);
  expect(isSame(rebase(base, base, theirs), theirs)).toBe(true);
  expect(rebase(base, mine, policy(rule('c'))).masking.rules).toEqual([rule('c')]);
});

test('every role has a word', () => {
  expect(sortOf('textbox')).toBe('field');
  expect(sortOf('cell')).toBe('text');
  expect(sortOf('region')).toBe('part');
});
