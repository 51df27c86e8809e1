//! What a company can hide and block by a switch, in the order in which it is shown.

import type { Secret, Verb } from '../protocol.gen';

/** With what it may look like on a page; the numbers are nobody's. */
export const SECRETS: readonly { secret: Secret; sample: string | null }[] = [
  { secret: 'passwords', sample: '••••••••' },
  { secret: 'cards', sample: '4111 1111 1111 1111' },
  { secret: 'bank_accounts', sample: 'ES91 2100 0418 4502' },
  { secret: 'national_ids', sample: '12345678Z' },
  { secret: 'birth_dates', sample: '1990-02-28' },
  { secret: 'email', sample: 'eva@shop.example' },
  { secret: 'phone', sample: '+34 600 100 200' },
  { secret: 'all_inputs', sample: null },
  { secret: 'everything', sample: null },
];

export const VERBS: readonly Verb[] = ['buy', 'accept', 'send', 'delete', 'sign'];
