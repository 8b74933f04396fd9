/**
 * Decides how a case is played: on pools with the cache in front, and beside it on connections without; after every
 * acknowledged write each result that is kept is compared with what the database says now.
 */
import pg from 'pg';
import type { Cache, Config } from '../../../src/index.js';
import { answerOf, errorAnswer } from './answer.js';
import { type Call, lineOf, type Read, type SessionName, type Step } from './script.js';

/** The package, or a mutant of it. */
export interface Package {
  createCache(config: Config): Cache;
  withCache<T extends pg.Pool>(pool: T, cache: Cache): T;
}

export interface Place {
  readonly config: pg.ClientConfig;
}

export interface Counts {
  steps: number;
  writes: number;
  /** After how many of them some row or definition was another one. */
  effective: number;
  /** Writes and reads that the database refused. */
  refused: number;
  /** Answers that were compared with the database's. */
  compared: number;
  /** Of these, the ones from the cache. */
  hits: number;
  /** Kept results met again after a write. */
  met: number;
  /** Of these: not served any more, and the answer had changed. */
  killed: number;
  /** Not served any more, though the answer had not changed. */
  needless: number;
}

export const noCounts = (): Counts => ({
  steps: 0,
  writes: 0,
  effective: 0,
  refused: 0,
  compared: 0,
  hits: 0,
  met: 0,
  killed: 0,
  needless: 0,
});

/** An answer that was not the database's. */
export class Mismatch extends Error {
  constructor(
    readonly kind: 'stale' | 'different',
    readonly read: Read,
    readonly after: string,
    given: string,
    truth: string,
  ) {
    super(
      `${kind === 'stale' ? 'served from the cache though it had changed' : 'not what the database says'}: ${lineOf(read)}\n` +
        `as ${read.session}, after: ${after}\ngiven:\n${given}\nthe database:\n${truth}`,
    );
  }
}

interface Live {
  readonly read: Read;
  /** What the database last said. */
  truth: string;
  isKept: boolean;
}

/** After how many writes that change nothing the kept results are looked at all the same. */
const IDLE_LOOK_EVERY = 8;

/** A pool ends a connection that was told of an error, and the next one has to be learnt. */
const POOL_QUERY_EVERY = 4;

const sessionWord = /^(?:set (?!local|constraints)|create temp|select set_config)/;

const definitionWord = /\b(?:alter|create|drop|grant|revoke|truncate|refresh)\b|connection was closed/;

/** Connections without a cache, per session. */
const DIRECT_CONNECTIONS = 4;

/** More results are not met again. */
const LIVE_MAX = 40;

/** Said instead of waiting for a transaction that has locked a whole table. */
const LOCKED = 'error 55P03';

/** "Cached plan must not change result type": of a named statement that this connection knows from before. */
const CHANGED_PLAN = 'error 0A000';

const optionsOf: Readonly<Record<SessionName, string>> = {
  plain: '',
  path: '-c search_path=other,public',
  zone: '-c timezone=Asia/Tokyo -c datestyle=sql,dmy -c bytea_output=escape -c extra_float_digits=0',
  tenant: '-c role=differential_tenant',
};

let serial = 0;

export class Player {
  readonly counts = noCounts();
  private readonly cache: Cache;
  private readonly pools = new Map<SessionName, pg.Pool>();
  private readonly plain = new Map<SessionName, Promise<readonly pg.Client[]>>();
  private live: Live[] = [];
  private contentsSql: string | null = null;
  private held: string | null = null;
  private idle = 0;
  private turn = 0;
  /** What was counted by the last comparison. */
  private kept = { hits: 0, fills: 0 };

  constructor(
    private readonly place: Place,
    private readonly source: Package,
    config: Config = {},
  ) {
    this.cache = source.createCache({
      namespace: `differential-${process.pid}-${serial++}`,
      ttl: '1h',
      changes: { kind: 'none' }, // a rotation at a moment of its own choosing would hide that one is missing
      ...config,
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.end()));
    for (const clients of this.plain.values())
      await Promise.all((await clients).map((client) => client.end()));
    await this.cache.close();
  }

