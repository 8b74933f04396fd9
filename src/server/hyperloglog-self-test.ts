/** Decides whether the HyperLogLog works in this process: what PFSELFTEST asks. */
import { countRegisters, emptyHyperLogLog } from './hyperloglog.js';
import { REGISTER_COUNT } from './hyperloglog-estimate.js';

const ELEMENTS_MAX = 100_000;
const REGISTER_VALUES = 50;
/** The standard error of so many registers. */
const RELATIVE_ERROR = 1.04 / Math.sqrt(REGISTER_COUNT);

/** Null when all is well, otherwise what is not. */
export function selfTest(): string | null {
  return registersFailure() ?? countsFailure();
}

/** Both forms must hold what is written into each register. */
function registersFailure(): string | null {
  const dense = emptyHyperLogLog();
  dense.toDense();
  const wanted = new Uint8Array(REGISTER_COUNT);
  for (let index = 0; index < REGISTER_COUNT; index++) {
    // Neighbours differ, and every value occurs.
    wanted[index] = 1 + ((index * 7) % REGISTER_VALUES);
    dense.raise(index, wanted[index] ?? 0, 0);
  }
  const got = dense.registers();
  for (const [index, value] of wanted.entries())
    if (got[index] !== value) return `Register ${index} should be ${value} but is ${got[index]}`;
  return null;
}

/** Both forms must agree, and count with no more than six times the expected error. */
function countsFailure(): string | null {
  const dense = emptyHyperLogLog();
  dense.toDense();
  const sparse = emptyHyperLogLog();
  for (let added = 1, checked = 1; added <= ELEMENTS_MAX; added++) {
    const element = Buffer.alloc(8);
    element.writeBigUInt64LE((BigInt(added) * 0x9e37_79b9n ** 2n) & 0xffff_ffff_ffff_ffffn);
    dense.add(element, 0);
    sparse.add(element, 3000);
    if (added !== checked) continue;
    checked *= 10;
    const [denseRegisters, sparseRegisters] = [
      new Uint8Array(REGISTER_COUNT),
      new Uint8Array(REGISTER_COUNT),
    ];
    dense.mergeInto(denseRegisters);
    sparse.mergeInto(sparseRegisters);
    if (Buffer.compare(denseRegisters, sparseRegisters) !== 0) return 'dense/sparse disagree';
    const error = Math.abs(countRegisters(denseRegisters) - added);
    const errorMax = Math.ceil(RELATIVE_ERROR * 6 * added) + (added <= 10 ? 1 : 0);
    if (error > errorMax) return `Too big error. card:${added} abserr:${error}`;
  }
  return null;
}
