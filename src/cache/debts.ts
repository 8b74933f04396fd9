/**
 * Decides how the store is told later what it could not be told in time: table by table, whatever the number of
 * writes, by one loop. Knows no write and no outcome.
 *
 * A table that is owed anything is owed a rotation of everything in it. That costs hits after an outage and keeps what
 * has to be remembered through one down to the names of tables.
 */
import type { Clock, Timer } from '../clock.js';
import type { Target } from './protocol/refs.js';
import type { Tokens } from './tokens/tokens.js';

export interface DebtsOptions {
  readonly tokens: Tokens;
  readonly clock: Clock;
  /** Whether this process placed the intent and is done with it. */
  readonly isLeftOver: (intent: { readonly id: string; readonly process: string }) => boolean;
  readonly onPaid: (tables: readonly string[]) => void;
  readonly onFailure: (error: unknown) => void;
}

interface Debt {
  /** Nothing may be served before it is paid. */
  isUntold: boolean;
  /** Tells whether more was owed while it was being paid. */
  serial: number;
}

const DELAY_MS_MIN = 50;
const DELAY_MS_MAX = 1_000;
const TABLES_AT_ONCE = 200;

export class Debts {
  private readonly debts = new Map<string, Debt>();
  private untold = 0;
  private serial = 0;
  private timer: Timer | null = null;
  private isPaying = false;
  private delayMs = DELAY_MS_MIN;
  private closed = false;

  constructor(private readonly options: DebtsOptions) {}

  get size(): number {
    return this.debts.size;
  }

  /** Whether the store lacks a rotation that was acknowledged. */
  get isUntold(): boolean {
    return this.untold > 0;
  }

  /** @param isUntold false: nothing was written, only the intent may stand */
  add(targets: readonly Target[], { isUntold }: { readonly isUntold: boolean }): void {
    if (this.closed) return;
    for (const { table } of targets) {
      const known = this.debts.get(table);
      if (isUntold && known?.isUntold !== true) this.untold++;
      this.debts.set(table, { isUntold: isUntold || known?.isUntold === true, serial: ++this.serial });
    }
    this.schedule();
  }

  close(): void {
    this.closed = true;
    this.timer?.cancel();
    this.timer = null;
  }

  private schedule(): void {
    if (this.timer !== null || this.isPaying || this.closed || this.debts.size === 0) return;
    this.timer = this.options.clock.after(this.delayMs, () => {
      this.timer = null;
      this.pay();
    });
  }

  /** Synchronous where the store is. */
  private pay(): void {
    const { tokens, isLeftOver } = this.options;
    if (tokens.trouble() !== null) return this.failed(null);
    const batch = [...this.debts].slice(0, TABLES_AT_ONCE);
    const tables = batch.map(([table]) => table);
    this.isPaying = true;
    try {
      const paying = tokens.pay(tables, isLeftOver);
      if (!(paying instanceof Promise)) return this.paid(batch);
      paying.then(
        () => this.paid(batch),
        (error: unknown) => this.failed(error),
      );
    } catch (error) {
      this.failed(error);
    }
  }

  private paid(batch: readonly (readonly [string, Debt])[]): void {
    this.isPaying = false;
    this.delayMs = DELAY_MS_MIN;
    for (const [table, { serial }] of batch) {
      const debt = this.debts.get(table);
      if (debt?.serial !== serial) continue; // more is owed since
      this.debts.delete(table);
      if (debt.isUntold) this.untold--;
    }
    this.options.onPaid(batch.map(([table]) => table));
    if (this.debts.size >= TABLES_AT_ONCE) this.pay();
    else this.schedule();
  }

  private failed(error: unknown): void {
    this.isPaying = false;
    if (error !== null) this.options.onFailure(error);
    this.delayMs = Math.min(DELAY_MS_MAX, this.delayMs * 2);
    this.schedule();
  }
}
