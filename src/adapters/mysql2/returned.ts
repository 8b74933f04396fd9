/** Decides what the answer to a write tells of what was written: that it was nothing, the key of the one new row, its rows. */
import { compactValue } from '../../cache/bind.js';
import type { Target } from '../../cache/protocol/refs.js';
import type { Narrowing } from '../follower.js';
import type { Told } from '../told.js';
import type { Answer } from './answers.js';
import type { ResultCommand } from './shapes.js';
import { ToldRows } from './told-rows.js';

export class Returned implements Narrowing<Answer> {
  private readonly rows: ToldRows | null;

  /** @param told null: the plan expects nothing */
  constructor(private readonly told: Told | null) {
    this.rows = told === null || told.columns.length === 0 ? null : new ToldRows(told);
  }

  /** To be called before the command gets its turn. */
  watch(command: ResultCommand): void {
    this.rows?.watch(command);
  }

  narrow(targets: readonly Target[], answer: Answer | undefined): readonly Target[] {
    const { told } = this;
    const written = answer?.written ?? null;
    if (told === null || answer === undefined || !told.holds()) return targets;
    if (written === null) return this.rows?.narrow(targets) ?? targets;
    if (told.isNothingAtZero && written.affectedRows === 0n) return [];
    const { key, generatedColumn } = told;
    if (generatedColumn === null || written.insertId <= 0n || written.affectedRows !== 1n) return targets;
    const named = [compactValue(String(written.insertId))];
    return targets.map((target) =>
      target.table === key ? { table: key, pins: { ...target.pins, [generatedColumn]: named } } : target,
    );
  }
}
