//! A company's own rules as an admin writes them: one list of effects, kinds and values for what the policy keeps in two.

import type { BlockRule, BlockWhat, Element, MaskRule, MaskWhat, Policy } from '../protocol.gen';

export type Effect = 'hide' | 'show' | 'block' | 'allow';
/** How a rule that is written by hand finds things. */
export type WrittenKind = 'label' | 'text' | 'selector' | 'role' | 'address';
/** A thing that was pointed at is found by what it is. */
export type Kind = WrittenKind | 'element';

export interface OwnRule {
  effect: Effect;
  kind: Kind;
  /** Empty for a thing that was pointed at. */
  value: string;
  element?: Element;
  site: string | null;
}

export const EFFECTS: readonly Effect[] = ['hide', 'show', 'block', 'allow'];

const MASKS: readonly WrittenKind[] = ['label', 'text', 'selector'];
const BLOCKS: readonly WrittenKind[] = ['label', 'role', 'address', 'selector'];

export function kindsOf(effect: Effect): readonly WrittenKind[] {
  return effect === 'hide' || effect === 'show' ? MASKS : BLOCKS;
}

export function rulesOf(policy: Policy): OwnRule[] {
  const masks = policy.masking.rules.map((rule): OwnRule => ({ effect: rule.hide ? 'hide' : 'show', ...told(rule) }));
  const blocks = policy.blocking.rules.map((rule): OwnRule => ({ effect: rule.block ? 'block' : 'allow', ...told(rule) }));
  return [...masks, ...blocks];
}

export function withRules(policy: Policy, rules: readonly OwnRule[]): Policy {
  const masks: MaskRule[] = [];
  const blocks: BlockRule[] = [];
  for (const rule of rules) {
    const site = rule.site === null ? {} : { site: rule.site };
    if (rule.effect === 'hide' || rule.effect === 'show') masks.push({ ...site, what: maskOf(rule), hide: rule.effect === 'hide' });
    else blocks.push({ ...site, what: blockOf(rule), block: rule.effect === 'block' });
  }
  return { ...policy, masking: { ...policy.masking, rules: masks }, blocking: { ...policy.blocking, rules: blocks } };
}

export type Fault = 'short' | 'stars' | 'wrong';

/** What the server would refuse, told before it is asked. */
export function faultOf(rule: OwnRule): Fault | null {
  const { value, kind } = rule;
  if (kind === 'element') return null;
  if (kind === 'selector' || kind === 'role') return value.trim() === '' ? 'wrong' : null;
  if ((value.match(/[\p{L}\p{N}#]/gu) ?? []).length < 2) return 'short';
  return (value.match(/\*/g) ?? []).length > 2 ? 'stars' : null;
}

function told(rule: MaskRule | BlockRule): Omit<OwnRule, 'effect'> {
  const element = rule.what.by === 'element' ? { element: rule.what.element } : {};
  return { kind: rule.what.by, value: valueOf(rule.what), ...element, site: rule.site ?? null };
}

function valueOf(what: MaskWhat | BlockWhat): string {
  switch (what.by) {
    case 'selector':
      return what.selector;
    case 'role':
      return what.role;
    case 'element':
      return '';
    case 'label':
    case 'text':
    case 'address':
      return what.pattern;
    default:
      return what satisfies never;
  }
}

function maskOf({ kind, value, element }: OwnRule): MaskWhat {
  if (element) return { by: 'element', element };
  return kind === 'label' || kind === 'text' ? { by: kind, pattern: value } : { by: 'selector', selector: value };
}

function blockOf({ kind, value, element }: OwnRule): BlockWhat {
  if (element) return { by: 'element', element };
  if (kind === 'label' || kind === 'address') return { by: kind, pattern: value };
  return kind === 'role' ? { by: 'role', role: value } : { by: 'selector', selector: value };
}
