/**
 * Decides how a case is played: on pools with a cache in front; beside them on connections without, of which some write to a
 * twin what the others write; after every acknowledged write each result that is kept is compared with what the schema says now.
 */
import type { Connection, PoolConnection, RowDataPacket } from 'mysql2/promise';
import type { Kept, Setting } from '../differential/kept.js';
import { noCounts } from '../differential/player.js';
import { isLocked } from './answer.js';
import { type Asked, ask } from './asking.js';
import { type Package, type Place, Pools, type Schemas, textIn } from './pools.js';
import { type Call, isRead, lineOf, type Read, type SessionName, type Step } from './script.js';

/** An answer that was not the database's. */
export class Mismatch extends Error {
  constructor(
    readonly kind: 'stale' | 'different',
    call: Call | Read,
    about: { readonly where: string; readonly given: string; readonly truth: string },
  ) {
    super(
      `${kind === 'stale' ? 'served from the cache though it had changed' : 'not what the database says'}: ${lineOf(call)}\n` +
        `${about.where}\ngiven:\n${about.given}\nthe database:\n${about.truth}`,
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

const definitionWord = /\b(?:alter|create|drop|truncate|rename|exchange|call|execute|closed)\b/i;

/** What is forgotten with the connection. */
const sessionWord = /^(?:set|use|create temporary|drop temporary|lock|xa)\b/i;

/** More results are not met again. */
const LIVE_MAX = 40;

export interface Sides {
  readonly cached: Schemas;
  readonly twin: Schemas;
}

export class Player {
  readonly counts = noCounts();
  private readonly pools: Pools;
  private live: Live[] = [];
  private contentsSql: string | null = null;
  private held = '';
  private idle = 0;
  private turn = 0;
  /** Two sessions met at a lock: who won may be another one there. */
  private isTwinApart = false;
  /** What was counted by the last comparison; null: something else was asked since. */
  private kept: Kept | null = null;

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

  /** @throws Mismatch */
  async play(step: Step): Promise<void> {
    this.counts.steps++;
    switch (step.kind) {
      case 'read':
        return this.read(step.read);
      case 'write': {
        const { session, call } = step;
        const done = await this.writeSomewhere(session, call, await this.pools.twin(session));
        // What was refused as one statement has changed nothing.
        if (!done && !call.text.includes(';') && !definitionWord.test(call.text)) return;
        return this.meetChanged(call.text);
      }
      case 'client':
        return this.playClient(step.session, step.calls);
      case 'scene':
        this.live = [];
    }
  }

  private text(call: Call): string {
    return textIn(call.text, this.sides.cached);
  }

  private async truthOf(read: Read): Promise<string> {
    return ask(await this.pools.direct(read.session), read, this.text(read));
  }

  /** Twice: what was kept by the first is compared, too. */
  private async read(read: Read): Promise<void> {
    const truth = await this.truthOf(read);
    if (isLocked(truth)) return;
    const live: Live = { read, truth, isKept: false };
    await this.compare(live, 'the same read without a cache');
    if (live.isKept) await this.compare(live, 'the same read');
    if (live.isKept) this.live.push(live);
    if (this.live.length > LIVE_MAX) this.live.shift();
  }

  private async playClient(session: SessionName, calls: readonly (Call | Read)[]): Promise<void> {
    const pool = await this.pools.pool(session);
    const client = await pool.promise().getConnection();
    const twin = await this.pools.twinClient(session);
    const isClosed = calls.some(({ text }) => sessionWord.test(text));
    try {
      for (const [index, call] of calls.entries()) {
        if (call.where === 'elsewhere')
          await this.writeSomewhere(session, call, await this.pools.twin(session));
        else if (isRead(call)) await this.readHere(client, call);
        else await this.write(client, call, twin);
        // Any of them may have committed: most do not.
        if (index % 2 === 1) await this.meetChanged(call.text);
      }
      await this.write(client, rollback, twin);
    } finally {
      if (isClosed) client.destroy();
      else client.release();
      twin.destroy();
    }
    await this.meetChanged(isClosed ? 'the connection was closed' : 'the client was released');
    for (const read of new Set(calls.filter((call) => isRead(call)))) await this.read({ ...read, session });
  }

  /** In the sight of this very connection: what locks is never answered from the cache, and a comment tells it from the first. */
  private async readHere(client: PoolConnection, call: Read): Promise<void> {
    const before = this.pools.counted;
    const given = await ask(client, call, this.text(call));
    const isHit = this.pools.counted.hits > before.hits;
    this.kept = null;
    // What the driver prepared before a SET it executes as it was meant then.
    const isPrepared = call.way === 'execute' || call.way === 'prepare';
    if (given.startsWith('error') || (isPrepared && !isHit)) return;
    const truth = await ask(client, call, `/*!99999 never */ ${this.text(call)}`);
    this.counts.compared++;
    if (isHit) this.counts.hits++;
    if (given !== truth)
      throw new Mismatch(isHit ? 'stale' : 'different', call, { where: 'on this connection', given, truth });
  }

  /** Through the pool itself, or on a client of it: there nothing is left open that the text has begun. */
  private async writeSomewhere(session: SessionName, call: Call, twin: Connection): Promise<boolean> {
    const pool = await this.pools.pool(session);
    const mayLeaveOpen = /;|^call\b/i.test(call.text);
    if (++this.turn % 2 === 0 && !mayLeaveOpen) return this.write(pool, call, twin);
    const client = await pool.promise().getConnection();
    try {
      const done = await this.write(client, call, twin);
      if (mayLeaveOpen) await this.write(client, rollback, twin);
      return done;
    } finally {
      client.release();
    }
  }

  /** Here and in the twin, which must say the same of it. */
  private async write(on: Asked, call: Call, twin: Connection): Promise<boolean> {
    this.counts.writes++;
    this.kept = null;
    const given = await ask(on, call, this.text(call));
    if (given.startsWith('error')) this.counts.refused++;
    if (!this.isTwinApart) {
      const truth = await ask(twin, call, textIn(call.text, this.sides.twin));
      if (isLocked(given) || isLocked(truth)) this.isTwinApart = true;
      else if (
        given !== truth &&
        saidWithout(given, call, this.sides.cached) !== saidWithout(truth, call, this.sides.twin)
      )
        throw new Mismatch('different', call, { where: 'which was written to the twin, too', given, truth });
    }
    return !given.startsWith('error');
  }

  /** What all tables hold, as one text. */
  private async contents(): Promise<string> {
    const connection = await this.pools.direct('plain');
    this.contentsSql ??= await checksumsSql(connection, this.sides.cached);
    if (this.contentsSql === '') return '';
    const [rows] = await connection.query<RowDataPacket[]>(this.contentsSql);
    return rows.map((row) => String(row['Checksum'])).join(' ');
  }

  /** Where no row has changed anywhere, no answer has, but for definitions; it is looked at once in a while. */
  private async meetChanged(text: string): Promise<void> {
    const isDefinition = definitionWord.test(text);
    if (isDefinition) this.contentsSql = null;
    const held = await this.contents();
    const isSame = held === this.held && !isDefinition;
    this.held = held;
    if (isSame && ++this.idle % IDLE_LOOK_EVERY !== 0) return;
    if (!isSame) this.counts.effective++;
    await this.meet(text);
  }

  private async meet(after: string): Promise<void> {
    for (const live of this.live) {
      const wasKept = live.isKept;
      const before = live.truth;
      const truth = await this.truthOf(live.read);
      if (isLocked(truth)) continue; // until the transaction ends
      live.truth = truth;
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
    const pool = await this.pools.pool(read.session);
    const before = this.kept ?? this.pools.counted;
    const given = await ask(pool, read, this.text(read));
    const now = this.pools.counted;
    this.kept = now;
    const isHit = now.hits > before.hits;
    this.counts.compared++;
    if (isHit) this.counts.hits++;
    if (truth.startsWith('error')) this.counts.refused++;
    if (given !== truth && !isLocked(given))
      throw new Mismatch(isHit ? 'stale' : 'different', read, {
        where: `as ${read.session}, after: ${after}`,
        given,
        truth,
      });
    live.isKept = isHit || now.fills > before.fills;
    return isHit;
  }
}

const rollback: Call = { text: 'rollback', values: [], way: 'query' };

/** Of several conditions a server looks at any first, as it takes its tables to be filled: each has warnings of its own. */
function saidWithout(answer: string, { text }: Call, { schema, other }: Schemas): string {
  const said = answer.replaceAll(other, '').replaceAll(schema, '');
  return /\bwhere\b/.test(text) ? said.replaceAll(/(?:Warnings:|warningStatus) \d+/g, '') : said;
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
