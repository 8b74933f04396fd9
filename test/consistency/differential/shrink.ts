/** Decides how a case that fails becomes a short one that still fails: parts are left out while it does. */

/** Halves first, then smaller parts, until no single item can be left out (ddmin). */
export async function shrunk<T>(
  items: readonly T[],
  fails: (items: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let left = items;
  for (let size = Math.ceil(left.length / 2); size >= 1; ) {
    let isShorter = false;
    for (let start = 0; start < left.length; ) {
      const without = [...left.slice(0, start), ...left.slice(start + size)];
      if (without.length < left.length && (await fails(without))) {
        left = without;
        isShorter = true;
      } else start += size;
    }
    if (size > 1) size = Math.ceil(size / 2);
    else if (!isShorter) break;
  }
  return left;
}
