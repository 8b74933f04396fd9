/** Decides on which Postgres the ORMs of the examples are shown. */
import pg from 'pg';
import { databaseOf, schema } from '../products.js';
import { showOn } from './show.js';

export const show = showOn(async () => {
  const { url, stop } = await databaseOf(process.env);
  const keeper = new pg.Client({ connectionString: url });
  await keeper.connect();
  await keeper.query(`${schema}; update products set price = 3 where name = 'tea'`);
  await keeper.query('select pg_stat_force_next_flush()'); // else it is seen later, as a write by somebody else
  return {
    url,
    othersHaveLeft: () => othersHaveLeft(keeper),
    leave: async () => {
      await keeper.end();
      await stop();
    },
  };
});

/** A connection that was closed here is there for a moment longer, and what it wrote is counted when it goes. */
async function othersHaveLeft(keeper: pg.Client): Promise<void> {
  for (let asked = 0; asked < 5_000; asked++) {
    const { rowCount } = await keeper.query(
      'select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    if (rowCount === 0) return;
  }
}
