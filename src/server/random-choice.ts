/** Decides how parts of a value are chosen at random: with or without choosing one twice. Knows no type of value. */
import type { Random } from '../clock.js';

/** Beyond this many items a reply would be no answer but an attack on the memory. */
export const CHOSEN_MAX = 2 ** 24;

/** `count` numbers below `size`, each as likely as another, any of them maybe more than once. */
export function chooseRepeatedly(random: Random, size: number, count: number): number[] {
  return Array.from({ length: count }, () => Math.floor(random.fraction() * size));
}

/** Up to `count` different numbers below `size`. */
export function chooseDifferent(random: Random, size: number, count: number): number[] {
  if (count >= size) return Array.from({ length: size }, (_, number) => number);
  if (count * 3 < size) return chooseFew(random, size, count);
  const numbers = Array.from({ length: size }, (_, number) => number);
  for (let at = 0; at < count; at++) {
    const other = at + Math.floor(random.fraction() * (size - at));
    const chosen = numbers[other] ?? 0;
    numbers[other] = numbers[at] ?? 0;
    numbers[at] = chosen;
  }
  return numbers.slice(0, count);
}

/** Few of many: what was chosen already is chosen again rarely. */
function chooseFew(random: Random, size: number, count: number): number[] {
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(Math.floor(random.fraction() * size));
  return [...chosen];
}
