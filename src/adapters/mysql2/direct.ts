/** Decides how a connection without a pool is wrapped: as the one connection of its own. */
import type { CacheCore } from '../../cache/core.js';
import { WatchedConnection } from './connection.js';
import { type Database, databasesOf } from './databases.js';
import type { Host } from './host.js';
import { askOver, observedBy, placeOf } from './own-connection.js';
import type { MysqlConnection } from './shapes.js';

export class DirectConnection {
  private readonly watched: WatchedConnection;
  private baseline: Database | null = null;
  private refreshing = false;

  constructor(connection: MysqlConnection, core: CacheCore) {
    const place = placeOf(connection, connection.config);
    const databases = databasesOf(core);
    const refresh = (stale: Database): void => this.refresh(stale, core);
    const host: Host = {
      core,
      databases,
      ask: (task) => askOver(place, task),
      observe: observedBy({
        core,
        databases,
        refresh,
        place: () => place,
        isEnded: () => connection._closing === true,
      }),
      adopt: (adopted) => {
        this.baseline = adopted;
      },
      refresh,
    };
    this.watched = new WatchedConnection(connection, host, false);
  }

  get database(): Database | null {
    return this.baseline;
  }

  /** Resolves when the connection's catalog has been read; waits for it to be there. */
  async prepare(): Promise<void> {
    await this.watched.whenIdle(async (connection) => {
      await connection.reload();
      connection.adoptOwn();
    });
  }

  /** Behind what was called so far and before what is called next. */
  private refresh(database: Database, core: CacheCore): void {
    if (this.refreshing || !database.mayLoad) return;
    this.refreshing = true;
    this.watched
      .whenIdle((connection) => connection.lookAt(database))
      .catch((error: unknown) => core.failed('catalog', error))
      .finally(() => {
        this.refreshing = false;
      });
  }
}
