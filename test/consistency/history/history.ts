/**
 * Decides whether a read could be right: keeps, per row, which versions were asked for, acknowledged and shown, and
 * holds every result against them (CONSISTENCY §5.3). Knows no database and no cache.
 */

import type { Change, Outcome, ReadWitness, Sighting, TrackedRow, Witness, WriteWitness } from './witness.js';

/** Worst first: a read is counted once, as the worst that was found in it. */
export const violationKinds = ['stale', 'older-than-shown', 'mixed', 'future'] as const;

/**
 * stale: older than a write that was acknowledged before the read began. older-than-shown: older than what the
 * database had shown to somebody before it began. mixed: not one snapshot. future: a write nobody had asked for.
 */
export type ViolationKind = (typeof violationKinds)[number];

export interface Violation {
  readonly kind: ViolationKind;
  readonly read: string;
  readonly detail: string;
  /** What happened to the row before, oldest first. */
  readonly trace: readonly string[];
}

export interface Figures {
  reads: number;
  /** Begun within `AT_RISK_MS` after an acknowledged write to a row they return or are pinned to. */
  atRisk: number;
  /** Of these, after a write of another process. */
  atRiskOfOthers: number;
  /** The same as `atRisk`, by the names of the reads. */
  readonly atRiskOf: Record<string, number>;
  /** Writes that were acknowledged. */
  acknowledged: number;
  readonly violations: Record<ViolationKind, number>;
  /** Reads that were older than shown while that was not promised. */
  tolerated: number;
}

export const AT_RISK_MS = 5;
const VIOLATIONS_KEPT_MAX = 20;

export class History implements Witness {
  readonly figures: Figures = {
    reads: 0,
    atRisk: 0,
    atRiskOfOthers: 0,
    atRiskOf: {},
    acknowledged: 0,
    violations: { stale: 0, 'older-than-shown': 0, mixed: 0, future: 0 },
    tolerated: 0,
  };
  /** An intent may have been lost with a part of the store: what the database showed may be missed until its END. */
  toleratesOlderThanShown = false;
  /** The first of them, in full. */
  readonly violations: Violation[] = [];

  constructor(private readonly nowMs: () => number) {}

  get broken(): number {
    return Object.values(this.figures.violations).reduce((total, count) => total + count, 0);
  }

  write(changes: readonly Change[], by = ''): WriteUnderWay {
    const onAcknowledged = (): void => void this.figures.acknowledged++;
    return new WriteUnderWay({ changes, by, nowMs: this.nowMs, onAcknowledged });
  }

  read(name: string, scope: readonly TrackedRow[], counts = true, by = ''): ReadUnderWay {
    return new ReadUnderWay({
      name,
      by,
      scope,
      nowMs: this.nowMs,
      report: (found, risk) => {
        if (counts) this.count(name, risk);
        if (found.length > 0) this.report(found);
      },
    });
  }

  private count(name: string, risk: Risk): void {
    const { figures } = this;
    figures.reads++;
    if (risk === 'none') return;
    figures.atRisk++;
    if (risk === 'after a write of another process') figures.atRiskOfOthers++;
    figures.atRiskOf[name] = (figures.atRiskOf[name] ?? 0) + 1;
  }

  private report(found: readonly Violation[]): void {
    const worst = violationKinds.find((kind) => found.some((violation) => violation.kind === kind));
    if (worst === undefined) return;
    if (worst === 'older-than-shown' && this.toleratesOlderThanShown) {
      this.figures.tolerated++;
      return;
    }
    this.figures.violations[worst]++;
    for (const violation of found)
      if (this.violations.length < VIOLATIONS_KEPT_MAX) this.violations.push(violation);
  }
}

interface WriteOptions {
  readonly changes: readonly Change[];
  readonly by: string;
  readonly nowMs: () => number;
  readonly onAcknowledged: () => void;
}

export class WriteUnderWay implements WriteWitness {
  private readonly acknowledgedBefore: readonly number[];

  constructor(private readonly options: WriteOptions) {
    const { changes } = options;
    this.acknowledgedBefore = changes.map(({ row }) => row.acknowledged);
    for (const { row, removes, moves } of changes) {
      row.asked++;
      if (removes === true) row.removedAt.add(row.asked);
      if (moves === true) {
        row.moving++;
        row.movesAsked++;
      }
      this.note(row, removes === true ? 'removal asked' : 'write asked');
    }
  }

  acknowledge(outcomes: readonly Outcome[] = []): void {
    const { by, changes, nowMs, onAcknowledged } = this.options;
    onAcknowledged();
    changes.forEach(({ row, moves }, index) => {
      const { version = (this.acknowledgedBefore[index] ?? 0) + 1, place } = outcomes[index] ?? {};
      if (version >= row.acknowledged) {
        row.acknowledgedAtMs = nowMs();
        row.acknowledgedBy = by;
      }
      row.acknowledged = Math.max(row.acknowledged, version);
      row.shown = Math.max(row.shown, version);
      if (place !== undefined) row.places.set(version, place);
      if (moves === true) row.moving--;
      this.note(row, `${version} acknowledged${place === undefined ? '' : ` (${place})`}`);
    });
  }

  rollBack(): void {
    for (const { row, removes, moves } of this.options.changes) {
      if (removes === true) row.removedAt.delete(row.asked);
      row.asked--;
      if (moves === true) row.moving--;
      this.note(row, 'write rolled back');
    }
  }

  lose(): void {
    for (const { row } of this.options.changes) this.note(row, 'outcome unknown');
  }

  private note(row: TrackedRow, event: string): void {
    row.note(`${this.options.nowMs().toFixed(2)} ${event}`);
  }
}

