/** Decides how a client without a pool is wrapped: as the one connection of its own. */
import type { CacheCore } from '../../cache/core.js';
import { wrapDirectly } from '../direct.js';
import { hostOf } from '../host.js';
import { makeOwn, type Wrapper } from '../wrapped.js';
import { WatchedClient } from './client.js';
import { type Database, databasesOf } from './databases.js';
import { driverOf } from './driver.js';
import { connectOwn } from './own-connection.js';
import type { ClientConstructor, PgClient } from './shapes.js';

export const wrapClient = (client: PgClient, core: CacheCore): Wrapper =>
  wrapDirectly<Database>(core, ({ adopt, refresh }) => {
    const OwnClient = client.constructor as ClientConstructor;
    const { host, port, user, database, password, ssl } = client;
    const shared = hostOf({
      core,
      databases: databasesOf(core),
      connect: connectOwn(() => makeOwn(() => new OwnClient({ host, port, user, database, password, ssl }))),
      isEnded: () => client._ended === true,
      isUsual: () => true,
      refresh,
    });
    return new WatchedClient(client, { ...shared, driver: driverOf(OwnClient), adopt }, false);
  });
