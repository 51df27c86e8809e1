import { expect, test } from 'vitest';
import type { Policy } from '../protocol.gen';
import { faultOf, kindsOf, rulesOf, withRules, type OwnRule } from './rules';

const MAY = { control: true, typing: true, navigate: true, hear: false };
const policy: Policy = {
  version: 1,
  sites: { allowed: ['*'], blocked: [] },
  agent: MAY,
  supervisor: MAY,
  masking: { presets: ['cards'], rules: [] },
  blocking: { presets: ['buy'], rules: [] },
};

const rules: OwnRule[] = [
  { effect: 'hide', kind: 'text', value: 'KD-######', site: null },
  { effect: 'show', kind: 'label', value: 'newsletter', site: 'shop.example' },
  { effect: 'hide', kind: 'element', value: '', element: { role: 'cell', label: '', kind: '', near: 'Balance' }, site: 'shop.example' },
  { effect: 'block', kind: 'address', value: '/cancel', site: null },
  { effect: 'allow', kind: 'role', value: 'tab', site: 'bank.example' },
];

test('rules survive being written and read', () => {
  const written = withRules(policy, rules);
  expect(rulesOf(written)).toEqual(rules);
  expect(written.masking.presets).toEqual(['cards']);
  expect(written.masking.rules[2]?.what).toEqual({ by: 'element', element: rules[2]?.element });
  expect(written.blocking.rules[0]).toEqual({ what: { by: 'address', pattern: '/cancel' }, block: true });
  expect(rulesOf(withRules(written, []))).toEqual([]);
});

test.each([
  ['label', 'x', 'short'],
  ['text', '*', 'short'],
  ['text', 'a*b*c*', 'stars'],
  ['selector', ' ', 'wrong'],
  ['text', '##', null],
  ['role', 'tab', null],
] as const)('%s %j', (kind, value, fault) => {
  expect(faultOf({ effect: 'hide', kind, value, site: null })).toBe(fault);
});

test('each effect has its kinds', () => {
  expect(kindsOf('hide')).toContain('text');
  expect(kindsOf('block')).not.toContain('text');
});
