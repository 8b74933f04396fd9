/** Kysely on a wrapped pool of mysql2: `new MysqlDialect({ pool: withCache(pool, cache) })`. */
import { Kysely, MysqlDialect } from 'kysely';
import { kyselyLibrary, type Tables } from '../kysely-library.js';
import type { OpenLibrary } from '../library.js';
import { describeOrm } from '../suite.js';
import { mariadbGround, poolFor } from './ground.js';

const open: OpenLibrary = async (place) => {
  const db = new Kysely<Tables>({ dialect: new MysqlDialect({ pool: poolFor(place) }) });
  return kyselyLibrary(db, (id, name) =>
    db.insertInto('authors').values({ id, name, born: null }).onDuplicateKeyUpdate({ name }).execute(),
  );
};

describeOrm({ name: 'Kysely', ground: mariadbGround, open });
