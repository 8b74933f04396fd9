/** Decides how a stored string is shown without copying it. Knows nothing of how it is stored. */

import type { Memory } from '../byte-string.js';

export class StringView {
  /** Null for an integer, which is in `number`. */
  memory: Memory | null = null;
  start = 0;
  end = 0;
  number: number | bigint = 0;
  /** The bytes never change, so they may be referred to after the command. */
  isLasting = false;
}
