/**
 * Decides what callers tell of their reads and writes, and the rows they speak of. Whether anything of it is right is
 * not known here: a history judges it at once, a recorder writes it down for a judge of several processes.
 */

/** What a read said of a row. Not named at all: the row was not in the result. */
export interface Sighting {
  readonly row: TrackedRow;
  readonly version: number;
  /** What else is known to change only together with the version. */
  readonly place?: string;
}

/** What a write will do to a row: one version more. */
export interface Change {
  readonly row: TrackedRow;
  /** The row is gone at that version. Only for rows that one caller writes, one write at a time. */
  readonly removes?: boolean;
  /** The write may change the place. */
  readonly moves?: boolean;
}

/** What a write is known to have done. */
export interface Outcome {
  /** Undefined: committed, but not told. */
  readonly version?: number | undefined;
  readonly place?: string | undefined;
}

/** To be called before anything of it is sent. */
export interface Witness {
  /** @param by which of several processes, where one tells of them all */
  write(changes: readonly Change[], by?: string): WriteWitness;
  /**
   * @param scope every row that could be in the result
   * @param counts false for reads that do not go through what is being checked: they show, and are not counted
   */
  read(name: string, scope: readonly TrackedRow[], counts?: boolean, by?: string): ReadWitness;
}

/** One of the three is told, once. */
export interface WriteWitness {
  /** Its caller was told that it is committed. One outcome per change, in their order. */
  acknowledge(outcomes?: readonly Outcome[]): void;
  /** It is known that nobody will ever see it. */
  rollBack(): void;
  /** It may have been committed or not: what was asked stays possible. */
  lose(): void;
}

/** Told once what it returned. */
export interface ReadWitness {
  /**
   * The rows of the result. A row of the scope that is not among them must have been gone or, where only one place
   * was asked for, elsewhere.
   */
  returned(sightings: readonly Sighting[], options?: { readonly place?: string }): this;
  /** The sum of the versions of all rows of the scope; missing rows count as none. */
  returnedTotal(total: number): this;
  /** Something that holds in every snapshot. */
  expect(holds: boolean, otherwise: string): this;
  /** Nothing more will be told. */
  end(): unknown;
}

const TRACE_MAX = 14;

/** A row, or a key that may have none. */
export class TrackedRow {
  /** The highest version acknowledged. */
  acknowledged = 0;
  /** The highest version that is known to have been visible. */
  shown = 0;
  /** The highest version that the writes asked for so far could have made. */
  asked = 0;
  acknowledgedAtMs = Number.NEGATIVE_INFINITY;
  /** By whose write. */
  acknowledgedBy = '';
  /** Writes that may move the row and whose outcome is not known (yet). */
  moving = 0;
  /** Writes ever asked for that may move the row. */
  movesAsked = 0;
  readonly places = new Map<number, string>();
  readonly removedAt = new Set<number>();
  readonly trace: string[] = [];

  /** @param isMonotonic what the database had shown is never missed later, acknowledged or not */
  constructor(
    readonly name: string,
    readonly isMonotonic = true,
  ) {}

  note(event: string): void {
    this.trace.push(event);
    if (this.trace.length > TRACE_MAX) this.trace.shift();
  }

  /** Nothing is under way, and this is what the database has. */
  rebase(version: number | null, place: string | undefined): void {
    this.asked = version ?? 0;
    this.removedAt.clear();
    if (version === null) this.removedAt.add(0);
    // What may be missed until it is acknowledged is not acknowledged by being there.
    if (this.isMonotonic) this.acknowledged = this.asked;
    this.shown = this.asked;
    this.moving = 0;
    this.places.clear();
    if (place !== undefined) this.places.set(this.asked, place);
    this.note(`settled at ${version === null ? 'absent' : this.asked}`);
  }
}
