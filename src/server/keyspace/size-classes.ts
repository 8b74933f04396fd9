/**
 * Decides into which sizes memory is cut: every 8 bytes up to 256, then eight sizes for each doubling, so that at most
 * an eighth of a slot is lost. Knows nothing of what is put there.
 */

export const UNIT_BYTES = 8;
/** Larger ones are not cut from a page. */
export const SLOT_BYTES_MAX = 128 * 1024;
const SLOT_BYTES_MIN = 16;
const FINE_BYTES_MAX = 256;
const STEPS_PER_DOUBLING = 8;

function sizes(): number[] {
  const list: number[] = [];
  for (let size = SLOT_BYTES_MIN; size < FINE_BYTES_MAX; size += UNIT_BYTES) list.push(size);
  for (let base = FINE_BYTES_MAX; base < SLOT_BYTES_MAX; base *= 2)
    for (let step = 0; step < STEPS_PER_DOUBLING; step++)
      list.push(base + (base / STEPS_PER_DOUBLING) * step);
  list.push(SLOT_BYTES_MAX);
  return list;
}

/** The sizes, smallest first. */
export const slotBytes: readonly number[] = sizes();

const FINE_COUNT = (FINE_BYTES_MAX - SLOT_BYTES_MIN) / UNIT_BYTES;

/** The index in `slotBytes` of the smallest slot that holds so many bytes. Not for more than SLOT_BYTES_MAX. */
export function sizeClassOf(bytes: number): number {
  if (bytes <= SLOT_BYTES_MIN) return 0;
  if (bytes <= FINE_BYTES_MAX) return (bytes - SLOT_BYTES_MIN + UNIT_BYTES - 1) >>> 3;
  const doubling = 31 - Math.clz32(bytes - 1);
  const stepShift = doubling - 3;
  const step = (bytes - 1 - (1 << doubling)) >>> stepShift;
  return FINE_COUNT + (doubling - 8) * STEPS_PER_DOUBLING + step + 1;
}
