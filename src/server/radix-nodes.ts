/** Decides how many nodes Redis' compressed radix tree has for a set of keys: XINFO shows it. Keeps no tree. */

/** Keys of one length, in order, each once. */
export function radixNodeCount(keys: readonly Buffer[]): number {
  return keys.length === 0 ? 1 : nodesBelow(keys, 0, keys.length, 0);
}

/** The nodes for keys that agree up to a byte. */
function nodesBelow(keys: readonly Buffer[], start: number, end: number, depth: number): number {
  const first = keys[start];
  const last = keys[end - 1];
  if (first === undefined || last === undefined) return 0;
  // What is left of a single key is one compressed node, and one more where it ends.
  if (first === last) return depth < first.length ? 2 : 1;
  let common = depth;
  while (first[common] === last[common]) common++;
  // The keys are in order, so those in between agree as far as the first and the last.
  let nodes = common > depth ? 2 : 1;
  for (let from = start; from < end; ) {
    let to = from + 1;
    while (to < end && keys[to]?.[common] === keys[from]?.[common]) to++;
    nodes += nodesBelow(keys, from, to, common + 1);
    from = to;
  }
  return nodes;
}
