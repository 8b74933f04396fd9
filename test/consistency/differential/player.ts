/**
 * Decides how a case is played: on pools with a cache in front, and beside it on connections without; after every
 * acknowledged write each result that is kept is compared with what the database says now.
 */
import pg from 'pg';
import { answerOf, errorAnswer } from './answer.js';
import { Caches, type Package, type Place } from './caches.js';
import { contentsSqlOf } from './contents.js';
import type { Kept, Setting } from './kept.js';
import { type Call, DATABASE, lineOf, type Read, type SessionName, type Step } from './script.js';

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

/** More results are not met again. */
const LIVE_MAX = 40;

/** Said instead of waiting for a transaction that has locked a whole table. */
const LOCKED = 'error 55P03';

/** "Cached plan must not change result type": of a named statement that this connection knows from before. */
const CHANGED_PLAN = 'error 0A000';

type Asked = pg.Pool | pg.ClientBase;

export class Player {
  readonly counts = noCounts();
  private readonly caches: Caches;
  private live: Live[] = [];
  private contentsSql: string | null = null;
  private held: string | null = null;
  private idle = 0;
  private turn = 0;
  /** What was counted by the last comparison; null: something else was asked since. */
  private kept: Kept | null = null;

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

  /** @throws Mismatch */
  async play(step: Step): Promise<void> {
    this.counts.steps++;
    switch (step.kind) {
      case 'read':
        return this.read(step.read);
      case 'write': {
        const done = await this.write(await this.caches.pool(step.session), step.call);
        // What was refused as one statement has changed nothing.
        if (!done && !step.call.text.includes(';')) return;
        return this.meetChanged(step.call);
      }
      case 'client':
        return this.playClient(step.session, step.calls);
      case 'scene':
        this.live = [];
    }
  }

  /** What the database says, of each. */
  private async truthsOf(reads: readonly Read[]): Promise<readonly string[]> {
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
    return truths;
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
    const pool = await this.caches.pool(session);
    const client = await pool.connect();
    // What is set is forgotten with the connection.
    const isClosed = calls.some(({ text }) => sessionWord.test(text));
    try {
      for (const [index, call] of calls.entries()) {
        await this.callOn(client, call, { pool, session });
        // Nobody else sees what a transaction does before its end: that is looked at once in a while.
        if (index % 4 === 2 || !isInTransaction(client)) await this.meetChanged(call);
      }
      if (isInTransaction(client)) await client.query('rollback');
    } finally {
      client.release(isClosed);
    }
    await this.meetChanged({
      text: isClosed ? 'the connection was closed' : 'the client was released',
      values: [],
    });
    // What the transaction saw and kept is nobody else's, unless it committed.
    for (const read of new Set(calls.filter((call) => isRead(call))))
      if (read.isLocal !== true) await this.meetOrKeep(read);
  }

  private async callOn(
    client: pg.PoolClient,
    call: Call | Read,
    { pool, session }: { readonly pool: pg.Pool; readonly session: SessionName },
  ): Promise<void> {
    if (call.where === 'elsewhere') await this.write(pool, call);
    else if (call.where === 'uncached') {
      const [direct] = await this.caches.direct(session);
      if (direct !== undefined) await this.run(direct, call);
    } else if (isRead(call)) await this.readHere(client, call);
    else await this.run(client, call);
  }

  private async meetOrKeep(read: Read): Promise<void> {
    const known = this.live.find((live) => live.read === read);
    if (known === undefined) return this.read(read);
    const [truth = ''] = await this.truthsOf([read]);
    known.truth = truth;
    if (truth !== LOCKED) await this.compare(known, 'a transaction that read the same');
  }

  /** In the sight of this very connection: a query object of pg's own is never answered from the cache. */
  private async readHere(client: pg.PoolClient, call: Read): Promise<void> {
    const before = this.caches.counted;
    const given = await this.ask(client, call);
    const isHit = this.caches.counted.hits > before.hits;
    this.kept = null;
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
    if (isHit) this.counts.hits++;
    if (given !== truth)
      throw new Mismatch(isHit ? 'stale' : 'different', call, 'on this connection', given, truth);
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

  private async run(on: Asked, { text, values, name }: Call): Promise<boolean> {
    this.counts.writes++;
    this.kept = null;
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

  /** What all tables hold, as one text; null while one of them is locked. */
  private async contents(): Promise<string | null> {
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
    const pool = await this.caches.pool(read.session);
    const before = this.kept ?? this.caches.counted;
    const given = await this.askAround(pool, read);
    const now = this.caches.counted;
    this.kept = now;
    const isHit = now.hits > before.hits;
    if (given === CHANGED_PLAN || truth === CHANGED_PLAN) {
      live.isKept = false; // as it happens on some connections, with or without a cache
      return false;
    }
    this.counts.compared++;
    if (isHit) this.counts.hits++;
    if (given !== truth) throw new Mismatch(isHit ? 'stale' : 'different', read, after, given, truth);
    live.isKept = isHit || now.fills > before.fills;
    return isHit;
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

  private async ask(
    on: Asked,
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

const isRead = (call: Call | Read): call is Read => 'isOrdered' in call;

const isInTransaction = (client: pg.PoolClient): boolean =>
  (client as unknown as { getTransactionStatus(): string }).getTransactionStatus() !== 'I';
