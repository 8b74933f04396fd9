/** Kysely on a wrapped pool: `new PostgresDialect({ pool: withCache(pool, cache) })`. */
import { Kysely, PostgresDialect } from 'kysely';
import Cursor from 'pg-cursor';
import { kyselyLibrary, type Tables } from '../kysely-library.js';
import type { OpenLibrary } from '../library.js';
import { describeOrm } from '../suite.js';
import { poolFor, postgresGround } from './ground.js';

const open: OpenLibrary = async (place) => {
  const dialect = new PostgresDialect({ pool: poolFor(place), cursor: Cursor });
  const db = new Kysely<Tables>({ dialect });
  return kyselyLibrary(db, (id, name) =>
    db
      .insertInto('authors')
      .values({ id, name, born: null })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ name }))
      .execute(),
  );
};

describeOrm({ name: 'Kysely', ground: postgresGround, open });
