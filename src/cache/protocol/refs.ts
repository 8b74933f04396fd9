/**
 * Decides what a read depends on and what a write may change, once parameters are known, and when the two
 * conflict (CONSISTENCY §3). Knows no store and no SQL.
 */

/** One reference of a read. Without a pin it depends on every row of the table. */
export interface Ref {
  /** The key of the table's hash `T`. */
  readonly table: string;
  readonly pin: RefPin | null;
}

export interface RefPin {
  /** Column ids, ascending, joined by commas. */
  readonly shape: string;
  /** The columns of `shape`. */
  readonly columns: readonly string[];
  /** Canonical values, one per column. */
  readonly values: readonly string[];
}

/** What a write may change in one table: rows that hold one of the values in each named column, or any row. */
export interface Target {
  readonly table: string;
  /** Per column the old and new values of every row touched; null: any row. */
  readonly pins: TargetPins | null;
}

export type TargetPins = Readonly<Record<string, readonly string[]>>;

/** More combinations of values than this are not enumerated: the whole shape is rotated instead. */
const COMBINATIONS_MAX = 32;

/** A transaction that touches more values of a column than this is taken to touch any. */
const VALUES_MAX = 64;

/** One text per pin, injective: values are length-prefixed. */
export function pinValue(values: readonly string[]): string {
  if (values.length === 1) return values[0] as string; // length is 1
  return values.map((value) => `${value.length}:${value}`).join('');
}

/** Same reference, same text. */
export function refKey(ref: Ref): string {
  return ref.pin === null ? ref.table : `${ref.table}:${ref.pin.shape}:${pinValue(ref.pin.values)}`;
}

/** Whether whoever depends on `refs` depends on what is asked for, in the same order. */
export function covers(refs: readonly Ref[], asked: readonly Ref[]): boolean {
  for (let index = 0; index < asked.length; index++) {
    const own = refs[index];
    const other = asked[index] as Ref; // index < length
    if (own === undefined || own.table !== other.table) return false;
    if (own.pin !== null && (other.pin === null || !isSamePin(own.pin, other.pin))) return false;
  }
  return true;
}

const isSamePin = (left: RefPin, right: RefPin): boolean =>
  left === right ||
  (left.shape === right.shape && left.values.every((value, index) => value === right.values[index]));

/**
 * Whether a write under way could change what the reference depends on (I2): every unpinned read, every read
 * of a shape that the write gives no values for, and reads of an equal value.
 */
export function conflicts(pins: TargetPins | null, ref: Ref): boolean {
  if (ref.pin === null || pins === null) return true;
  const { columns, values } = ref.pin;
  return columns.every((column, index) => {
    const written = pins[column];
    return written === undefined || written.includes(values[index] as string); // one value per column
  });
}

/**
 * The values of a shape that a write touches, or null when it cannot be told: then the whole shape is rotated.
 */
export function touchedValues(pins: TargetPins, shape: string): readonly string[] | null {
  let combinations: string[][] = [[]];
  for (const column of shape.split(',')) {
    const values = pins[column];
    if (values === undefined) return null;
    combinations = combinations.flatMap((prefix) => values.map((value) => [...prefix, value]));
    if (combinations.length > COMBINATIONS_MAX) return null;
  }
  return combinations.map(pinValue);
}

/** Joins targets of the same table: what several statements of one transaction may change. */
export function mergeTargets(targets: readonly Target[]): readonly Target[] {
  if (targets.length === 1) return targets;
  const merged = new Map<string, Target>();
  for (const target of targets) {
    const known = merged.get(target.table);
    merged.set(
      target.table,
      known === undefined ? target : { table: target.table, pins: mergePins(known.pins, target.pins) },
    );
  }
  return [...merged.values()];
}

/** Only columns that both sides name still bound the rows of their union. */
function mergePins(left: TargetPins | null, right: TargetPins | null): TargetPins | null {
  if (left === null || right === null) return null;
  const merged: Record<string, readonly string[]> = {};
  for (const [column, values] of Object.entries(left)) {
    const other = right[column];
    if (other === undefined) continue;
    const union = [...new Set([...values, ...other])];
    if (union.length <= VALUES_MAX) merged[column] = union;
  }
  return Object.keys(merged).length === 0 ? null : merged;
}
