/** Decides which writes of others are seen, by what they are made with. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { withCache } from '../../src/adapters/pg/index.js';
import { type Cache, createCache } from '../../src/index.js';
import { forgiving, until } from '../adapters/pg/fixture.js';
import { Member } from '../support/member.js';
import { DEBIAN_15, hasDebian15, PostgresServer } from '../support/postgres-server.js';
import { describeWith, describeWithPostgres, postgres, type TestDatabase } from '../support/servers.js';

const schema = `
  create table items (id int primary key, name text);
  create table events (id int, at int) partition by range (at);
  create table events_early partition of events for values from (0) to (100);
  create table log (line text);
  create materialized view item_names as select name from items order by name;
  create function note() returns trigger language plpgsql as
    $$ begin insert into log values (new.name); return new; end $$;
  create trigger noting after update on items for each row execute function note();
  insert into items values (1, 'one'), (2, 'two');
  insert into events values (1, 1);
  refresh materialized view item_names;
`;

let serial = 0;

interface Reader {
  readonly cache: Cache;
  /** The rows, as JSON. */
  read(text: string): Promise<string>;
  /** Cached, with these rows. */
  holds(text: string, rows: unknown): Promise<void>;
  /** Asks until the rows are these. */
  shows(text: string, rows: unknown): Promise<true>;
  end(): Promise<void>;
}

function readerOf(place: pg.PoolConfig): Reader {
  const cache = createCache({
    namespace: `foreign-${process.pid}-${serial++}`,
    ttl: '1h',
    changes: { kind: 'poll', interval: '100ms' },
  });
  const pool = withCache(forgiving(new pg.Pool({ ...place, max: 2 })), cache);
  const read = async (text: string): Promise<string> => JSON.stringify((await pool.query(text)).rows);
  const shows = async (text: string, rows: unknown): Promise<true> => {
    await until(async () => (await read(text)) === JSON.stringify(rows));
    return true;
  };
  return {
    cache,
    read,
    shows,
    holds: async (text, rows) => {
      await shows(text, rows);
      const hits = (): number => cache.stats().nearHits + cache.stats().storeHits;
      await until(async () => {
        const before = hits();
        await read(text);
        return hits() > before;
      });
      expect(await read(text)).toBe(JSON.stringify(rows));
    },
    end: async () => {
      await pool.end();
      await cache.close();
    },
  };
}

