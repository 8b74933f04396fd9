/**
 * Decides the world in which the real engine is interleaved: a database of which only visibility matters, the
 * embedded server behind an executor that yields between any two commands, and what counts as stale.
 *
 * A write is a bit that becomes visible at one moment; a read returns the bits that were visible when its
 * snapshot was taken. So a stale answer is one that lacks a bit, and no data is needed to say which.
 */
import type { DecodedResult, Engine, ResultGroup } from '../../../src/cache/engine.js';
import type { PayloadCodec } from '../../../src/cache/entry.js';
import type { Command, Replies, Reply, Session, Store } from '../../../src/cache/executor.js';
import type { Ref, Target } from '../../../src/cache/protocol/refs.js';
import type { CacheStats } from '../../../src/cache/stats.js';
import { manualClock, seededRandom } from '../../../src/clock.js';
import { createServer, type EmbeddedServer } from '../../../src/server/index.js';
import { embeddedStore } from '../../../src/topology/embedded.js';
import { type Interleaving, Scheduler } from './scheduler.js';

export type EngineClass = typeof Engine;

const TABLE = 'lookaside:t:{n:table}';
const ROOT = 'lookaside:t:{n:root}';

/** What a read may be pinned to: two values of shape 1, one of shape 2, or nothing. */
export const readKinds = {
  all: null,
  a: { shape: '1', columns: ['1'], values: ['a'] },
  b: { shape: '1', columns: ['1'], values: ['b'] },
  q: { shape: '2', columns: ['2'], values: ['q'] },
} as const satisfies Record<string, Ref['pin']>;
export type ReadKind = keyof typeof readKinds;

/** What a write may change, what its answer tells that it did, and which reads its change shows in. */
export const writeKinds = {
  a: { pins: { '1': ['a'] }, root: false, shows: ['all', 'a', 'q'] },
  b: { pins: { '1': ['b'] }, root: false, shows: ['all', 'b', 'q'] },
  move: { pins: { '1': ['a', 'b'] }, root: false, shows: ['all', 'a', 'b', 'q'] },
  both: { pins: { '1': ['a'], '2': ['q'] }, root: false, shows: ['all', 'a', 'q'] },
  any: { pins: null, root: false, shows: ['all', 'a', 'b', 'q'] },
  told: { pins: null, touched: { '1': ['a'] }, root: false, shows: ['all', 'a', 'q'] },
  toldMove: { pins: null, touched: { '1': ['b', 'a'] }, root: false, shows: ['all', 'a', 'b', 'q'] },
  none: { pins: { '2': ['q'] }, touched: null, root: false, shows: [] },
  ddl: { pins: null, root: true, shows: ['all', 'a', 'b', 'q'] },
} as const satisfies Record<string, WriteShape>;
interface WriteShape {
  readonly pins: Target['pins'];
  /** Null: it wrote nothing. */
  readonly touched?: Target['pins'];
  readonly root: boolean;
  readonly shows: readonly ReadKind[];
}
export type WriteKind = keyof typeof writeKinds;

/** How a write goes: it commits; it fails; its process never learns the outcome. */
export type Fate = 'commits' | 'fails' | 'orphaned';

export interface Scenario {
  /**
   * `private`: nobody else has access to the store; `mirrored`: it is in this process; `remote`: every command is a
   * step of its own.
   */
  readonly store: 'private' | 'mirrored' | 'remote';
  readonly writes: readonly { readonly kind: WriteKind; readonly fate: Fate }[];
  /** Each reader reads its kind this many times, one after the other. */
  readonly readers: readonly { readonly kind: ReadKind; readonly times: number }[];
  /** What is lost from the store on the way. */
  readonly losses: readonly ('table' | 'values' | 'everything')[];
  /** Decoded results that fit into this process; what is pushed out goes on in the store. */
  readonly room: number;
  /** The store fails this many commands, from the given one on. */
  readonly outage: { readonly from: number; readonly commands: number } | null;
}

export interface Violation {
  /** `ack`: lacks a write acknowledged before the read began; `visible`: one that was visible then. */
  readonly kind: 'ack' | 'visible';
  readonly read: ReadKind;
  readonly lacks: number;
}

const ENTRY_BYTES = 64;

const codec: PayloadCodec<number> = {
  encode: (payload) => Buffer.from(String(payload)),
  decode: (bytes) => Number(bytes.toString()),
  bytesOf: () => ENTRY_BYTES,
  same: (left, right) => left === right,
};

