/**
 * Decides what is known of the settings that the configuration names (`sessions.key`) in one connection's session:
 * their values, for how long they hold, and when only the server can tell. Knows no statement.
 */
import type { SettingChange } from '../../sql/plan.js';
import type { TransactionStatus } from '../transaction.js';

/** A change as it was sent: null where what it sets did not stand in it. */
interface Sent {
  readonly name: string;
  readonly value: string | null;
  readonly isLocal: boolean | null;
}

export class DeclaredSettings {
  private lasting = new Map<string, string | null>();
  /** Of the transaction that is open. */
  private readonly own = new Map<string, string>();
  /** A rollback would undo what the transaction set for the session. */
  private isUndecided = false;
  /** Something was set or undone that nobody can follow, until the transaction ends. */
  private isInDoubt = false;

  constructor(private readonly names: ReadonlySet<string>) {}

  has(name: string): boolean {
    return this.names.has(name);
  }

  learn(values: ReadonlyMap<string, string | null>): void {
    this.lasting = new Map(values);
    this.own.clear();
    this.isUndecided = this.isInDoubt = false;
  }

  /** Null while that is not known; undefined: not set. */
  valueOf(name: string): { readonly value: string | null } | null {
    if (this.isInDoubt) return null;
    return { value: this.own.get(name) ?? this.lasting.get(name) ?? null };
  }

  /**
   * It has been set.
   *
   * @param status of the connection behind it
   * @returns false when the server has to be asked what holds now
   */
  note({ name, value, isLocal }: Sent, status: TransactionStatus | null): boolean {
    if (status === 'I') {
      if (isLocal === true) return true; // it ended with its statement
      if (value === null || isLocal === null) return false;
      this.lasting.set(name, value);
      return true;
    }
    if (value === null || isLocal === null) this.isInDoubt = true;
    else this.own.set(name, value);
    if (isLocal !== true) this.isUndecided = true;
    return true;
  }

  /** What the transaction set may have been undone, in part. */
  doubt(): void {
    if (this.own.size > 0 || this.isUndecided) this.isInDoubt = true;
  }

  /** No transaction is open. @returns false when the server has to be asked what holds now */
  endTransaction(): boolean {
    if (this.own.size === 0 && !this.isUndecided && !this.isInDoubt) return true;
    const isKnown = !this.isUndecided;
    this.own.clear();
    this.isUndecided = this.isInDoubt = false;
    return isKnown;
  }
}

/** A change with the values of its call. */
export function sentChange({ name, value, isLocal }: SettingChange, values: unknown): Sent {
  const list = Array.isArray(values) ? (values as readonly unknown[]) : [];
  const locality = typeof isLocal === 'boolean' ? isLocal : list[isLocal.parameter];
  return {
    name,
    value: value === null ? null : value.kind === 'literal' ? value.text : textOf(list[value.index]),
    isLocal: typeof locality === 'boolean' ? locality : null,
  };
}

/** What is sent for a plain value. An object is turned into a text by whom the application chose. */
const textOf = (value: unknown): string | null =>
  typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'bigint'
      ? String(value)
      : null;
