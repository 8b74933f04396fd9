/**
 * MikroORM, which builds its own pool with Knex: `driverOptions: { client: class extends PostgreSqlKnexDialect
 * { _driver() { return cachedDriver(pg, cache) } } }`.
 */
import { PostgreSqlKnexDialect } from '@mikro-orm/knex';
import { MikroORM } from '@mikro-orm/postgresql';
import pg from 'pg';
import { cachedDriver } from '../../../src/adapters/pg/index.js';
import type { OpenLibrary } from '../library.js';
import { mikroOrmEntities, mikroOrmLibrary } from '../mikro-orm-library.js';
import { describeOrm } from '../suite.js';
import { postgresGround } from './ground.js';

const open: OpenLibrary = async ({ config, cache }) => {
  const { database, ...rest } = config;
  const driver = cache === null ? pg : cachedDriver(pg, cache);
  class CachedDialect extends PostgreSqlKnexDialect {
    _driver(): unknown {
      return driver;
    }
  }
  const orm = await MikroORM.init({
    ...rest,
    dbName: database,
    entities: mikroOrmEntities,
    driverOptions: { client: CachedDialect },
    pool: { min: 0, max: 3, idleTimeoutMillis: 600_000 },
  });
  return mikroOrmLibrary(orm);
};

describeOrm({ name: 'MikroORM', ground: postgresGround, open });