export interface Outcome {
  readonly violations: readonly Violation[];
  readonly stats: CacheStats;
  /** The steps in the order they ran. */
  readonly trace: readonly string[];
}

const LONGER_THAN_ANY_RETRY_MS = 6_000;

/** An outage lasts a few commands, and each round tries at least one. */
const SETTLING_ROUNDS = 10;

/** Runs a scenario to its end. */
export async function play(
  EngineUnderTest: EngineClass,
  scenario: Scenario,
  interleaving: Interleaving,
): Promise<Outcome> {
  const world = new World(EngineUnderTest, scenario, new Scheduler(interleaving));
  try {
    return await world.run();
  } finally {
    await world.close();
  }
}

class World {
  private readonly clock = manualClock();
  private readonly server: EmbeddedServer = createServer({ clock: this.clock, random: seededRandom(1) });
  private readonly engine: Engine;
  private readonly groups = new Map<ReadKind, ResultGroup<number>>();
  private readonly violations: Violation[] = [];
  private visible = 0;
  private acknowledged = 0;
  private commandsRun = 0;

  constructor(
    EngineUnderTest: EngineClass,
    private readonly scenario: Scenario,
    private readonly scheduler: Scheduler,
  ) {
    this.engine = new EngineUnderTest({
      store: scenario.store === 'remote' ? this.remoteStore() : this.mirroredStore(),
      isStoreShared: scenario.store !== 'private',
      boundMs: null,
      clock: this.clock,
      random: seededRandom(2),
      namespace: 'n',
      mode: 'on',
      onStoreDown: 'bypass',
      writeHot: 'cache',
      limits: {
        nearBytesMax: scenario.room * ENTRY_BYTES,
        entryBytesMax: ENTRY_BYTES,
        flightsMax: 100,
        shapesPerTableMax: 16,
        compressAboveBytes: 1_048_576,
      },
      events: { onInvalidate: () => undefined, onFailure: () => undefined },
    });
  }

  async run(): Promise<Outcome> {
    const { readers, writes, losses } = this.scenario;
    const actors = [
      ...readers.map(
        ({ kind, times }) =>
          () =>
            this.reader(kind, times),
      ),
      ...writes.map(
        ({ kind, fate }, index) =>
          () =>
            this.writer(1 << index, kind, fate),
      ),
      ...losses.map((loss) => () => this.lose(loss)),
    ];
    await this.finish(actors);
    await this.settle();
    await this.finish((Object.keys(readKinds) as ReadKind[]).map((kind) => () => this.read(kind)));
    return { violations: this.violations, stats: this.engine.stats(), trace: this.scheduler.trace };
  }

  private async finish(bodies: readonly (() => Promise<void>)[]): Promise<void> {
    const done = Promise.all(bodies.map((body) => this.scheduler.act(body)));
    await this.scheduler.drain();
    await done;
  }

  async close(): Promise<void> {
    this.engine.close();
    await this.server.close();
  }

  /** Lets retries and RESOLVE finish: afterwards nothing is owed and every answer must be the newest. */
  private async settle(): Promise<void> {
    for (let round = 0; round < SETTLING_ROUNDS && this.engine.stats().owed > 0; round++) {
      this.clock.advance(LONGER_THAN_ANY_RETRY_MS);
      await this.scheduler.drain();
    }
  }

  private step(label: string): Promise<void> {
    return this.scheduler.step(label);
  }

  private async reader(kind: ReadKind, times: number): Promise<void> {
    for (let turn = 0; turn < times; turn++) {
      await this.step(`read ${kind}`);
      await this.read(kind);
    }
  }

  private async read(kind: ReadKind): Promise<void> {
    const acknowledgedBefore = this.acknowledged;
    const visibleBefore = this.visible;
    const group = this.groupOf(kind);
    const answer =
      this.engine.peek(group, kind) ??
      (await (this.engine.confirm(
        group,
        kind,
        (found, ignored) => found ?? this.readThrough(group, kind, ignored),
      ) ?? this.readThrough(group, kind)));
    this.judge(kind, answer, acknowledgedBefore, visibleBefore);
  }

