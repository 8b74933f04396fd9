/** Decides how a client without a pool is wrapped: as the one connection of its own. */
import type { CacheCore } from '../../cache/core.js';
import { makeOwn } from '../wrapped.js';
import { WatchedClient } from './client.js';
import { type Database, databasesOf } from './databases.js';
import { driverOf } from './driver.js';
import type { Host } from './host.js';
import { observedBy, textQueryOf } from './resolver.js';
import type { ClientConstructor, PgClient } from './shapes.js';

export class DirectClient {
  private readonly watched: WatchedClient;
  private baseline: Database | null = null;
  private refreshing = false;

  constructor(client: PgClient, core: CacheCore) {
    const OwnClient = client.constructor as ClientConstructor;
    const { host, port, user, database, password, ssl } = client;
    const make = (): PgClient => makeOwn(() => new OwnClient({ host, port, user, database, password, ssl }));
    const databases = databasesOf(core);
    const refresh = (stale: Database): void => this.refresh(stale, core);
    const server: Host = {
      core,
      driver: driverOf(OwnClient),
      databases,
      ask: (task) => textQueryOf(make, task),
      observe: observedBy({ core, databases, make, refresh, isEnded: () => client._ended === true }),
      adopt: (adopted) => {
        this.baseline = adopted;
      },
      refresh,
    };
    this.watched = new WatchedClient(client, server, false);
  }

  get database(): Database | null {
    return this.baseline;
  }

  /** Resolves when the connection's catalog has been read; waits for its user to connect. */
  async prepare(): Promise<void> {
    await this.watched.whenIdle(async (client) => {
      await client.reload();
      client.adoptOwn();
    });
  }

  /** Behind what was called so far and before what is called next. */
  private refresh(database: Database, core: CacheCore): void {
    if (this.refreshing || !database.mayLoad) return;
    this.refreshing = true;
    this.watched
      .whenIdle((client) => client.lookAt(database))
      .catch((error: unknown) => core.failed('catalog', error))
      .finally(() => {
        this.refreshing = false;
      });
  }
}
