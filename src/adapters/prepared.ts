/** Decides when the writes of prepared transactions (two-phase commit) are over. Knows one database's names of them. */

import type { Target } from '../cache/protocol/refs.js';
import type { Clock } from '../clock.js';

/** How long a prepared transaction may be finished elsewhere before it is noticed. */
const LOOK_EVERY_MS = 5_000;

interface Prepared {
  readonly targets: readonly Target[];
  finished: boolean;
  readonly told: Promise<void>;
  readonly tell: () => void;
}

export class PreparedTransactions {
  private readonly byGid = new Map<string, Prepared>();

  constructor(private readonly clock: Clock) {}

  /** What a prepared transaction wrote; undefined when it was not prepared through us. */
  targetsOf(gid: string): readonly Target[] | undefined {
    return this.byGid.get(gid)?.targets;
  }

  add(gid: string, targets: readonly Target[]): void {
    let tell = (): void => undefined;
    const told = new Promise<void>((resolve) => (tell = resolve));
    this.byGid.set(gid, { targets, finished: false, told, tell });
  }

  /** It was committed or rolled back through us. */
  finish(gid: string): void {
    const prepared = this.byGid.get(gid);
    if (prepared === undefined) return;
    this.byGid.delete(gid);
    prepared.finished = true;
    prepared.tell();
  }

  /** Settles when the transaction is over, or after a while with false. */
  async isOver(gid: string, look: () => Promise<boolean>): Promise<boolean> {
    const prepared = this.byGid.get(gid);
    if (prepared === undefined) return look();
    if (await look()) {
      this.finish(gid);
      return true;
    }
    await Promise.race([prepared.told, this.delay()]);
    return prepared.finished;
  }

  private delay(): Promise<void> {
    return new Promise((resolve) => void this.clock.after(LOOK_EVERY_MS, resolve));
  }
}
