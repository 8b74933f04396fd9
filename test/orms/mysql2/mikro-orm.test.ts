/**
 * MikroORM, which builds its own pool with Knex: `driverOptions: { client: class extends MySqlKnexDialect
 * { _driver() { return cachedDriver(mysql, cache) } } }`. The driver is the one that MikroORM brings along, of a version of
 * its own, as for an application that does not depend on mysql2 itself.
 */
import { createRequire } from 'node:module';
import { MySqlKnexDialect } from '@mikro-orm/knex';
import { MikroORM } from '@mikro-orm/mysql';
import { cachedDriver, type DriverModule } from '../../../src/adapters/mysql2/index.js';
import type { OpenLibrary } from '../library.js';
import { mikroOrmEntities, mikroOrmLibrary } from '../mikro-orm-library.js';
import { describeOrm } from '../suite.js';
import { mariadbGround } from './ground.js';

const requireOfMikroOrm = createRequire(createRequire(import.meta.url).resolve('@mikro-orm/mysql'));
const mysql = requireOfMikroOrm('mysql2') as DriverModule;

const open: OpenLibrary = async ({ config, cache }) => {
  const { database, ...rest } = config;
  const driver = cache === null ? mysql : cachedDriver(mysql, cache);
  class CachedDialect extends MySqlKnexDialect {
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

describeOrm({ name: 'MikroORM', ground: mariadbGround, open });
