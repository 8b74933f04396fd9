/**
 * Decides what a day of use does to the store: writes of ever new values, reads of ever new values, shapes that are
 * used once, writers that vanish between INTENT and END. Counts what stays. At the engine, where no database slows it.
 */
import type { Redis } from 'ioredis';
import { coreSymbol } from '../../../src/cache/core.js';
import type { Engine, ResultGroup } from '../../../src/cache/engine.js';
import type { PayloadCodec } from '../../../src/cache/entry.js';
import { tableKey } from '../../../src/cache/protocol/keys.js';
import type { Ref } from '../../../src/cache/protocol/refs.js';
import type { Random } from '../../../src/clock.js';
import { type Cache, createCache } from '../../../src/index.js';

export interface ChurnOptions {
  readonly url: string;
  readonly namespace: string;
  readonly random: Random;
  readonly tables: number;
  /** Shapes that come again, per table: below the limit of the cache. */
  readonly shapes: number;
  /** Operations at once. */
  readonly callers: number;
}

/** Reads and writes of some seconds or hours. */
export interface Share {
  readonly reads: number;
  readonly writes: number;
}

export interface Footprint {
  readonly keys: number;
  /** Those that stay until they are deleted. */
  readonly keysWithoutEnd: number;
  readonly tables: number;
  /** Of the largest hash of a table: tokens, shapes, intents. */
  readonly fieldsMax: number;
  readonly intents: number;
  readonly usedBytes: number;
}

const PAYLOAD = 'x'.repeat(400);
const ONE_OFF_SHAPES = 0.03;
const VANISHING_WRITERS = 0.002;
const SCAN_COUNT = 1_000;

const codec: PayloadCodec<string> = {
  encode: (payload) => Buffer.from(payload),
  decode: (bytes) => bytes.toString(),
  bytesOf: (payload) => payload.length,
  same: (left, right) => left === right,
};

export class Churn {
  private readonly cache: Cache;
  private readonly engine: Engine;
  private readonly group: ResultGroup<string>;
  private serial = 0;

  constructor(private readonly options: ChurnOptions) {
    const { url, namespace } = options;
    const topology = { kind: 'single', url } as const;
    this.cache = createCache({ namespace, topology, near: { max: '1mb' }, changes: { kind: 'none' } });
    this.engine = this.cache[coreSymbol].engine;
    this.group = this.engine.createGroup();
  }

  ready(): Promise<void> {
    return this.cache.ready();
  }

  /** @param ttlMs of each result */
  async run({ reads, writes }: Share, ttlMs: number): Promise<void> {
    let left = reads + writes;
    const { random, callers } = this.options;
    const live = async (): Promise<void> => {
      while (left-- > 0) {
        if (random.fraction() * (reads + writes) < reads) await this.read(ttlMs);
        else await this.write();
      }
    };
    await Promise.all(Array.from({ length: callers }, live));
  }

  /** Hits of a result that is asked for again and again, by a shape that is tracked. */
  async hitsOfAFavourite(times: number): Promise<number> {
    const ref = this.ref(0, '1', 'favourite');
    let hits = 0;
    for (let turn = 0; turn < times; turn++) if ((await this.ask(ref, 60_000)) !== 'database') hits++;
    return hits;
  }

  /** Writers that vanished, and are not known yet to have ended. */
  get unresolved(): number {
    return this.cache.stats().unresolved;
  }

  close(): Promise<void> {
    return this.cache.close();
  }

  private async read(ttlMs: number): Promise<void> {
    const { random } = this.options;
    const serial = this.serial++;
    const isOneOff = random.fraction() < ONE_OFF_SHAPES;
    const shape = isOneOff ? `9${serial}` : String(1 + this.below(this.options.shapes));
    await this.ask(this.ref(this.below(this.options.tables), shape, `value ${serial}`), ttlMs);
  }

  private async ask(ref: Ref, ttlMs: number): Promise<string> {
    const key = JSON.stringify(ref);
    const served = await this.engine.read<string, string>({
      group: this.group,
      key,
      identity: [key],
      refs: [ref],
      codec,
      ttlMs,
      execute: async () => ({ result: PAYLOAD, payload: PAYLOAD }),
    });
    return served.from;
  }

  private async write(): Promise<void> {
    const table = this.table(this.below(this.options.tables));
    const column = String(1 + this.below(this.options.shapes));
    const placed = await this.engine.beginWrite([{ table, pins: { [column]: [`value ${this.serial++}`] } }], {
      backend: 'churn',
      hasEnded: async () => true,
    });
    if (this.options.random.fraction() < VANISHING_WRITERS) placed.orphan();
    else await placed.end();
  }

  private ref(table: number, shape: string, value: string): Ref {
    return { table: this.table(table), pin: { shape, columns: [shape], values: [value] } };
  }

  private table(index: number): string {
    return tableKey(this.options.namespace, `churn:${index}`);
  }

  private below(count: number): number {
    return Math.floor(this.options.random.fraction() * count);
  }
}

/** Everything that is in the server now. */
export async function footprintOf(client: Redis): Promise<Footprint> {
  let cursor = '0';
  let keysWithoutEnd = 0;
  let tables = 0;
  let fieldsMax = 0;
  let intents = 0;
  do {
    const [next, page] = await client.scan(cursor, 'COUNT', SCAN_COUNT);
    cursor = next;
    const lives = await Promise.all(page.map((key) => client.pttl(key)));
    const endless = page.filter((_, index) => lives[index] === -1);
    keysWithoutEnd += endless.length;
    for (const key of endless) {
      if ((await client.type(key)) !== 'hash') continue;
      const fields = await client.hkeys(key);
      tables++;
      fieldsMax = Math.max(fieldsMax, fields.length);
      intents += fields.filter((field) => field.startsWith('i:')).length;
    }
  } while (cursor !== '0');
  const usedBytes = Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]);
  return { keys: await client.dbsize(), keysWithoutEnd, tables, fieldsMax, intents, usedBytes };
}
