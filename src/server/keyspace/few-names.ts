/**
 * Decides how a name is found among few, which are plain texts in a row, and when they have become too many for that.
 * Knows nothing of what belongs to a name.
 */

/** With more names than this a container packs them and looks them up by their hashes. */
export const FEW_NAMES_MAX = 64;
/** What a name costs beside its bytes: its string, its place in a row that has some to spare. */
export const NAME_OVERHEAD_BYTES = 29;

/** Where a name is that is part of some bytes, -1 if it is not there. */
export function indexOfPart(names: readonly string[], bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  for (let index = 0; index < names.length; index++) {
    const name = names[index] as string;
    if (name.length === length && equalsPart(name, bytes, start)) return index;
  }
  return -1;
}

/** From behind, where names mostly differ. */
function equalsPart(name: string, bytes: Buffer, start: number): boolean {
  for (let at = name.length - 1; at >= 0; at--) if (name.charCodeAt(at) !== bytes[start + at]) return false;
  return true;
}

/**
 * Visits about `count` numbers of a row of `size` and returns the cursor to go on with, 0 at the end.
 *
 * The cursor is how many are still to be seen, walked from the back. A new name goes to the back and a removed one is
 * replaced by the last, so a name not yet seen only ever moves forward, to where the walk still has to come: whatever
 * is there from start to end is visited, some perhaps twice.
 */
export function scanNumbers(
  size: number,
  cursor: number,
  count: number,
  visit: (number: number) => void,
): number {
  let position = cursor === 0 ? size : Math.min(cursor, size);
  const stop = Math.max(0, position - count);
  while (position > stop) visit(--position);
  return stop;
}
