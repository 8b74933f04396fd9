/** Decides how the names of a container, and their values, are read while others change it. Knows nothing of what they are. */
import type { Bytes } from '../byte-string.js';

/** What they were at one moment, by number. */
export interface HeldNames {
  readonly size: number;
  nameAt(number: number): string;
  valueAt(number: number): Bytes;
  /** What it was read from is about to change. */
  detach(): void;
  /** It is not read any more. */
  release(): void;
}

/** Of rows that are short enough to be copied at once. */
export function heldRows(names: readonly string[], values: readonly Bytes[]): HeldNames {
  const [ownNames, ownValues] = [[...names], [...values]];
  return {
    size: ownNames.length,
    nameAt: (number) => ownNames[number] ?? '',
    valueAt: (number) => ownValues[number] ?? '',
    detach: () => undefined,
    release: () => undefined,
  };
}
