/** Decides on which MariaDB or MySQL the ORMs of the examples are shown. */
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { startMariadb } from '../../../scripts/lib/mariadb.js';
import { showOn } from '../show.js';

const schema = `
  create table if not exists products (id int primary key, name varchar(100) not null, price int not null);
  insert ignore into products values (1, 'tea', 3), (2, 'coffee', 4);
  update products set price = 3 where name = 'tea';
`;

export const show = showOn(async () => {
  const { url, stop } = await databaseOf(process.env);
  const keeper = await createConnection({ uri: url, multipleStatements: true });
  await keeper.query(schema);
  return {
    url,
    othersHaveLeft: () => othersHaveLeft(keeper),
    leave: async () => {
      await keeper.end();
      await stop();
    },
  };
});

/** MYSQL_URL, or a MariaDB of its own that is gone afterwards. */
async function databaseOf(
  environment: NodeJS.ProcessEnv,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const given = environment['MYSQL_URL'];
  if (given !== undefined) return { url: given, stop: async () => undefined };
  const server = await startMariadb();
  const url = new URL(server.url);
  url.pathname = '/shop';
  const founder = await createConnection({ uri: server.url });
  await founder.query('create database shop');
  await founder.end();
  return { url: url.href, stop: () => server.stop() };
}

/** A connection that was closed here is there for a moment longer. */
async function othersHaveLeft(keeper: Connection): Promise<void> {
  for (let asked = 0; asked < 5_000; asked++) {
    const [others] = await keeper.query<RowDataPacket[]>(
      'select id from information_schema.processlist where db = database() and id <> connection_id()',
    );
    if (others.length === 0) return;
  }
}
