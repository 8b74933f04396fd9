/**
 * Decides what a wrapped pool does whatever its driver is: which session its own results are of, when the catalog is read
 * over one of its connections, and what is made of those that come back. Knows no statement.
 */
import type { CacheCore } from '../cache/core.js';
import type { Database } from './database.js';
import { LeftOpen } from './left-open.js';
import { refreshOnce } from './refresh.js';

type KnownDatabase = Pick<Database, 'isCurrent' | 'isCheckDue' | 'mayLook' | 'state'>;

interface Watched<D> {
  readonly isLeftOpen: boolean;
  settle(): void;
  givenBack(): void;
  prepare(): Promise<void>;
  look(database: D): Promise<boolean>;
  lookInUse(database: D): Promise<void>;
}

/** A connection of the pool's, until it is given back. */
export interface Taken<Connection> {
  readonly connection: Connection;
  readonly giveBack: () => void;
}

export abstract class KnownPool<
  Connection extends object,
  D extends KnownDatabase,
  Baseline extends { readonly database: D },
> {
  protected readonly watched = new WeakMap<Connection, Watched<D>>();
  /** What `pool.query` is keyed on: the session that the pool's connections usually have. */
  protected baseline: Baseline | null = null;
  private readonly refreshOnce: (database: D) => void;
  private readonly leftOpen: LeftOpen;

  /** @param taking how a connection is taken from it, for people */
  constructor(
    protected readonly core: CacheCore,
    taking: string,
  ) {
    this.refreshOnce = refreshOnce(core, (database: D) =>
      this.lookAt(database).catch((error: unknown) => {
        // Whoever ends it waits for no look of ours: that is no failure.
        if (!this.hasEnded()) throw error;
      }),
    );
    this.leftOpen = new LeftOpen(taking);
  }

  protected abstract hasEnded(): boolean;
  /** Whether it gives a connection at once. */
  protected abstract get hasRoom(): boolean;
  /** Rejects as connecting does. */
  protected abstract take(): Promise<Taken<Connection>>;

  /** The database that the pool's usual sessions see, once one of them was used. */
  get database(): D | null {
    return this.baseline?.database ?? null;
  }

  /** Resolves when a connection has been made and its catalog read. Rejects when the pool cannot connect. */
  async prepare(): Promise<void> {
    if (this.baseline?.database.isCurrent === true || this.hasEnded()) return;
    await this.onOne((one) => one.prepare());
  }

  /** Somebody has it now, set up as he wanted it. */
  protected taken(connection: Connection): void {
    this.watched.get(connection)?.settle();
  }

  protected returned(connection: Connection): void {
    const watched = this.watched.get(connection);
    if (watched?.isLeftOpen === true) this.leftOpen.warn();
    watched?.givenBack();
  }

  /** A connection in its settled session is in use. */
  protected adopt(offered: () => Baseline): void {
    if (this.baseline === null || this.baseline.database.state.superseded) this.baseline = offered();
  }

  /**
   * Hits, too: nothing else tells of a catalog that others change.
   *
   * @returns whether a hit may be answered without a connection
   */
  protected checkWhenDue(database: D): boolean {
    if (database.isCheckDue) this.refresh(database);
    return true;
  }

  /** In the background. */
  protected refresh(database: D): void {
    if (!this.hasEnded()) this.refreshOnce(database);
  }

  /**
   * Over whatever connection the pool gives. One that somebody made another session of (`USE`, another user) cannot tell, and
   * pools give the same one again and again: it is held while others are asked, as long as nobody has to be waited for.
   * Where none can, whichever is used next begins anew.
   */
  protected async lookAt(database: D): Promise<void> {
    await this.onOne(async (one) => {
      if (await one.look(database)) return;
      if (this.hasRoom) await this.lookAt(database);
      else if (this.database === database) this.baseline = null;
    });
  }

  private async onOne(task: (watched: Watched<D>) => Promise<void>): Promise<void> {
    const { connection, giveBack } = await this.take();
    try {
      await task(this.watched.get(connection) as Watched<D>); // every connection of the pool is watched
    } finally {
      giveBack();
    }
  }
}
