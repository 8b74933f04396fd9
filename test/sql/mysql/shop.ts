/** Decides how a test of the planner gets a schema with tables on a real server, and a planner for it. */
import { type Connection, createConnection } from 'mysql2/promise';
import type { Catalog } from '../../../src/sql/mysql/catalog.js';
import { loadMysqlCatalog } from '../../../src/sql/mysql/load-catalog.js';
import { createMysqlPlanner } from '../../../src/sql/mysql/planner.js';
import type { Planner, TableRead, TableWrite, ValueSource } from '../../../src/sql/plan.js';
import { NULL_VALUE } from '../../../src/sql/values.js';
import { createMysqlDatabase, type MysqlFlavour } from '../../support/mysql.js';

export interface Shop {
  readonly connection: Connection;
  readonly schema: string;
  readonly catalog: Catalog;
  readonly planner: Planner;
  /** Runs statements and reads the catalog again. */
  change(sql: string): Promise<void>;
  close(): Promise<void>;
}

/** @param sql statements, divided by a semicolon at the end of a line */
export async function openShop(sql: string, flavour: MysqlFlavour = 'mariadb'): Promise<Shop> {
  const database = await createMysqlDatabase(flavour);
  const connection = await createConnection({ ...database.config, charset: 'utf8mb4' });
  const run = async (text: string): Promise<void> => {
    for (const statement of text.split(/;[ \t]*(?:\n|$)/))
      if (statement.trim() !== '') await connection.query(statement);
  };
  await run(sql);
  const load = (): Promise<Catalog> => catalogOf(connection, database.config.database);
  const shop = { connection, schema: database.config.database, catalog: await load() };
  let planner = createMysqlPlanner(shop);
  return {
    connection,
    schema: shop.schema,
    get catalog() {
      return shop.catalog;
    },
    get planner() {
      return planner;
    },
    change: async (text) => {
      await run(text);
      shop.catalog = await load();
      planner = createMysqlPlanner(shop);
    },
    close: async () => {
      await connection.end();
      await database.drop();
    },
  };
}

async function load(connection: Connection): Promise<Catalog> {
  return loadMysqlCatalog(async (text) => {
    const [rows] = await connection.query(text);
    return rows as Readonly<Record<string, unknown>>[];
  });
}

/** Of the server's schemas only one counts: others may be those of other test files. */
async function catalogOf(connection: Connection, schema: string): Promise<Catalog> {
  const catalog = await load(connection);
  const isOwn = (each: { readonly schema: string }): boolean =>
    each.schema === schema || each.schema.startsWith(`${schema}_`);
  const own = <Value extends { readonly schema: string }>(map: ReadonlyMap<string, readonly Value[]>) =>
    new Map(
      [...map]
        .map(([name, values]) => [name, values.filter(isOwn)] as const)
        .filter(([, values]) => values.length > 0),
    );
  return { ...catalog, relationsByWord: own(catalog.relationsByWord), routines: own(catalog.routines) };
}

const sourceWords = (source: ValueSource): string => {
  if (source.kind !== 'literal') return `$${source.index}`;
  return source.value === NULL_VALUE ? 'null' : source.value;
};

const nameIn = (shop: Pick<Shop, 'catalog'>, table: string, column: string): string =>
  shop.catalog.relations.get(table)?.columns.find(({ number }) => String(number) === column)?.name ?? column;

const short = (name: string): string => name.slice(name.indexOf('.') + 1);

/** `team` where any row is seen, `team(id=1|id=2)` where some are. */
function readWords(shop: Pick<Shop, 'catalog'>, { table, pins }: TableRead): string {
  if (pins === null) return short(table.name);
  const words = pins.map(({ shape, values }) =>
    shape
      .split(',')
      .map((column, index) => {
        const source = values[index];
        return `${nameIn(shop, table.id, column)}=${source === undefined ? '?' : sourceWords(source)}`;
      })
      .join('&'),
  );
  return `${short(table.name)}(${words.join('|')})`;
}

/** `team` where any row is written, `team(id:1,2; name:a)` where those with these values are. */
function writeWords(shop: Pick<Shop, 'catalog'>, { table, pins }: TableWrite): string {
  if (pins.length === 0) return short(table.name);
  const words = pins.map(
    ({ column, values }) => `${nameIn(shop, table.id, column)}:${values.map(sourceWords).join(',')}`,
  );
  return `${short(table.name)}(${words.toSorted().join('; ')})`;
}

/** A plan in one line. */
export function told(shop: Pick<Shop, 'catalog' | 'planner'>, text: string): string {
  const plan = shop.planner.plan(text);
  switch (plan.kind) {
    case 'read':
      return `read ${plan.reads
        .map((read) => readWords(shop, read))
        .toSorted()
        .join(' ')}`;
    case 'bypass':
      return `bypass ${plan.reason.code}${plan.session === 'keeps' ? '' : ` ${plan.session}`}${plan.implicitCommit ? ' commits' : ''}`;
    case 'write': {
      const { writes } = plan;
      const scope =
        writes.scope === 'everything'
          ? `everything ${writes.reason.code}`
          : writes.tables
              .map((write) => writeWords(shop, write))
              .toSorted()
              .join(' ');
      return `write ${scope}${plan.changesCatalog ? ' catalog' : ''}${plan.session === 'keeps' ? '' : ` ${plan.session}`}${plan.implicitCommit ? ' commits' : ''}`;
    }
    case 'transaction':
      return `transaction ${JSON.stringify(plan.transaction)}${plan.implicitCommit ? ' commits' : ''}`;
  }
}
