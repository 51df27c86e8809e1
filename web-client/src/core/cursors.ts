//! Where the other people point.

import type { Colour, CursorNotice, Participant, ParticipantId, Role } from '../protocol.gen';

export interface Cursor {
  participant: ParticipantId;
  name: string;
  role: Role;
  colour: Colour;
  x: number;
  y: number;
  pressed: boolean;
  /** Counts presses, so that each one gets a ripple of its own. */
  presses: number;
}

export class Cursors {
  readonly #cursors = new Map<ParticipantId, Cursor & { sequence: number }>();
  #people = new Map<ParticipantId, Participant>();
  #self: ParticipantId | null = null;

  /** Who is here. The cursor of somebody who left goes; one who comes back counts their moves anew. */
  people(people: readonly Participant[], self: ParticipantId | null): void {
    this.#self = self;
    this.#people = new Map(people.map((one) => [one.id, one]));
    for (const [id, cursor] of this.#cursors) {
      const person = this.#people.get(id);
      if (person?.present) this.#cursors.set(id, { ...cursor, name: person.name, colour: person.colour });
      else this.#cursors.delete(id);
    }
  }

  /** Tells whether anything changed: late ones, one's own and those of people we do not know change nothing. */
  moved(notice: CursorNotice): boolean {
    const person = this.#people.get(notice.participant);
    if (!person?.present || notice.participant === this.#self) return false;
    const before = this.#cursors.get(notice.participant);
    if (before && notice.sequence <= before.sequence) return false;
    this.#cursors.set(notice.participant, {
      participant: person.id,
      name: person.name,
      role: person.role,
      colour: person.colour,
      x: notice.x,
      y: notice.y,
      pressed: before?.pressed ?? false,
      presses: before?.presses ?? 0,
      sequence: notice.sequence,
    });
    return true;
  }

  pressed(participant: ParticipantId, pressed: boolean): boolean {
    const cursor = this.#cursors.get(participant);
    if (!cursor) return false;
    this.#cursors.set(participant, { ...cursor, pressed, presses: cursor.presses + (pressed ? 1 : 0) });
    return true;
  }

  all(): Cursor[] {
    return [...this.#cursors.values()];
  }
}
