/** Decides how the workload asks a MariaDB: in its SQL, by the ways of mysql2. */
import mysql from 'mysql2';
import {
  type Answer,
  APPLICATION,
  type Asks,
  addressOf,
  type Database,
  type DatabasePlace,
  type Pick,
  type Pool,
  type PoolChoices,
  type Raise,
} from './database.js';
import { MariadbPool } from './mariadb-pool.js';
import type { Outcome } from './witness.js';

interface ServerError {
  readonly errno?: number;
  readonly sqlState?: string;
  readonly fatal?: boolean;
  readonly code?: string;
}

const INTERRUPTED = 1317;
/** The server ends the connection or itself: what it was doing may be done. */
const lastWords = [1053, 1152, 1158, 1159, 1160, 1161, 1184, 1927];
const outages = ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'PROTOCOL_CONNECTION_LOST'];
const NO_SUCH_TABLE = 1146;
const NO_SUCH_THREAD = 1094;

function open(place: DatabasePlace, { max, cache }: PoolChoices): Pool {
  const settings = { ...addressOf(place), connectionLimit: max, multipleStatements: true };
  if (cache === undefined) return new MariadbPool(mysql.createPool(settings));
  const pool = mysql.createPool({ ...settings, connectAttributes: { program_name: APPLICATION } });
  return new MariadbPool(cache.source.withMysqlCache(pool, cache.cache));
}

const raise = ({ table, also, where }: Raise, version = 'version + 1'): string =>
  `update ${table} set ${also === undefined ? '' : `${also}, `}version = ${version} where ${where}`;

/** It is told as if it were a key that was made. */
const raiseAndTell = (what: Raise): string => raise(what, 'last_insert_id(version + 1)');

function raised(answer: Answer | undefined): Outcome {
  const told = answer?.rows[0]?.['version'];
  if (told !== undefined) return { version: Number(told) };
  return { version: answer?.key === 0 ? undefined : answer?.key };
}

async function raiseInside(connection: Asks, what: Raise, values: readonly unknown[]): Promise<Outcome> {
  await connection.query(raise(what), values);
  const { rows } = await connection.query(
    `select ${what.tells} from ${what.table} where ${what.where}`,
    values,
  );
  const owner = rows[0]?.['owner'];
  return {
    version: Number(rows[0]?.['version']),
    place: typeof owner === 'number' ? String(owner) : undefined,
  };
}

function saysServer(error: unknown): boolean {
  const { errno, sqlState, fatal } = error as ServerError;
  return errno !== undefined && sqlState !== undefined && fatal !== true && !lastWords.includes(errno);
}

const attributed = `select p.id from information_schema.processlist p
  join performance_schema.session_connect_attrs a on a.processlist_id = p.id
  where a.attr_name = 'program_name' and a.attr_value = '${APPLICATION}' and p.db = database()`;

async function disturb(plain: Asks, luck: string, pick: Pick): Promise<string> {
  const { rows } = await plain.query(`${attributed} order by md5(concat(p.id, $1)) limit 1`, [luck]);
  const id = rows[0]?.['id'];
  if (typeof id !== 'number') return 'nobody to kill';
  const what = pick(['connection', 'connection', 'query'] as const);
  try {
    await plain.query(`kill ${what} ${id}`);
  } catch (error) {
    if ((error as ServerError).errno !== NO_SUCH_THREAD) throw error;
  }
  return what === 'query' ? 'queries killed' : 'connections killed';
}

const pagesOf = (document: string): string =>
  `(select group_concat(number order by number separator ' ') from pages where document = ${document})`;

export const mariadbDatabase: Database = {
  open,
  schema: ({ accounts, documents, crates, labels, owners, balance }) => `
    create table accounts (id int primary key, owner int not null, balance bigint not null, version bigint not null,
      key owners (owner));
    create table documents (code varchar(40) collate utf8mb4_bin primary key, account int not null references accounts (id),
      version bigint not null);
    create table pages (document varchar(40) collate utf8mb4_bin references documents (code) on delete cascade,
      number int, version bigint not null, primary key (document, number));
    create view document_pages as
      select d.code, d.version, p.number, p.version as page_version
      from documents d join pages p on p.document = d.code;
    create table counters (name varchar(40), slot int, version bigint not null, primary key (name, slot));
    create table notes (code varchar(40) primary key, version bigint not null);
    create table crates (id int primary key, version bigint not null, body text not null);
    create table labels (id int primary key, version bigint not null);
    create table stones (id int primary key, body text not null);
    create table changing (id int primary key);
    insert into accounts select seq, 1 + seq % ${owners}, ${balance}, 0 from seq_1_to_${accounts};
    insert into documents select concat('document ', seq), 1 + seq % ${accounts}, 0 from seq_1_to_${documents};
    insert into pages select concat('document ', n.seq), m.seq, 0 from seq_1_to_${documents} n, seq_1_to_3 m;
    insert into crates select seq, 0, repeat(md5(seq), 512) from seq_1_to_${crates};
    insert into labels select seq, 0 from seq_1_to_${labels};
    insert into stones select seq, repeat(md5(seq), 64) from seq_1_to_400
  `,
  twoAccounts: (id, other) => [
    ['id in ($1, $2)', [id, other]],
    ['id <=> $1 or $2 = id', [id, other]],
    ['id = $1 or id = $2', [String(id), other]],
    ['id in ($1, $2)', [` ${id}`, `+${other}`]],
  ],
  pagesOf,
  counterKey: `concat(name, '/', slot)`,
  raise: (what) =>
    what.isMove === true ? [raiseAndTell(what)] : [raise(what), raiseAndTell(what), raiseAndTell(what)],
  raiseInScript: raiseAndTell,
  raised,
  raiseInside,
  upsertCounter: `insert into counters values ($1, $2, 1)
    on duplicate key update version = version + 1 returning version`,
  upsertNote: [
    'insert into notes values ($1, $2) on duplicate key update version = values(version)',
    'replace into notes values ($1, $2)',
  ],
  failing: {
    text: 'select * from nowhere',
    isMeantBy: (error) => (error as ServerError).errno === NO_SUCH_TABLE,
  },
  failingCondition: '(select s.id from stones s where s.id < 9) = 1',
  toldOfDeadlocks: true,
  commitsEach: true,
  saysServer,
  isOutage: (error) =>
    outages.includes((error as ServerError).code ?? '') ||
    [INTERRUPTED, ...lastWords].includes((error as ServerError).errno ?? 0),
  disturb,
  isAtRest: async (query) => {
    const [row] = await query(
      `select count(*) as busy from information_schema.processlist p
       left join information_schema.innodb_trx t on t.trx_mysql_thread_id = p.id
       where p.id in (${attributed}) and (p.command <> 'Sleep' or t.trx_id is not null)`,
    );
    return Number(row?.['busy']) === 0;
  },
};
