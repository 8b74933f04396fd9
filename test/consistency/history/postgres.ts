/** Decides how the workload asks a Postgres: in its SQL, by the ways of `pg`. */
import pg from 'pg';
import {
  type Answer,
  APPLICATION,
  type Asks,
  addressOf,
  type Connection,
  type Database,
  type DatabasePlace,
  type Luck,
  type Pool,
  type PoolChoices,
  type Raise,
  type Row,
  type Transaction,
  type TransactionChoices,
} from './database.js';
import type { Outcome } from './witness.js';

const waysOfAPool = [
  ...(['promise', 'promise', 'promise', 'promise', 'promise'] as const),
  ...(['callback', 'callback', 'named', 'named', 'simple', 'simple'] as const),
];
const ways = [...waysOfAPool, 'client' as const, 'transaction' as const];

const answerOf = ({ rows, rowCount, command }: pg.QueryResult): Answer => ({
  rows: rows as readonly Row[],
  changed: rowCount ?? 0,
  command,
});

/** Connections are killed by the workload; whoever used one hears of it by his query. */
export function quiet(pool: pg.Pool): pg.Pool {
  return pool.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
}

/** A pool of `pg` in the words of the workload. */
export class PostgresPool implements Pool {
  constructor(private readonly pool: pg.Pool) {}

  async query(text: string, values: readonly unknown[] = []): Promise<Answer> {
    return answerOf(await (values.length === 0 ? this.pool.query(text) : this.pool.query(text, [...values])));
  }

  async ask(text: string, values: readonly unknown[], { pick, connects }: Luck): Promise<Answer> {
    const { pool } = this;
    switch (pick(connects ? ways : waysOfAPool)) {
      case 'promise':
        return answerOf(await pool.query(text, [...values]));
      case 'simple':
        return answerOf(await pool.query(values.length === 0 ? text : { text, values: [...values] }));
      case 'named':
        return answerOf(await pool.query({ name: nameOf(text), text, values: [...values] }));
      case 'callback':
        return new Promise((resolve, reject) => {
          pool.query(text, [...values], (error: Error | null, result) =>
            error ? reject(error) : resolve(answerOf(result)),
          );
        });
      case 'client':
        return this.withClient(async (client) => answerOf(await client.query(text, [...values])));
      case 'transaction':
        return this.withClient(async (client) => {
          await client.query('begin');
          const answer = answerOf(await client.query(text, [...values]));
          await client.query('commit');
          return answer;
        });
    }
  }

  async script(text: string): Promise<readonly Answer[]> {
    const results: unknown = await this.pool.query(text);
    return (Array.isArray(results) ? (results as pg.QueryResult[]) : [results as pg.QueryResult]).map(
      answerOf,
    );
  }

  async connect(): Promise<Connection> {
    return new PostgresConnection(await this.pool.connect());
  }

  end(): Promise<void> {
    return this.pool.end();
  }

  private async withClient<T>(use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken = true;
    try {
      const result = await use(client);
      broken = false;
      return result;
    } finally {
      client.release(broken);
    }
  }
}

const names = new Map<string, string>();

/** One per text. */
function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) names.set(text, (name = `statement ${names.size}`));
  return name;
}

class PostgresConnection implements Connection {
  constructor(private readonly client: pg.PoolClient) {}

  async query(text: string, values?: readonly unknown[]): Promise<Answer> {
    return answerOf(
      await (values === undefined ? this.client.query(text) : this.client.query(text, [...values])),
    );
  }

  transaction(choices: TransactionChoices): Transaction {
    return new PostgresTransaction(this, choices);
  }

  release(broken: boolean): void {
    this.client.release(broken);
  }
}

type Ending = 'commit' | 'rollback' | 'fail';

class PostgresTransaction implements Transaction {
  private readonly ending: Ending;
  private committing = false;

  constructor(
    private readonly connection: Asks,
    private readonly choices: TransactionChoices,
  ) {
    this.ending = choices.pick<Ending>(['commit', 'commit', 'commit', 'commit', 'rollback', 'fail']);
  }

  async begin(): Promise<void> {
    await this.connection.query('begin');
  }

  async end(): Promise<boolean> {
    const { connection, ending, choices } = this;
    if (ending === 'fail') await connection.query('select 1 / 0').catch(choices.note);
    this.committing = ending === 'commit';
    const { command } = await connection.query(ending === 'rollback' ? 'rollback' : 'commit');
    return command === 'COMMIT';
  }

  async giveUp(): Promise<void> {
    await this.connection.query('rollback');
  }