  private async readThrough(
    group: ResultGroup<number>,
    kind: ReadKind,
    ignored?: DecodedResult<number>,
  ): Promise<number> {
    const served = await this.engine.read<number, number>(
      {
        group,
        key: kind,
        identity: [kind],
        refs: [
          { table: ROOT, pin: null },
          { table: TABLE, pin: readKinds[kind] },
        ],
        codec,
        ttlMs: 3_600_000,
        execute: async () => {
          await this.step('query sent');
          const snapshot = this.visible;
          await this.step('query answered');
          return { result: snapshot, payload: snapshot };
        },
      },
      ignored,
    );
    return served.from === 'database' ? served.result : served.payload;
  }

  private judge(kind: ReadKind, answer: number, acknowledgedBefore: number, visibleBefore: number): void {
    const lacksOf = (bits: number): number => this.relevant(kind, bits) & ~answer;
    const lacksAcknowledged = lacksOf(acknowledgedBefore);
    if (lacksAcknowledged !== 0) this.violations.push({ kind: 'ack', read: kind, lacks: lacksAcknowledged });
    // Reads are monotonic only while no intent was lost and the store could be told of each (CONSISTENCY §1).
    const promised = this.scenario.losses.length === 0 && this.scenario.outage === null;
    const lacksVisible = lacksOf(visibleBefore);
    if (promised && lacksVisible !== 0)
      this.violations.push({ kind: 'visible', read: kind, lacks: lacksVisible });
  }

  private relevant(kind: ReadKind, bits: number): number {
    return this.scenario.writes.reduce((mask, write, index) => {
      const shows: readonly ReadKind[] = writeKinds[write.kind].shows;
      return shows.includes(kind) ? mask | (bits & (1 << index)) : mask;
    }, 0);
  }

  private async writer(bit: number, kind: WriteKind, fate: Fate): Promise<void> {
    await this.step(`write ${kind}`);
    const { pins, root, touched }: WriteShape = writeKinds[kind];
    let ended = false;
    const placed = await this.engine.beginWrite([{ table: root ? ROOT : TABLE, pins }], {
      backend: kind,
      hasEnded: async () => ended,
    });
    await this.step('commit sent');
    if (fate === 'orphaned') {
      placed.orphan();
      await this.step('commit still under way');
    }
    if (fate !== 'fails') this.visible |= bit;
    await this.step('commit answered');
    ended = true;
    if (fate === 'orphaned') return;
    const answer = touched === null ? [] : [{ table: TABLE, pins: touched ?? pins }];
    await (fate === 'fails' || touched === undefined ? placed.end() : placed.end(answer));
    if (fate === 'commits') this.acknowledged |= bit;
  }

  private async lose(loss: Scenario['losses'][number]): Promise<void> {
    await this.step(`lose ${loss}`);
    if (loss === 'everything') this.server.execute('FLUSHALL');
    else if (loss === 'table') this.server.execute('DEL', TABLE);
    else this.server.execute('DEL', `${TABLE}:1:a`, `${TABLE}:1:b`, `${TABLE}:2:q`);
  }

  private groupOf(kind: ReadKind): ResultGroup<number> {
    let group = this.groups.get(kind);
    if (group === undefined) this.groups.set(kind, (group = this.engine.createGroup()));
    return group;
  }

  private mirroredStore(): Store {
    const store = embeddedStore(this.server);
    const embedded = store.session();
    const session: Session = {
      ...embedded,
      run: (commands) => this.failing() ?? embedded.run(commands),
      runBinary: (commands) => this.failing() ?? embedded.runBinary(commands),
    };
    return { ...store, session: () => session };
  }

  /** A yield point before every command: another connection's commands may come between. */
  private remoteStore(): Store {
    const embedded = embeddedStore(this.server).session();
    const session: Session = {
      ...embedded,
      run: this.commandByCommand((commands) => embedded.run(commands)),
      runBinary: this.commandByCommand((commands) => embedded.runBinary(commands)),
    };
    return { session: () => session, trouble: () => null };
  }

  private commandByCommand(run: Session['run']): (commands: readonly Command[]) => Promise<Replies> {
    return async (commands) => {
      const replies: Reply[] = [];
      for (const command of commands) {
        await this.step(`store ${String(command[0])}`);
        this.failing();
        replies.push(...(await run([command])));
      }
      return replies;
    };
  }

  private failing(): undefined {
    const { outage } = this.scenario;
    const number = this.commandsRun++;
    if (outage !== null && number >= outage.from && number < outage.from + outage.commands)
      throw new Error('the store is away');
    return undefined;
  }
}
