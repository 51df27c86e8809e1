//! Where the input modules put what they make.

import type { ControlInput, InputId } from '../protocol.gen';
import type { Place } from './viewport';

export interface Inputs {
  /** A number for the next input; each counts up. */
  next(): InputId;
  /** The lossy road: latest wins. */
  move(place: Place): void;
  /** The reliable road. */
  control(input: ControlInput): void;
}
