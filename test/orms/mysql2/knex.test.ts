/**
 * Knex on a wrapped pool of mysql2, since 3.3: `connectionPool: withCache(pool, cache)`; and on a pool that it builds, as
 * before: `db.client.driver = cachedDriver(mysql, cache)`. And Objection on such a Knex: `Model.bindKnex(db)`.
 */
import knex, { type Knex } from 'knex';
import mysql from 'mysql2';
import { cachedDriver } from '../../../src/adapters/mysql2/index.js';
import { knexLibrary } from '../knex-library.js';
import type { OpenLibrary } from '../library.js';
import { objectionLibrary } from '../objection-library.js';
import { describeOrm } from '../suite.js';
import { closing, knexOn, mariadbGround, poolFor } from './ground.js';

const onPool: OpenLibrary = async (place) => {
  const pool = poolFor(place);
  return knexLibrary(knexOn(pool), closing(pool));
};

const onDriver: OpenLibrary = async ({ config, cache }) => {
  const db = knex.default({
    client: 'mysql2',
    connection: { ...config },
    pool: { min: 0, max: 3, idleTimeoutMillis: 600_000 },
  });
  if (cache !== null) (db.client as Knex.Client).driver = cachedDriver(mysql, cache);
  return knexLibrary(db);
};

const objection: OpenLibrary = async (place) => {
  const pool = poolFor(place);
  return objectionLibrary(knexOn(pool), closing(pool));
};

describeOrm({ name: 'Knex', ground: mariadbGround, open: onPool });
describeOrm({ name: 'Knex with its own pool', ground: mariadbGround, open: onDriver });
describeOrm({ name: 'Objection', ground: mariadbGround, open: objection });
