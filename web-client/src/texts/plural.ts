//! Counted things in a language: `plurals('nl')(3, { one: '# veld', other: '# velden' })` is `3 velden`.

export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

export function plurals(language: string): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  return (count, forms) => (forms[rules.select(count)] ?? forms.other).replace('#', numbers.format(count));
}
