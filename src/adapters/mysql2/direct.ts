/** Decides how a connection without a pool is wrapped: as the one connection of its own. */
import type { CacheCore } from '../../cache/core.js';
import { wrapDirectly } from '../direct.js';
import { hostOf } from '../host.js';
import type { Wrapper } from '../wrapped.js';
import { WatchedConnection } from './connection.js';
import { type Database, databasesOf } from './databases.js';
import { connectOwn, placeOf } from './own-connection.js';
import type { MysqlConnection } from './shapes.js';

export const wrapConnection = (connection: MysqlConnection, core: CacheCore): Wrapper =>
  wrapDirectly<Database>(core, ({ adopt, refresh }) => {
    const place = placeOf(connection, connection.config);
    const shared = hostOf({
      core,
      databases: databasesOf(core),
      connect: () => connectOwn(place),
      isEnded: () => connection._closing === true,
      isUsual: () => true,
      refresh,
    });
    return new WatchedConnection(connection, { ...shared, adopt }, false);
  });
