/** Decides every error this package can raise: its code, its sentence, its cause. Knows nothing of who raises it. */

/**
 * One row per error: the code's suffix and what it means. `docs/errors.md` is checked against this table.
 * The message of a raised error starts with this sentence and goes on with what was wrong and what to do.
 */
export const errorTable = {
  CONFIG_INVALID: 'The configuration is not valid',
  CONFIG_CONFLICT: 'A cache with this namespace exists already with another configuration',
  STORE_UNAVAILABLE:
    'The store could not record what this write is about to change, so the write was not sent',
  STORE_AWAY: 'The store cannot be used at the moment',
  STORE_UNFIT: 'The store cannot keep the promise',
  POOL_UNSUPPORTED: 'The object given is not a pool, client or driver that this adapter can wrap',
  EFFECTS_UNKNOWN: 'The option effects names a function or table that the database does not have',
  TRIGGERS_HIDDEN: 'This account is not shown which triggers the tables that it writes have',
  CATALOG_UNAVAILABLE: 'The catalog of the database could not be read',
  CHANGES_UNAVAILABLE: 'Writes made by others cannot be seen in this database by polling',
  TABLE_UNKNOWN: 'No attached database has a table of this name',
  SERVER_LISTEN: 'The embedded server could not listen',
  SERVER_CLOSED: 'The embedded server is closed',
  FILE_BROKEN: 'A file of the embedded server cannot be read',
  FOLDER_IN_USE: 'Another server keeps its files in this folder',
  SAVE_FAILED: 'The embedded server was closed and could not save its data',
  INVALID_ARGUMENT: 'An argument is not valid',
} as const;

export type ErrorCode = `LOOKASIDE_${keyof typeof errorTable}`;

/** The one error class: branch on `code`, read `message`, follow `cause`. */
export class LookasideError extends Error {
  override readonly name = 'LookasideError';
  readonly code: ErrorCode;
  /** The message without the sentence that it starts with. */
  readonly detail: string;

  /**
   * @param suffix which row of the table this is
   * @param detail what was wrong and what to do, as a sentence without a full stop at its end
   */
  constructor(suffix: keyof typeof errorTable, detail: string, options?: { cause?: unknown }) {
    super(`${errorTable[suffix]}: ${detail}.`, options);
    this.code = `LOOKASIDE_${suffix}`;
    this.detail = detail;
  }
}

/** An invariant of ours does not hold: a bug in this package, never a user's mistake. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Asserts an invariant of ours. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(`lookaside invariant broken: ${message}`);
}

/** What was thrown, in words: it need not have been an Error. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The same as the detail of an error that has it for its cause: nothing is said twice. */
export function detailOf(cause: Error): string {
  return cause instanceof LookasideError ? cause.detail : cause.message;
}
