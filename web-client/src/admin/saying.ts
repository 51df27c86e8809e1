//! What a thing is, in plain words.

import { sortOf } from '../core/draft';
import type { Element } from '../protocol.gen';
import { texts } from '../texts';

/** Such as: the text field “City” near “Delivery”. */
export function sayElement({ role, label, near }: Element): string {
  const words = texts.things;
  const sort = words.sorts[sortOf(role)];
  const what = label ? words.called(sort, label) : sort;
  return near ? words.near(what, near) : what;
}
