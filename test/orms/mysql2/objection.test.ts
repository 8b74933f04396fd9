/** Objection on a Knex that is on a wrapped pool: `Model.bindKnex(knex({ client: 'mysql2', connectionPool: withCache(pool, cache) }))`. */
import type { OpenLibrary } from '../library.js';
import { objectionLibrary } from '../objection-library.js';
import { describeOrm } from '../suite.js';
import { closing, knexOn, mariadbGround, poolFor } from './ground.js';

const open: OpenLibrary = async (place) => {
  const pool = poolFor(place);
  return objectionLibrary(knexOn(pool), closing(pool));
};

describeOrm({ name: 'Objection', ground: mariadbGround, open });
