/**
 * Decides how long it is waited for what our own connections are still to be told, before what a look showed counts as
 * somebody else's. Knows neither what was seen nor how it is told.
 *
 * A write shows before its connection hears of it, by as much as the server is slow to answer. So those that were under
 * way when it was looked are waited for themselves, not for a time, up to a limit: one may run for an hour, and others
 * write meanwhile.
 */

/** Then it is known to be a long one, and the next look does not wait for it. */
const WAITS_MAX = 40;

/** Long ones that are remembered; of a further one the wait begins anew. */
const LONG_MAX = 1_000;

export interface PatienceOptions {
  /** Writes that were begun and have not ended, by id. */
  readonly underWay: () => ReadonlySet<string>;
  /** How often it is waited when none is under way, or none any more: what they made is on its way to us still. */
  readonly waitsMin: number;
}

export class Patience {
  private long = new Set<string>();

  constructor(private readonly options: PatienceOptions) {}

  /** For one look: called before each time of waiting, it says whether there is to be one. */
  begin(): () => boolean {
    const { underWay, waitsMin } = this.options;
    this.long = new Set([...this.long].filter((id) => underWay().has(id)));
    let awaited = [...underWay()].filter((id) => !this.long.has(id));
    let waits = 0;
    let waitsSinceLast = 0;
    return () => {
      const standing = underWay();
      awaited = awaited.filter((id) => standing.has(id));
      waitsSinceLast = awaited.length > 0 ? 0 : waitsSinceLast + 1;
      waits++;
      if (waits <= WAITS_MAX) return waitsSinceLast <= waitsMin;
      for (const id of awaited) if (this.long.size < LONG_MAX) this.long.add(id);
      return false;
    };
  }
}
