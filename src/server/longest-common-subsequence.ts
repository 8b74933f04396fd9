/** Decides the longest common subsequence of two byte strings and where it lies in each. Knows no command. */

export interface CommonRange {
  /** First and last index, in the first and in the second string. */
  readonly inFirst: readonly [number, number];
  readonly inSecond: readonly [number, number];
  readonly length: number;
}

export interface CommonSubsequence {
  readonly length: number;
  readonly bytes: Buffer;
  /** From the end to the beginning, as Redis finds them. */
  readonly ranges: readonly CommonRange[];
}

/** Bytes that the table takes. */
export function tableBytesOf(firstLength: number, secondLength: number): number {
  return (firstLength + 1) * (secondLength + 1) * 4;
}

/** By dynamic programming; takes the time and the memory of the product of both lengths. */
export function longestCommonSubsequence(first: Buffer, second: Buffer): CommonSubsequence {
  const width = second.length + 1;
  const table = new Uint32Array((first.length + 1) * width);
  for (let i = 1; i <= first.length; i++)
    for (let j = 1; j < width; j++) {
      const at = i * width + j;
      table[at] =
        first[i - 1] === second[j - 1]
          ? (table[at - width - 1] ?? 0) + 1
          : Math.max(table[at - width] ?? 0, table[at - 1] ?? 0);
    }
  return walkBack(first, second, table, width);
}

/** The steps of Redis' lcsCommand, in its order: which of several equal answers is given depends on them. */
function walkBack(first: Buffer, second: Buffer, table: Uint32Array, width: number): CommonSubsequence {
  const length = table[first.length * width + second.length] ?? 0;
  const bytes = Buffer.alloc(length);
  const ranges: CommonRange[] = [];
  let [i, j, left] = [first.length, second.length, length];
  let open: { firstStart: number; firstEnd: number; secondStart: number; secondEnd: number } | null = null;
  while (i > 0 && j > 0) {
    let isClosed = false;
    if (first[i - 1] === second[j - 1]) {
      bytes[left - 1] = first[i - 1] ?? 0;
      if (open === null) open = { firstStart: i - 1, firstEnd: i - 1, secondStart: j - 1, secondEnd: j - 1 };
      else if (open.firstStart === i && open.secondStart === j) {
        open.firstStart--;
        open.secondStart--;
      } else isClosed = true;
      isClosed ||= open.firstStart === 0 || open.secondStart === 0;
      left--;
      i--;
      j--;
    } else {
      if ((table[(i - 1) * width + j] ?? 0) > (table[i * width + j - 1] ?? 0)) i--;
      else j--;
      isClosed = open !== null;
    }
    if (!isClosed || open === null) continue;
    ranges.push({
      inFirst: [open.firstStart, open.firstEnd],
      inSecond: [open.secondStart, open.secondEnd],
      length: open.firstEnd - open.firstStart + 1,
    });
    open = null;
  }
  return { length, bytes, ranges };
}