describeWithPostgres('somebody else', () => {
  let database: TestDatabase;
  let reader: Reader;

  beforeEach(async () => {
    database = await postgres().createDatabase();
    await elsewhere(schema);
    reader = readerOf(database.config);
  });
  afterEach(async () => {
    await reader.end();
    await database.drop();
  });

  const elsewhere = async (...statements: readonly string[]): Promise<void> => {
    const client = new pg.Client(database.config);
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  const items = 'select name from items order by id';

  it('updates, inserts and deletes', async () => {
    await reader.holds(items, [{ name: 'one' }, { name: 'two' }]);
    await elsewhere(`update items set name = 'first' where id = 1`);
    expect(await reader.shows(items, [{ name: 'first' }, { name: 'two' }])).toBe(true);
    await reader.holds(items, [{ name: 'first' }, { name: 'two' }]);
    await elsewhere(`insert into items values (3, 'three')`);
    expect(await reader.shows(items, [{ name: 'first' }, { name: 'two' }, { name: 'three' }])).toBe(true);
    await elsewhere(`delete from items where id < 3`);
    expect(await reader.shows(items, [{ name: 'three' }])).toBe(true);
  });

  it('writes through a trigger, into a partition, and empties a table', async () => {
    await reader.holds('select line from log', []);
    await reader.holds('select id from events', [{ id: 1 }]);
    await elsewhere(`update items set name = 'noted' where id = 1`, 'insert into events values (2, 2)');
    expect(await reader.shows('select line from log', [{ line: 'noted' }])).toBe(true);
    expect(await reader.shows('select id from events', [{ id: 1 }, { id: 2 }])).toBe(true);
    await reader.holds('select id from events', [{ id: 1 }, { id: 2 }]);
    await elsewhere('truncate events');
    expect(await reader.shows('select id from events', [])).toBe(true);
  });

  it('refreshes a materialised view', async () => {
    await reader.holds('select * from item_names', [{ name: 'one' }, { name: 'two' }]);
    await elsewhere(`update items set name = 'a' where id = 2`, 'refresh materialized view item_names');
    expect(await reader.shows('select * from item_names', [{ name: 'a' }, { name: 'one' }])).toBe(true);
  });

  it('rewrites a table, and swaps it with another', async () => {
    await reader.holds(items, [{ name: 'one' }, { name: 'two' }]);
    await elsewhere(
      `create table next (id int primary key, name text)`,
      `insert into next values (1, 'swapped')`,
      'begin',
      'alter table items rename to previous',
      'alter table next rename to items',
      'commit',
    );
    expect(await reader.shows(items, [{ name: 'swapped' }])).toBe(true);
  });

  it('migrates the schema in another process', async () => {
    await reader.holds('select * from items where id = 1', [{ id: 1, name: 'one' }]);
    const migration = await Member.start({
      cache: { mode: 'off' },
      pool: { ...database.config, max: 1 },
    });
    await migration.query('alter table items add column price int not null default 5');
    await migration.query('update items set price = 6 where id = 1');
    await migration.tell({ do: 'end' });
    expect(await reader.shows('select * from items where id = 1', [{ id: 1, name: 'one', price: 6 }])).toBe(
      true,
    );
    await migration.kill();
  });

  it('has a cache of its own, in another process', async () => {
    await reader.holds(items, [{ name: 'one' }, { name: 'two' }]);
    const service = await Member.start({ cache: {}, pool: { ...database.config, max: 1 } });
    await service.query(`update items set name = 'served elsewhere' where id = 2`);
    expect(await reader.shows(items, [{ name: 'one' }, { name: 'served elsewhere' }])).toBe(true);
    await service.tell({ do: 'end' });
    await service.kill();
  });

  it.skipIf(spawnSync('psql', ['--version']).status !== 0)('types into psql', async () => {
    await reader.holds(items, [{ name: 'one' }, { name: 'two' }]);
    const psql = (script: string): void => {
      const { status, stderr } = spawnSync('psql', ['-X', '-v', 'ON_ERROR_STOP=1', database.url], {
        input: script,
        encoding: 'utf8',
      });
      expect(stderr).toBe('');
      expect(status).toBe(0);
    };
    psql(`update items set name = 'typed' where id = 1;`);
    expect(await reader.shows(items, [{ name: 'typed' }, { name: 'two' }])).toBe(true);
    psql(`copy items from stdin;\n3\tcopied\n\\.\n`);
    expect(await reader.shows(items, [{ name: 'typed' }, { name: 'two' }, { name: 'copied' }])).toBe(true);
  });
});

describeWith({
  name: 'on Postgres 15, somebody else',
  server: 'Postgres 15 of Debian',
  missing: hasDebian15() ? null : 'postgresql-15 is not installed',
  suite: () => {
    let server: PostgresServer;
    let reader: Reader;
    let folder: string;

    beforeAll(async () => {
      server = await PostgresServer.start({}, DEBIAN_15);
      folder = await mkdtemp(join(tmpdir(), 'lookaside-dump-'));
      await server.query(schema);
    });
    afterAll(async () => {
      await server.stop();
      await rm(folder, { recursive: true });
    });
    beforeEach(() => {
      reader = readerOf(server.place);
    });
    afterEach(() => reader.end());

    const program = (name: string, args: readonly string[]): void => {
      const { host, port, user } = server.place;
      const place = ['-h', host, '-p', String(port), '-U', user];
      const { status, stderr } = spawnSync(join(DEBIAN_15, name), [...place, ...args], { encoding: 'utf8' });
      expect({ status, stderr }).toStrictEqual({ status: 0, stderr: '' });
    };

    it('updates a row', async () => {
      await reader.holds('select name from items where id = 1', [{ name: 'one' }]);
      await server.query(`update items set name = 'first' where id = 1`);
      expect(await reader.shows('select name from items where id = 1', [{ name: 'first' }])).toBe(true);
    });

    it('restores a dump, data only and with the schema', async () => {
      const file = join(folder, 'dump');
      program('pg_dump', ['-Fc', '-f', file, 'postgres']);
      await server.query('delete from items');
      await reader.holds('select count(*)::int from items', [{ count: 0 }]);
      program('pg_restore', ['-d', 'postgres', '--data-only', '--table=items', '--disable-triggers', file]);
      expect(await reader.shows('select count(*)::int from items', [{ count: 2 }])).toBe(true);
      await server.query('delete from items where id = 1');
      await reader.holds('select count(*)::int from items', [{ count: 1 }]);
      program('pg_restore', ['-d', 'postgres', '--clean', file]);
      expect(await reader.shows('select count(*)::int from items', [{ count: 2 }])).toBe(true);
    });
  },
});