  /** With the cache in front. */
  private async pool(session: SessionName): Promise<pg.Pool> {
    const known = this.pools.get(session);
    if (known !== undefined) return known;
    const pool = new pg.Pool({
      ...this.place.config,
      options: startOf(session),
      max: 2,
    });
    pool.on('error', () => undefined); // told to its query, too
    this.pools.set(session, pool);
    this.source.withCache(pool, this.cache);
    // A database and a session are learnt by their first connection.
    await pool.query('select 1');
    await this.cache.ready();
    return pool;
  }

  /** Without: connections that are asked in turns. A pool would end each that was told of an error. */
  private direct(session: SessionName): Promise<readonly pg.Client[]> {
    const known = this.plain.get(session);
    if (known !== undefined) return known;
    const clients = Array.from(
      { length: DIRECT_CONNECTIONS },
      () => new pg.Client({ ...this.place.config, options: startOf(session) }),
    );
    const connected = Promise.all(clients.map((client) => client.connect())).then(() => clients);
    this.plain.set(session, connected);
    return connected;
  }

  /** What the database says, of each. */
  private async truthsOf(reads: readonly Read[]): Promise<readonly string[]> {
    const truths: string[] = [];
    for (const session of new Set(reads.map((read) => read.session))) {
      const left = [...reads.entries()].filter(([, read]) => read.session === session);
      await Promise.all(
        (await this.direct(session)).map(async (client) => {
          for (let next = left.shift(); next !== undefined; next = left.shift()) {
            const [index, read] = next;
            truths[index] = await this.ask(client, read);
          }
        }),
      );
    }
    return truths;
  }

  /** @throws Mismatch */
  async play(step: Step): Promise<void> {
    this.counts.steps++;
    switch (step.kind) {
      case 'read':
        return this.read(step.read);
      case 'write': {
        const done = await this.write(await this.pool(step.session), step.call);
        // What was refused as one statement has changed nothing.
        if (!done && !step.call.text.includes(';')) return;
        return this.meetChanged(step.call);
      }
      case 'client':
        return this.playClient(step.session, step.calls);
    }
  }

  /** Twice: what was kept by the first is compared, too. */
  private async read(read: Read): Promise<void> {
    const [truth = ''] = await this.truthsOf([read]);
    if (truth === LOCKED) return;
    const live: Live = { read, truth, isKept: false };
    await this.compare(live, 'the same read without a cache');
    if (live.isKept) await this.compare(live, 'the same read');
    if (live.isKept) this.live.push(live);
    if (this.live.length > LIVE_MAX) this.live.shift();
  }

  private async playClient(session: SessionName, calls: readonly (Call | Read)[]): Promise<void> {
    const client = await (await this.pool(session)).connect();
    try {
      for (const [index, call] of calls.entries()) {
        if ('isOrdered' in call) await this.readHere(client, call);
        else await this.run(client, call);
        // Nobody else sees what a transaction does before its end: that is looked at once in a while.
        if (index % 4 === 2 || !isInTransaction(client)) await this.meetChanged(call);
      }
      if (isInTransaction(client)) await client.query('rollback');
    } finally {
      // What is set is forgotten with the connection.
      client.release(calls.some(({ text }) => sessionWord.test(text)));
    }
    await this.meetChanged({ text: 'the connection was closed', values: [] });
  }

  /** In the sight of this very connection: a query object of pg's own is never answered from the cache. */
  private async readHere(client: pg.PoolClient, call: Read): Promise<void> {
    const given = await this.ask(client, call);
    if (given.startsWith('error')) return; // a transaction may have failed now
    const truth = await new Promise<string>((resolve, reject) => {
      const query = new pg.Query(
        { text: call.text, values: [...call.values], rowMode: call.rowMode } as pg.QueryConfig,
        [...call.values],
      ) as unknown as { callback: (error: Error | null, result: pg.QueryResult) => void };
      query.callback = (error, result) => {
        if (error === null) resolve(answerOf(result, call.isOrdered));
        else reject(error);
      };
      client.query(query as unknown as pg.Submittable);
    });
    this.counts.compared++;
    if (given !== truth) throw new Mismatch('different', call, 'on this connection', given, truth);
  }

