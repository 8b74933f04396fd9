/**
 * Decides which cardinality a HyperLogLog's registers stand for. Knows no representation.
 * (Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", arXiv:1702.01284)
 */

export const REGISTER_COUNT = 16_384;
/** Bits of the hash that are not the register's index. */
export const RUN_BITS = 50;
const ALPHA_INFINITE = 0.721_347_520_444_481_7;

/** Of how many registers hold each value. */
export function estimate(histogram: readonly number[]): number {
  const count = REGISTER_COUNT;
  let sum = count * tau((count - (histogram[RUN_BITS + 1] ?? 0)) / count);
  for (let value = RUN_BITS; value >= 1; value--) sum = (sum + (histogram[value] ?? 0)) * 0.5;
  sum += count * sigma((histogram[0] ?? 0) / count);
  const cardinality = (ALPHA_INFINITE * count * count) / sum;
  return Math.floor(cardinality) + (cardinality % 1 >= 0.5 ? 1 : 0);
}

function sigma(share: number): number {
  if (share === 1) return Number.POSITIVE_INFINITY;
  let [x, y, sum, previous] = [share, 1, share, Number.NaN];
  while (sum !== previous) {
    x *= x;
    previous = sum;
    sum += x * y;
    y += y;
  }
  return sum;
}

function tau(share: number): number {
  if (share === 0 || share === 1) return 0;
  let [x, y, sum, previous] = [share, 1, 1 - share, Number.NaN];
  while (sum !== previous) {
    x = Math.sqrt(x);
    previous = sum;
    y *= 0.5;
    sum -= (1 - x) ** 2 * y;
  }
  return sum / 3;
}
