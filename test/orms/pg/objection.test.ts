/** Objection on a Knex that is on a wrapped pool: `Model.bindKnex(knex({ client: 'pg', connectionPool: withCache(pool, cache) }))`. */
import knex from 'knex';
import type { OpenLibrary } from '../library.js';
import { objectionLibrary } from '../objection-library.js';
import { describeOrm } from '../suite.js';
import { poolFor, postgresGround } from './ground.js';

const open: OpenLibrary = async (place) => {
  const pool = poolFor(place);
  return objectionLibrary(knex.default({ client: 'pg', connectionPool: pool }), () => pool.end());
};

describeOrm({ name: 'Objection', ground: postgresGround, open });
