import type { Actor } from '../protocol.gen';
import { texts } from '../texts';

/** Who did something, as a reader of the audit knows them. */
export function actorName(actor: Actor): string {
  switch (actor.kind) {
    case 'person':
      return actor.name;
    case 'key':
      return texts.audit.program(actor.name);
    case 'participant':
      return `${actor.name} (${texts.roles[actor.role]})`;
    case 'stranger':
      return texts.audit.stranger;
    case 'tandem':
      return texts.common.product;
    default:
      return actor satisfies never;
  }
}
