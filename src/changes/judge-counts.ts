/**
 * Decides which tables somebody else wrote, by the rows that a database counts in each, and rotates those. Knows neither
 * the database nor when it is looked at.
 *
 * Order is safety: rows show in the statistics after they can be read, so what is rotated after a look that shows
 * them kills every result from before they could be read. The baseline is saved after the rotation: a crash between
 * the two rotates again.
 */
import { keyOfTable, rootOf } from '../cache/bind.js';
import type { Observer } from '../cache/changes.js';
import { isLogPosition, type RowCounts, type Statistics } from '../sql/statistics.js';
import { type Baseline, differences, excessOf, type TableBaseline, Unsettled } from './baseline.js';
import type { Judge, Surroundings } from './judge.js';
import type { OwnCounts } from './own-counts.js';
import { Patience } from './patience.js';
import { loadBaseline, saveBaseline, withTokens } from './shared.js';

export interface CountsJudgeOptions extends Surroundings {
  /** Rows written through the cache. */
  readonly own: OwnCounts;
  /** Has all connections of this process count what they wrote. Never rejects. */
  readonly settleOwn: () => Promise<void>;
  /** Whether the tokens are in the store, too: one of this process alone need not be asked who depends on what. */
  readonly isStoreShared: boolean;
  /** Rotates these tables as a whole. */
  readonly rotate: (tableKeys: readonly string[]) => Promise<void>;
  /** The catalog was written: the schema may be another one. */
  readonly onSchema: () => void;
}

/** Looks again at tables that seem to have been written by others: our own count may be a moment late. */
const SECOND_LOOKS_MAX = 3;
const SECOND_LOOK_AFTER_MS = 50;
/** A connection that does not answer is not waited for: what it wrote may cost a rotation. */
const SETTLE_MS_MAX = 500;

interface Suspicion {
  /** Rows that others wrote, at least. */
  readonly excess: ReadonlyMap<string, number>;
  /** The look that it is about. */
  readonly seen: RowCounts;
}

export class CountsJudge implements Judge<RowCounts> {
  /** As saved; null when another process may have saved another one. */
  private baseline: Baseline | null = null;
  private readonly unsettled = new Unsettled();
  private readonly patience: Patience;

  constructor(private readonly options: CountsJudgeOptions) {
    this.patience = new Patience({ underWay: options.underWay, waitsMin: 0 });
  }

  forget(): void {
    this.baseline = null;
  }

  async judge(seen: RowCounts, look: Observer['look']): Promise<void> {
    this.baseline ??= await this.options.converse(loadBaseline(this.options.names));
    const before = this.baseline;
    if (before?.epoch !== seen.epoch) return this.beginAnew(seen);
    if (before.catalog !== seen.catalog) this.options.onSchema();
    const found = differences(before, seen, this.unsettled);
    const changed = new Map<string, TableBaseline>();
    const suspicion = await this.suspect(before, seen, found.written, changed);
    const confirmed = await this.confirm(before, suspicion, look);
    await this.rotate([...found.replaced, ...confirmed.excess.keys()]);
    const own = await this.options.own.read(this.options.names, found.replaced);
    for (const id of found.replaced) {
      const now = seen.tables.get(id);
      if (now === undefined) continue;
      this.unsettled.forget(id);
      changed.set(id, { ...now, foreign: now.written - (own.get(id) ?? 0) });
    }
    for (const [id, excess] of confirmed.excess) {
      const known = before.tables.get(id);
      const now = confirmed.seen.tables.get(id);
      if (known !== undefined && now !== undefined)
        changed.set(id, { ...now, file: known.file, foreign: known.foreign + excess });
    }
    if (changed.size === 0 && found.dropped.length === 0 && before.catalog === seen.catalog) return;
    await this.save(before, seen, changed, found.dropped);
  }

