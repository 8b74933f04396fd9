/**
 * Knex on a wrapped pool, since 3.3: `connectionPool: withCache(pool, cache)`; and on a pool that it builds, as before:
 * `db.client.driver = cachedDriver(pg, cache)`. And Objection on such a Knex: `Model.bindKnex(db)`.
 */
import knex, { type Knex } from 'knex';
import pg from 'pg';
import { cachedDriver } from '../../../src/adapters/pg/index.js';
import { knexLibrary } from '../knex-library.js';
import type { OpenLibrary } from '../library.js';
import { objectionLibrary } from '../objection-library.js';
import { describeOrm } from '../suite.js';
import { poolFor, postgresGround } from './ground.js';

const onPool: OpenLibrary = async (place) => {
  const pool = poolFor(place);
  return knexLibrary(knex.default({ client: 'pg', connectionPool: pool }), () => pool.end());
};

const onDriver: OpenLibrary = async ({ config, cache }) => {
  const db = knex.default({
    client: 'pg',
    connection: { ...config },
    pool: { min: 0, max: 3, idleTimeoutMillis: 600_000 },
  });
  if (cache !== null) (db.client as Knex.Client).driver = cachedDriver(pg, cache);
  return knexLibrary(db);
};

const objection: OpenLibrary = async (place) => {
  const pool = poolFor(place);
  return objectionLibrary(knex.default({ client: 'pg', connectionPool: pool }), () => pool.end());
};

describeOrm({ name: 'Knex', ground: postgresGround, open: onPool });
describeOrm({ name: 'Knex with its own pool', ground: postgresGround, open: onDriver });
describeOrm({ name: 'Objection', ground: postgresGround, open: objection });
