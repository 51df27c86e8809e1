//! What an answer that was no success says in the language that is spoken.

import { Failure } from '../core/api';
import { texts } from '../texts';

export function sentence(failure: unknown): string {
  if (!(failure instanceof Failure)) return texts.common.somethingWrong;
  if (failure.status === 0) return texts.common.offline;
  const known = texts.errors[failure.code];
  if (known) return known;
  return failure.status === 429 ? texts.errors['too_many']! : texts.common.somethingWrong;
}