  /** Counters tell nothing of the time before: everything may have changed. */
  private async beginAnew(seen: RowCounts): Promise<void> {
    await this.options.rotate([rootOf(this.options.names)]);
    this.unsettled.clear();
    const own = await this.options.own.read(this.options.names, [...seen.tables.keys()]);
    const tables = new Map(
      [...seen.tables].map(([id, now]): [string, TableBaseline] => [
        id,
        { ...now, foreign: now.written - (own.get(id) ?? 0) },
      ]),
    );
    this.baseline = { epoch: seen.epoch, catalog: seen.catalog, tables };
    const { epoch, catalog } = seen;
    await this.options.converse(
      saveBaseline(this.options.names, { epoch, catalog, changed: tables, dropped: [], anew: true }),
    );
  }

  /** Tables with more rows written than are our own; notes in `changed` what is known of the others now. */
  private async suspect(
    before: Baseline,
    seen: RowCounts,
    ids: readonly string[],
    changed: Map<string, TableBaseline>,
  ): Promise<Suspicion> {
    const own = await this.options.own.read(this.options.names, ids);
    const excess = new Map<string, number>();
    for (const id of ids) {
      const known = before.tables.get(id) as TableBaseline; // differences() found it there
      const now = seen.tables.get(id);
      if (now === undefined) continue;
      const more = excessOf(known, now, own.get(id) ?? 0);
      const foreign = this.unsettled.note(id, known, more);
      if (more > 0) excess.set(id, more);
      else if (now.written !== known.written || foreign !== known.foreign)
        changed.set(id, { ...now, foreign });
    }
    return { excess, seen };
  }

  /** What is left of a suspicion after looking again: our own count may have been on its way. */
  private async confirm(before: Baseline, suspicion: Suspicion, look: Observer['look']): Promise<Suspicion> {
    let { excess, seen } = suspicion;
    if (excess.size > 0) await this.settle();
    for (let again = 0; again < SECOND_LOOKS_MAX && excess.size > 0; again++) {
      await this.options.delay(SECOND_LOOK_AFTER_MS);
      seen = countsIn(await look());
      const own = await this.options.own.read(this.options.names, [...excess.keys()]);
      const left = new Map<string, number>();
      for (const [id, least] of excess) {
        const known = before.tables.get(id) as TableBaseline; // it was suspected by it
        const now = seen.tables.get(id);
        if (now === undefined) continue; // dropped: the catalog changed
        const more = Math.min(least, excessOf(known, now, own.get(id) ?? 0));
        if (more > 0) left.set(id, more);
      }
      excess = left;
    }
    return { excess, seen };
  }

  /** What our own connections were told, and are about to be told, is counted. */
  private async settle(): Promise<void> {
    const { delay, settleOwn } = this.options;
    const goesOn = this.patience.begin();
    while (goesOn()) await delay(SECOND_LOOK_AFTER_MS);
    await Promise.race([settleOwn(), delay(SETTLE_MS_MAX)]);
  }

  private async rotate(ids: readonly string[]): Promise<void> {
    const { isStoreShared, names, converse } = this.options;
    const counting = isStoreShared ? await converse(withTokens(names, ids)) : ids;
    if (counting.length > 0) await this.options.rotate(counting.map((id) => keyOfTable(names, id)));
  }

  private async save(
    before: Baseline,
    seen: RowCounts,
    changed: ReadonlyMap<string, TableBaseline>,
    dropped: readonly string[],
  ): Promise<void> {
    const { epoch, catalog } = seen;
    const tables = new Map([...before.tables, ...changed]);
    for (const id of dropped) tables.delete(id);
    this.baseline = { epoch, catalog, tables };
    await this.options.converse(
      saveBaseline(this.options.names, { epoch, catalog, changed, dropped, anew: false }),
    );
  }
}

/** A server that names transactions now, and counted rows a moment ago, is another one. */
function countsIn(seen: Statistics): RowCounts {
  if (isLogPosition(seen)) throw new Error('the database tells of writes in another way than before');
  return seen;
}
