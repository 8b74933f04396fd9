/** Decides how a case on Postgres is asked: through pools with a cache in front and on clients of them, and without. */
import pg from 'pg';
import { answerOf, errorAnswer } from './answer.js';
import { Caches, type Package, type Place } from './caches.js';
import { contentsSqlOf } from './contents.js';
import { noCounts } from './counts.js';
import type { Kept, Setting } from './kept.js';
import type { Client, Side } from './player.js';
import { type Call, DATABASE, lineOf, type Read, type SessionName } from './script.js';
import { isRead } from './steps.js';

/** A pool ends a connection that was told of an error, and the next one has to be learnt. */
const POOL_QUERY_EVERY = 4;

/** Said instead of waiting for a transaction that has locked a whole table. */
const LOCKED = 'error 55P03';

/** "Cached plan must not change result type": of a named statement that this connection knows from before. */
const CHANGED_PLAN = 'error 0A000';

type Asked = pg.Pool | pg.ClientBase;

export class PostgresSide implements Side<Call, Read> {
  readonly counts = noCounts();
  readonly sessionWord = /^(?:set (?!local|constraints)|create temp|select set_config)/;
  readonly definitionWord = /\b(?:alter|create|drop|grant|revoke|truncate|refresh)\b|connection was closed/;
  readonly partsWord = /;/;
  readonly lineOf = lineOf;
  private readonly caches: Caches;
  private contentsSql: string | null = null;
  private turn = 0;

  constructor(
    private readonly place: Place,
    source: Package,
    setting: Setting = {},
  ) {
    this.caches = new Caches(place, source, setting);
  }

  close(): Promise<void> {
    return this.caches.close();
  }

  get counted(): Kept {
    return this.caches.counted;
  }

  async pool(session: SessionName): Promise<{ ask(read: Read): Promise<string> }> {
    const pool = await this.caches.pool(session);
    return { ask: (read) => this.askAround(pool, read) };
  }

  async client(session: SessionName): Promise<Client<Call, Read>> {
    const pool = await this.caches.pool(session);
    const client = await pool.connect();
    return {
      run: async (call) => {
        const [direct] = call.where === 'uncached' ? await this.caches.direct(session) : [];
        await (call.where === 'elsewhere' ? this.runIn(pool, call) : this.run(direct ?? client, call));
      },
      ask: (read) => this.ask(client, read),
      askPast: (read) => askPast(client, read),
      // Nobody else sees what a transaction does before its end: that is looked at once in a while.
      isLookedAfter: (index) => index % 4 === 2 || !isInTransaction(client),
      rollback: () => endTransaction(client),
      release: (isEnded) => client.release(isEnded),
    };
  }

  async write(session: SessionName, call: Call): Promise<boolean> {
    return this.runIn(await this.caches.pool(session), call);
  }

  /** All of them, or none where one would have to wait. */
  async truthsOf(reads: readonly Read[]): Promise<readonly (string | null)[]> {
    const truths: string[] = [];
    for (const session of new Set(reads.map((read) => read.session))) {
      const left = [...reads.entries()].filter(([, read]) => read.session === session);
      await Promise.all(
        (await this.caches.direct(session)).map(async (client) => {
          for (let next = left.shift(); next !== undefined; next = left.shift()) {
            const [index, read] = next;
            truths[index] = await this.askAround(client, read);
          }
        }),
      );
    }
    return truths.includes(LOCKED) ? reads.map(() => null) : truths;
  }

  async contents(): Promise<string | null> {
    const [client] = (await this.caches.direct('plain')) as [pg.Client]; // there are some
    this.contentsSql ??= await contentsSqlOf(client);
    try {
      const { rows } = await client.query<{ held: string }>(this.contentsSql);
      return rows[0]?.held ?? '';
    } catch (error) {
      const answer = errorAnswer(error);
      if (answer === LOCKED) return null;
      this.contentsSql = null; // a table is gone
      return this.contents();
    }
  }

  forgetTables(): void {
    this.contentsSql = null;
  }

  /** A prepared statement keeps the types that its parameters had: what it says hangs on when it was prepared where. */
  outlivesDefinitions(read: Read): boolean {
    return read.name === undefined;
  }

  /** What the transaction saw and kept is nobody else's, unless it committed. */
  readsAfter(calls: readonly (Call | Read)[]): readonly Read[] {
    const reads = calls.filter((call) => isRead<Read>(call));
    return [...new Set(reads)].filter(({ isLocal }) => isLocal !== true);
  }

  /** As it happens on some connections, with or without a cache. */
  isExcused(given: string, truth: string): boolean {
    return given === CHANGED_PLAN || truth === CHANGED_PLAN;
  }

  /** Through the pool itself, or on a client that is not thrown away where the write is refused. */
  private async runIn(pool: pg.Pool, call: Call): Promise<boolean> {
    if (++this.turn % POOL_QUERY_EVERY === 0) return this.run(pool, call);
    const client = await pool.connect();
    try {
      const isDone = await this.run(client, call);
      await endTransaction(client);
      return isDone;
    } finally {
      client.release();
    }
  }

  private async run(on: Asked, { text, values, name }: Call): Promise<boolean> {
    this.counts.writes++;
    try {
      const said = text.replaceAll(DATABASE, this.place.config.database ?? '');
      await on.query({ text: said, values: [...values], ...(name === undefined ? {} : { name }) });
      return true;
    } catch (error) {
      errorAnswer(error);
      this.counts.refused++;
      return false;
    }
  }

  /** With what is said before and after it, on one connection. */
  private async askAround(on: pg.Pool | pg.Client, read: Read): Promise<string> {
    if (read.around === undefined) return this.ask(on, read);
    const client = on instanceof pg.Pool ? await on.connect() : on;
    try {
      const [before, after] = read.around;
      for (const text of before) await client.query(text).catch(errorAnswer);
      const answer = await this.ask(client, read);
      for (const text of after) await client.query(text).catch(errorAnswer);
      return answer;
    } finally {
      if ('release' in client) (client as pg.PoolClient).release();
    }
  }

  private async ask(on: Asked, { text, values, name, rowMode, isOrdered }: Read): Promise<string> {
    const given = { text, values: [...values], ...(name === undefined ? {} : { name }) };
    try {
      const result = rowMode === undefined ? await on.query(given) : await on.query({ ...given, rowMode });
      return answerOf(result, isOrdered);
    } catch (error) {
      this.counts.refused++;
      return errorAnswer(error);
    }
  }
}

/** A query object of pg's own is never answered from the cache. */
function askPast(client: pg.PoolClient, { text, values, rowMode, isOrdered }: Read): Promise<string> {
  return new Promise((resolve, reject) => {
    const query = new pg.Query({ text, values: [...values], rowMode } as pg.QueryConfig, [
      ...values,
    ]) as unknown as { callback: (error: Error | null, result: pg.QueryResult) => void };
    query.callback = (error, result) => {
      if (error === null) resolve(answerOf(result, isOrdered));
      else reject(error);
    };
    client.query(query as unknown as pg.Submittable);
  });
}

const isInTransaction = (client: pg.PoolClient): boolean =>
  (client as unknown as { getTransactionStatus(): string }).getTransactionStatus() !== 'I';

async function endTransaction(client: pg.PoolClient): Promise<void> {
  if (isInTransaction(client)) await client.query('rollback');
}
