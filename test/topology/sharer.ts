/** Decides how a test gets several caches that share one store, as several processes would: the parts, joined anew. */
import { EventEmitter } from 'node:events';
import { Cache, type CacheEventMap } from '../../src/cache/cache.js';
import { clearStore } from '../../src/cache/clear.js';
import { Engine, type ResultGroup } from '../../src/cache/engine.js';
import { type PayloadCodec } from '../../src/cache/entry.js';
import { converse, openSession } from '../../src/cache/executor.js';
import { tableKey } from '../../src/cache/protocol/keys.js';
import type { Ref, RefPin, Target, TargetPins } from '../../src/cache/protocol/refs.js';
import type { PlacedWrite } from '../../src/cache/writes.js';
import { type Clock, systemClock, systemRandom } from '../../src/clock.js';
import { resolveConfig } from '../../src/config/config.js';
import type { Config } from '../../src/index.js';
import { openPlace, type Place } from '../../src/topology/place.js';

const codec: PayloadCodec<string> = {
  encode: (payload) => Buffer.from(payload),
  decode: (bytes) => bytes.toString(),
  bytesOf: (payload) => payload.length,
  same: (left, right) => left === right,
};

export interface ReadOptions {
  readonly key?: string;
  readonly table?: string;
  /** Column `1` has this value; absent: any row. */
  readonly value?: string;
  readonly query: () => Promise<string> | string;
}

/** One of several caches on one store. */
export class Sharer {
  readonly failures: string[] = [];
  readonly engine: Engine;
  readonly cache: Cache;
  private readonly group: ResultGroup<string>;

  private constructor(
    readonly namespace: string,
    readonly place: Place,
    clock: Clock,
    config: ReturnType<typeof resolveConfig>,
    failures: string[],
  ) {
    this.failures = failures;
    const failed = (reason: string): void => void failures.push(reason);
    this.engine = new Engine({
      store: place.store,
      isStoreShared: place.isShared,
      boundMs: config.boundMs,
      clock,
      random: systemRandom,
      namespace,
      mode: 'on',
      onStoreDown: config.onStoreDown,
      writeHot: config.writeHot,
      limits: {
        nearBytesMax: config.near.max,
        entryBytesMax: config.limits.entry,
        flightsMax: config.limits.flights,
        shapesPerTableMax: config.limits.shapesPerTable,
        compressAboveBytes: config.limits.compressAbove,
      },
      events: { onInvalidate: () => undefined, onFailure: failed },
    });
    this.group = this.engine.createGroup();
    this.cache = new Cache({
      core: {
        engine: this.engine,
        namespace,
        mode: 'on',
        mayRefuseWrites: false,
        ttlMs: config.ttl,
        changes: null,
        converse: async (conversation) => converse(openSession(place.store), conversation),
        clock,
        random: systemRandom,
        statementsMax: 10,
        transactions: 'bypass',
        pooler: 'bypass',
        sessionKeys: [],
        effects: {},
        mayCache: () => true,
        failed,
      },
      events: new EventEmitter<CacheEventMap>(),
      ready: () => place.ready(),
      clearStore: () => clearStore(place.store, namespace),
      close: async () => {
        this.engine.close();
        await place.close();
      },
    });
  }

  /** Not ready yet. */
  static open(namespace: string, config: Config, clock: Clock = systemClock): Sharer {
    const resolved = resolveConfig({ ttl: '1h', ...config }, {});
    const failures: string[] = [];
    const place = openPlace(resolved, {
      clock,
      random: systemRandom,
      failed: (reason) => void failures.push(reason),
      onServerClosed: () => undefined,
    });
    return new Sharer(namespace, place, clock, resolved, failures);
  }

  /** What is served without asking anybody. */
  peek({
    key = 'k',
    table = 'a',
    value,
  }: Omit<ReadOptions, 'query' | 'value'> & { value?: string | undefined }): string | undefined {
    return this.engine.peek(this.group, `${key} ${table} ${value ?? ''}`);
  }

  /** Where the answer came from, and the answer. */
  async read({ key = 'k', table = 'a', value, query }: ReadOptions): Promise<readonly [string, string]> {
    const pin: RefPin | null = value === undefined ? null : { shape: '1', columns: ['1'], values: [value] };
    const refs: readonly Ref[] = [{ table: this.table(table), pin }];
    const name = `${key} ${table} ${value ?? ''}`;
    const known = this.engine.peek(this.group, name);
    if (known !== undefined) return ['near', known];
    const served = await this.engine.read<string, string>({
      group: this.group,
      key: name,
      identity: [name],
      refs,
      codec,
      ttlMs: 60_000,
      execute: async () => {
        const result = await query();
        return { result, payload: result };
      },
    });
    return served.from === 'database' ? ['database', served.result] : [served.from, served.payload];
  }

  async write(table = 'a', pins: TargetPins | null = null): Promise<PlacedWrite> {
    const targets: readonly Target[] = [{ table: this.table(table), pins }];
    return this.engine.beginWrite(targets, { backend: 'b', hasEnded: async () => true });
  }

  table(name: string): string {
    return tableKey(this.namespace, name);
  }
}