  /** Through the pool itself, or on a client that is not thrown away where the write is refused. */
  private async write(pool: pg.Pool, call: Call): Promise<boolean> {
    if (++this.turn % POOL_QUERY_EVERY === 0) return this.run(pool, call);
    const client = await pool.connect();
    try {
      const done = await this.run(client, call);
      if (isInTransaction(client)) await client.query('rollback');
      return done;
    } finally {
      client.release();
    }
  }

  private async run(on: pg.Pool | pg.PoolClient, { text, values, name }: Call): Promise<boolean> {
    this.counts.writes++;
    try {
      const given = { text, values: [...values], ...(name === undefined ? {} : { name }) };
      await on.query(given);
      return true;
    } catch (error) {
      errorAnswer(error);
      this.counts.refused++;
      return false;
    }
  }

  /** What all tables hold, as one text; null while one of them is locked. */
  private async contents(): Promise<string | null> {
    const [client] = (await this.direct('plain')) as [pg.Client]; // there are some
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

  /** Where no row has changed anywhere, no answer has, but for definitions; it is looked at once in a while. */
  private async meetChanged({ text }: Call): Promise<void> {
    if (definitionWord.test(text)) {
      this.contentsSql = null;
      // A prepared statement keeps the types that its parameters had: what it says hangs on when it was prepared where.
      this.live = this.live.filter(({ read }) => read.name === undefined);
    }
    const held = await this.contents();
    if (held === null) return; // until the transaction ends
    const isSame = held === this.held && !definitionWord.test(text);
    this.held = held;
    if (isSame && ++this.idle % IDLE_LOOK_EVERY !== 0) return;
    if (!isSame) this.counts.effective++;
    await this.meet(text);
  }

  private async meet(after: string): Promise<void> {
    const truths = await this.truthsOf(this.live.map(({ read }) => read));
    if (truths.includes(LOCKED)) return; // until the transaction ends
    for (const [index, live] of this.live.entries()) {
      const wasKept = live.isKept;
      const before = live.truth;
      live.truth = truths[index] ?? before;
      const isHit = await this.compare(live, after);
      if (!wasKept) continue;
      this.counts.met++;
      if (isHit) continue;
      if (live.truth === before) this.counts.needless++;
      else this.counts.killed++;
    }
  }

  private async compare(live: Live, after: string): Promise<boolean> {
    const { read, truth } = live;
    const before = this.kept;
    const given = await this.ask(await this.pool(read.session), read);
    const now = this.cache.stats();
    this.kept = { hits: now.nearHits + now.storeHits + now.joined, fills: now.fills };
    const isHit = this.kept.hits > before.hits;
    if (given === CHANGED_PLAN || truth === CHANGED_PLAN) {
      live.isKept = false; // as it happens on some connections, with or without a cache
      return false;
    }
    this.counts.compared++;
    if (isHit) this.counts.hits++;
    if (given !== truth) throw new Mismatch(isHit ? 'stale' : 'different', read, after, given, truth);
    live.isKept = isHit || this.kept.fills > before.fills;
    return isHit;
  }

  private async ask(
    on: pg.Pool | pg.ClientBase,
    { text, values, name, rowMode, isOrdered }: Call & { readonly isOrdered: boolean },
  ): Promise<string> {
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

const isInTransaction = (client: pg.PoolClient): boolean =>
  (client as unknown as { getTransactionStatus(): string }).getTransactionStatus() !== 'I';

const startOf = (session: SessionName): string => `${optionsOf[session]} -c lock_timeout=30`;

/** Rows are shown with their types' own words; which rows stand in which part of a table does not matter. */
async function contentsSqlOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `select format('%I.%I', nspname, relname) as name from pg_class c join pg_namespace n on n.oid = relnamespace
      where nspname in ('public', 'other') and relkind in ('r', 'm') and relispopulated order by c.oid`,
  );
  const held = rows.map(
    ({ name }) => `(select md5(coalesce(string_agg(x::text, ',' order by x::text), '')) from only ${name} x)`,
  );
  return `select concat_ws(' ', ${["''", ...held].join(', ')}) as held`;
}

/** Makes the database; what it refuses is left out. */
export async function prepare(place: Place, setup: readonly string[]): Promise<void> {
  const client = new pg.Client(place.config);
  await client.connect();
  try {
    for (const text of setup) await client.query(text).catch(errorAnswer);
  } finally {
    await client.end();
  }
}