type Risk = 'none' | 'after an own write' | 'after a write of another process';

interface ReadOptions {
  readonly name: string;
  readonly by: string;
  readonly scope: readonly TrackedRow[];
  readonly nowMs: () => number;
  readonly report: (found: readonly Violation[], risk: Risk) => void;
}

/** What was known of one row when a read began. */
interface Known {
  readonly risk: Risk;
  readonly acknowledged: number;
  readonly shown: number;
  readonly moving: boolean;
  readonly movesAsked: number;
}

export class ReadUnderWay implements ReadWitness {
  private readonly before: ReadonlyMap<TrackedRow, Known>;
  private readonly found: Violation[] = [];
  private readonly startedAtMs: number;
  private risk: Risk = 'none';

  constructor(private readonly options: ReadOptions) {
    this.startedAtMs = options.nowMs();
    this.before = new Map(
      options.scope.map((row) => [
        row,
        {
          risk: this.riskOf(row),
          acknowledged: row.acknowledged,
          shown: row.shown,
          moving: row.moving > 0,
          movesAsked: row.movesAsked,
        },
      ]),
    );
  }

  returned(sightings: readonly Sighting[], { place }: { readonly place?: string } = {}): this {
    const seen = new Map(sightings.map((sighting) => [sighting.row, sighting]));
    for (const [row, known] of this.before) {
      const sighting = seen.get(row);
      // Of what it does not return it is only pinned to what could be at no other place.
      if (sighting !== undefined || place === undefined) this.take(known.risk);
      if (sighting === undefined) this.judgeAbsence(row, known, place);
      else this.judge(sighting, known);
    }
    for (const { row, version, place: at } of sightings) {
      if (version > row.asked) continue;
      row.shown = Math.max(row.shown, version);
      if (at !== undefined) row.places.set(version, at);
    }
    return this;
  }

  returnedTotal(total: number): this {
    const rows = [...this.before];
    for (const [, known] of rows) this.take(known.risk);
    const least = (of: (known: Known) => number): number =>
      rows.reduce((sum, [, known]) => sum + of(known), 0);
    const most = rows.reduce((sum, [row]) => sum + row.asked, 0);
    const said = `the versions add up to ${total}`;
    if (total < least(({ acknowledged }) => acknowledged)) this.add('stale', null, `${said}, too few`);
    else if (total < least(({ shown }) => shown)) this.add('older-than-shown', null, `${said}, too few`);
    else if (total > most) this.add('future', null, `${said}, and only ${most} were asked for`);
    return this;
  }

  expect(holds: boolean, otherwise: string): this {
    if (!holds) this.add('mixed', null, otherwise);
    return this;
  }

  end(): readonly Violation[] {
    this.options.report(this.found, this.risk);
    return this.found;
  }

  private riskOf(row: TrackedRow): Risk {
    if (this.startedAtMs - row.acknowledgedAtMs > AT_RISK_MS) return 'none';
    return row.acknowledgedBy === this.options.by ? 'after an own write' : 'after a write of another process';
  }

  private take(risk: Risk): void {
    if (risk !== 'none' && this.risk !== 'after a write of another process') this.risk = risk;
  }

  private judge({ row, version, place }: Sighting, known: Known): void {
    if (version < known.acknowledged)
      this.add('stale', row, `${version} was returned, ${known.acknowledged} acknowledged before`);
    else if (row.isMonotonic && version < known.shown)
      this.add('older-than-shown', row, `${version} was returned, ${known.shown} shown before`);
    else if (version > row.asked)
      this.add('future', row, `${version} was returned, ${row.asked} were asked for`);
    else if (row.removedAt.has(version))
      this.add('mixed', row, `returned at ${version}, where it was removed`);
    const expected = row.places.get(version);
    if (place !== undefined && expected !== undefined && place !== expected)
      this.add('mixed', row, `${version} is at ${expected} and was returned at ${place}`);
  }

  private judgeAbsence(row: TrackedRow, known: Known, place: string | undefined): void {
    const possible =
      place === undefined
        ? (from: number): boolean => wasRemoved(row, from)
        : (from: number): boolean => mayBeElsewhere(row, known, place, from);
    if (!possible(known.acknowledged))
      this.add('stale', row, `not returned, though ${known.acknowledged} was acknowledged before`);
    else if (row.isMonotonic && !possible(known.shown))
      this.add('older-than-shown', row, `not returned, though ${known.shown} was shown before`);
  }

  private add(kind: ViolationKind, row: TrackedRow | null, detail: string): void {
    const { by, name, nowMs } = this.options;
    this.found.push({
      kind,
      read: `${by === '' ? '' : `${by}: `}${name} begun at ${this.startedAtMs.toFixed(2)}, ended at ${nowMs().toFixed(2)}`,
      detail: row === null ? detail : `${row.name}: ${detail}`,
      trace: row === null ? [] : [...row.trace],
    });
  }
}

function wasRemoved(row: TrackedRow, from: number): boolean {
  for (let version = row.asked; version >= from; version--) if (row.removedAt.has(version)) return true;
  return false;
}

/** Whether the row was anywhere but at the place at some version that the read could have seen. */
function mayBeElsewhere(row: TrackedRow, known: Known, place: string, from: number): boolean {
  const mayHaveMoved = known.moving || row.movesAsked !== known.movesAsked;
  let last: string | undefined;
  for (let version = from; version <= row.asked; version++) {
    last = row.places.get(version) ?? (mayHaveMoved ? undefined : last);
    if (last !== place) return true; // or nobody knows
  }
  return false;
}