  /** Whatever went wrong before COMMIT was sent, the connection is given up and nothing was committed. */
  isUnknown(error: unknown): boolean {
    return this.committing && !saysServer(error);
  }
}

const saysServer = (error: unknown): boolean =>
  (error as { readonly severity?: string } | null)?.severity === 'ERROR';

const outages = ['57P01', '57P03', 'ECONNRESET', 'ECONNREFUSED', 'EPIPE'];

const raise = ({ table, also, where, tells }: Raise): string =>
  `update ${table} set ${also === undefined ? '' : `${also}, `}version = version + 1 where ${where} returning ${tells}`;

function outcomeOf(row: Row | undefined): Outcome {
  const owner = row?.['owner'];
  return {
    version: row === undefined ? undefined : Number(row['version']),
    place: typeof owner === 'number' ? String(owner) : undefined,
  };
}

const pagesOf = (document: string): string =>
  `(select string_agg(number::text, ' ' order by number) from pages where document = ${document})`;

export const postgresDatabase: Database = {
  open: (place: DatabasePlace, { max, cache }: PoolChoices) => {
    const settings = { ...addressOf(place), max };
    if (cache === undefined) return new PostgresPool(quiet(new pg.Pool(settings)));
    const pool = quiet(new pg.Pool({ ...settings, application_name: APPLICATION }));
    return new PostgresPool(cache.source.withCache(pool, cache.cache));
  },
  schema: ({ accounts, documents, crates, labels, owners, balance }) => `
    create table accounts (id int primary key, owner int not null, balance bigint not null, version bigint not null);
    create index on accounts (owner);
    create table documents (code text primary key, account int not null references accounts, version bigint not null);
    create table pages (document text references documents on delete cascade, number int, version bigint not null,
      primary key (document, number));
    create view document_pages as
      select d.code, d.version, p.number, p.version as page_version
      from documents d join pages p on p.document = d.code;
    create table counters (name text, slot int, version bigint not null, primary key (name, slot));
    create table notes (code text primary key, version bigint not null);
    create table crates (id int primary key, version bigint not null, body text not null);
    create table labels (id int primary key, version bigint not null);
    create table stones (id int primary key, body text not null);
    create table changing (id int primary key);
    insert into accounts select n, 1 + n % ${owners}, ${balance}, 0 from generate_series(1, ${accounts}) n;
    insert into documents select 'document ' || n, 1 + n % ${accounts}, 0 from generate_series(1, ${documents}) n;
    insert into pages select 'document ' || n, m, 0
      from generate_series(1, ${documents}) n, generate_series(1, 3) m;
    insert into crates select n, 0, repeat(md5(n::text), 512) from generate_series(1, ${crates}) n;
    insert into labels select n, 0 from generate_series(1, ${labels}) n;
    insert into stones select n, repeat(md5(n::text), 64) from generate_series(1, 400) n;
    analyze;
  `,
  twoAccounts: (id, other) => [
    ['id in ($1, $2)', [id, other]],
    ['id = any ($1)', [[id, other]]],
    ['id = $1 or id = $2', [String(id), other]],
    ['id in ($1, $2)', [` ${id}`, `+${other}`]],
  ],
  pagesOf,
  counterKey: `name || '/' || slot`,
  raise: (what) => {
    const text = raise(what);
    return [text, text, text, text, `with changed as (${text}) select * from changed`];
  },
  raiseInScript: raise,
  raised: (answer) => outcomeOf(answer?.rows[0]),
  raiseInside: async (connection, what, values) =>
    outcomeOf((await connection.query(raise(what), values)).rows[0]),
  upsertCounter: `insert into counters values ($1, $2, 1)
    on conflict (name, slot) do update set version = counters.version + 1 returning version`,
  upsertNote: [
    'insert into notes values ($1, $2) on conflict (code) do update set version = excluded.version',
  ],
  failing: {
    text: 'select 1 / 0',
    isMeantBy: (error) => (error as { readonly code?: string }).code === '22012',
  },
  failingCondition: '1 / (version * 0) > 0',
  toldOfDeadlocks: false, // only after a second
  commitsEach: false,
  saysServer,
  isOutage: (error) => outages.includes((error as { readonly code?: string }).code ?? ''),
  disturb: async (plain, luck) => {
    await plain.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = $1 order by md5(pid || $2) limit 1`,
      [APPLICATION, luck],
    );
    return 'connections killed';
  },
  isAtRest: async (query) => {
    const [row] = await query(
      `select count(*)::int as busy from pg_stat_activity where datname = current_database()
       and application_name = '${APPLICATION}' and state <> 'idle'`,
    );
    return row?.['busy'] === 0;
  },
};
