/**
 * Decides how a case of the MySQL family is asked: through pools with a cache in front and on clients of them, and without.
 * What is written is written to a twin, too, which must say the same of it.
 */
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { Mismatch, noCounts } from '../differential/counts.js';
import type { Kept, Setting } from '../differential/kept.js';
import type { Client, Side } from '../differential/player.js';
import { isRead } from '../differential/steps.js';
import { isLocked } from './answer.js';
import { type Asked, ask } from './asking.js';
import { type Package, type Place, Pools, type Schemas, type Sides, textIn } from './pools.js';
import { type Call, lineOf, type Read, type SessionName } from './script.js';

const definition = 'alter|create|drop|truncate|rename|exchange|call|execute|closed';

export class MysqlSide implements Side<Call, Read> {
  readonly counts = noCounts();
  readonly definitionWord = new RegExp(`\\b(?:${definition})\\b`, 'i');
  readonly partsWord = new RegExp(`;|\\b(?:${definition})\\b`, 'i');
  readonly sessionWord = /^(?:set|use|create temporary|drop temporary|lock|xa)\b/i;
  readonly lineOf = lineOf;
  private readonly pools: Pools;
  private contentsSql: string | null = null;
  private turn = 0;
  /** Two sessions met at a lock: who won may be another one there. */
  private isTwinApart = false;

  constructor(
    place: Place,
    private readonly sides: Sides,
    source: Package,
    setting: Setting = {},
  ) {
    this.pools = new Pools(place, sides, source, setting);
  }

  close(): Promise<void> {
    return this.pools.close();
  }

  get counted(): Kept {
    return this.pools.counted;
  }

  async pool(session: SessionName): Promise<{ ask(read: Read): Promise<string> }> {
    const pool = await this.pools.pool(session);
    return { ask: (read) => this.ask(pool, read) };
  }

  async client(session: SessionName): Promise<Client<Call, Read>> {
    const pool = await this.pools.pool(session);
    const client = await pool.promise().getConnection();
    const twin = await this.pools.twinClient(session);
    return {
      run: async (call) => {
        if (call.where === 'elsewhere') await this.write(session, call);
        else await this.run(client, call, twin);
      },
      ask: (read) => this.ask(client, read),
      // What locks is never answered from the cache, and a comment tells it from the first; but what the driver prepared
      // before a SET it executes as it was meant then.
      askPast: async (read, wasHit) =>
        !wasHit && (read.way === 'execute' || read.way === 'prepare')
          ? null
          : this.ask(client, read, '/*!99999 never */ '),
      // Any of them may have committed: most do not.
      isLookedAfter: (index) => index % 2 === 1,
      rollback: async () => void (await this.run(client, rollback, twin)),
      release: (isEnded) => {
        if (isEnded) client.destroy();
        else client.release();
        twin.destroy();
      },
    };
  }

  /** Through the pool itself, or on a client of it: there nothing is left open that the text has begun. */
  async write(session: SessionName, call: Call): Promise<boolean> {
    const twin = await this.pools.twin(session);
    const pool = await this.pools.pool(session);
    const mayLeaveOpen = /;|^call\b/i.test(call.text);
    if (++this.turn % 2 === 0 && !mayLeaveOpen) return this.run(pool, call, twin);
    const client = await pool.promise().getConnection();
    try {
      const isDone = await this.run(client, call, twin);
      if (mayLeaveOpen) await this.run(client, rollback, twin);
      return isDone;
    } finally {
      client.release();
    }
  }

  async truthsOf(reads: readonly Read[]): Promise<readonly (string | null)[]> {
    const truths: (string | null)[] = [];
    for (const read of reads) {
      const truth = await this.ask(await this.pools.direct(read.session), read);
      if (truth.startsWith('error') && !isLocked(truth)) this.counts.refused++;
      truths.push(isLocked(truth) ? null : truth);
    }
    return truths;
  }

  async contents(): Promise<string> {
    const connection = await this.pools.direct('plain');
    this.contentsSql ??= await checksumsSql(connection, this.sides.cached);
    if (this.contentsSql === '') return '';
    const [rows] = await connection.query<RowDataPacket[]>(this.contentsSql);
    return rows.map((row) => String(row['Checksum'])).join(' ');
  }

  forgetTables(): void {
    this.contentsSql = null;
  }

  outlivesDefinitions(): boolean {
    return true;
  }

  readsAfter(calls: readonly (Call | Read)[], session: SessionName): readonly Read[] {
    const reads = calls.filter((call) => isRead<Read>(call));
    return [...new Set(reads)].map((read) => ({ ...read, session }));
  }

  isExcused(given: string, truth: string): boolean {
    return given !== truth && isLocked(given);
  }

  private ask(on: Asked, read: Read, before = ''): Promise<string> {
    return ask(on, read, `${before}${textIn(read.text, this.sides.cached)}`);
  }

  /** Here and in the twin, which must say the same of it. */
  private async run(on: Asked, call: Call, twin: Connection): Promise<boolean> {
    this.counts.writes++;
    const given = await ask(on, call, textIn(call.text, this.sides.cached));
    if (given.startsWith('error')) this.counts.refused++;
    if (!this.isTwinApart) {
      const truth = await ask(twin, call, textIn(call.text, this.sides.twin));
      if (isLocked(given) || isLocked(truth)) this.isTwinApart = true;
      else if (
        given !== truth &&
        saidWithout(given, call, this.sides.cached) !== saidWithout(truth, call, this.sides.twin)
      )
        throw new Mismatch('different', lineOf(call), {
          where: 'which was written to the twin, too',
          given,
          truth,
        });
    }
    return !given.startsWith('error');
  }
}

const rollback: Call = { text: 'rollback', values: [], way: 'query' };

/** More than one condition, or tables that are joined. */
const several =
  /\bwhere\b.*\b(?:and|or|xor|in|like|between|exists|limit|select)\b|\b(?:join|using)\b.*\bwhere\b|,.*\bwhere\b.*\./is;

/**
 * Of several conditions a server looks at any first, as it takes its tables to be filled: each has warnings of its own. What
 * it takes them to be is counted by itself, in the twin at another moment; the texts that it is sent are the same in both.
 */
function saidWithout(answer: string, { text }: Call, { schema, other }: Schemas): string {
  const said = answer.replaceAll(other, '').replaceAll(schema, '');
  return several.test(text) ? said.replaceAll(/(?:Warnings:|warningStatus) \d+/g, '') : said;
}

async function checksumsSql(connection: Connection, { schema, other }: Schemas): Promise<string> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `select table_schema as s, table_name as t from information_schema.tables
      where table_schema in (?, ?) and table_type = 'BASE TABLE' order by 1, 2`,
    [schema, other],
  );
  const names = rows.map((row) => `\`${String(row['s'])}\`.\`${String(row['t'])}\``);
  return names.length === 0 ? '' : `checksum table ${names.join(', ')}`;
}
