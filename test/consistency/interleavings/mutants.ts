/**
 * Decides the mutants of the real engine: one change of its source each, of the kind that CONSISTENCY §5.1 lists.
 * The sources are patched as text, so the product carries no hook for its tests.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { EngineClass, Scenario } from './world.js';

const SOURCE = resolve(import.meta.dirname, '../../../src/cache');

export interface Mutant {
  readonly name: string;
  /** Below `src/cache`. */
  readonly file: string;
  /** Each text must occur exactly once. */
  readonly changes: readonly { readonly from: string; readonly to: string; readonly file?: string }[];
  /** Where only one kind of scenario can show it: what the scenario is changed to. */
  readonly within?: (scenario: Scenario) => Scenario;
}

const withTableLoss = (scenario: Scenario): Scenario => ({
  ...shared(scenario),
  losses: ['table'],
  outage: null,
});
const remote = (scenario: Scenario): Scenario => ({ ...scenario, store: 'remote', losses: [], outage: null });
const mirrored = (scenario: Scenario): Scenario => ({
  ...scenario,
  store: 'mirrored',
  losses: [],
  outage: null,
});
const isPrivate = (scenario: Scenario): Scenario => ({
  ...scenario,
  store: 'private',
  losses: [],
  outage: null,
});
/** Not private: where the protocol's conversations are held. */
const shared = (scenario: Scenario): Scenario => ({
  ...scenario,
  store: scenario.store === 'private' ? 'remote' : scenario.store,
});

export const mutants: readonly Mutant[] = [
  {
    name: 'no intent stands around the commit',
    file: 'protocol/intent.ts',
    changes: [
      {
        from: `['HSET', table, field.intent(intent.id), encodeIntent({ pins, ...record })]`,
        to: `['HLEN', table + String(field.intent(intent.id)) + encodeIntent({ pins, ...record })]`,
      },
    ],
    within: shared,
  },
  {
    name: 'END removes the intent and rotates nothing',
    file: 'protocol/intent.ts',
    changes: [
      {
        from: `const commands = rotateTargets(touched, seen, session, random);`,
        to: `const commands: Command[] = []; void seen; void rotateTargets; void random;`,
      },
    ],
    within: shared,
  },
  {
    name: 'INTENT looks at the shapes before it stands',
    file: 'protocol/intent.ts',
    changes: [
      {
        from: `commands.push(readTable(table)); // last: it stands by then`,
        to: `commands.unshift(readTable(table));`,
      },
      {
        from: `replies.slice(intent.targets.length).map(parseTable)`,
        to: `replies.slice(0, intent.targets.length).map(parseTable)`,
      },
    ],
    within: (scenario) => ({
      ...remote(scenario),
      writes: [{ kind: 'a', fate: 'commits' }],
      readers: [{ kind: 'a', times: 4 }],
    }),
  },
  {
    name: 'END removes the intent before it rotates',
    file: 'protocol/intent.ts',
    changes: [
      {
        from: `  const replies = yield commands;
  expectNoError(replies);
  const lost`,
        to: `  commands.push(...commands.splice(0, rotations));
  const replies = yield commands;
  const lost`,
      },
    ],
    within: (scenario) => ({
      ...remote(scenario),
      writes: [{ kind: 'any', fate: 'commits' }],
      readers: [{ kind: 'all', times: 4 }],
    }),
  },
  {
    name: 'a write that is not pinned for a shape leaves the shape alone',
    file: 'protocol/intent.ts',
    changes: [
      {
        from: `if (values === null) rotated.push(field.shape(shape));`,
        to: `if (values === null) continue;`,
      },
    ],
    within: shared,
  },
  {
    name: 'a moved key drops the old value only',
    file: 'protocol/refs.ts',
    changes: [
      {
        from: `  return combinations.map(pinValue);`,
        to: `  return combinations.slice(0, 1).map(pinValue);`,
      },
    ],
  },
  {
    name: 'of what an answer tells only the last value counts',
    file: 'writes.ts',
    changes: [
      {
        from: `end: (touched) => this.end(intent, states, touched),`,
        to: `end: (touched) => this.end(intent, states, touched?.map(({ table, pins }) => ({ table, pins: pins && Object.fromEntries(Object.entries(pins).map(([column, values]) => [column, values.slice(-1)])) }))),`,
      },
    ],
  },
  {
    name: 'what an answer tells of one shape is taken for all shapes',
    file: 'writes.ts',
    changes: [
      {
        from: `end: (touched) => this.end(intent, states, touched),`,
        to: `end: (touched) => this.end(intent, states, touched?.map(({ table, pins }) => ({ table, pins: pins && { '2': [], ...pins } }))),`,
      },
    ],
  },
  {
    name: 'unpinned reads ignore intents that name values',
    file: 'protocol/refs.ts',
    changes: [
      {
        from: `if (ref.pin === null || pins === null) return true;`,
        to: `if (ref.pin === null) return pins === null;
  if (pins === null) return true;`,
      },
    ],
  },
  {
    name: 'an intent is taken as disjoint from a shape it does not name',
    file: 'protocol/refs.ts',
    changes: [
      {
        from: `return written === undefined || written.includes`,
        to: `return written !== undefined && written.includes`,
      },
    ],
  },
  {
    name: 'hits and fills go on under a conflicting intent',
    file: 'protocol/table.ts',
    changes: [
      {
        from: `  return state.intents.some((intent) => conflicts(intent.pins, ref));`,
        to: `  return state.intents.some((intent) => conflicts(intent.pins, ref)) && state.intents.length > 99;`,
      },
    ],
    within: shared,
  },
  {
    name: 'a missing token of a value counts as fresh',
    file: 'protocol/table.ts',
    changes: [
      {
        from: `shape === undefined || valueToken === null) return null;`,
        to: `shape === undefined) return null;`,
      },
    ],
    within: shared,
  },
  {
    name: 'tokens come back after a loss, as counters do',
    file: 'protocol/table.ts',
    changes: [
      {
        from: `[name, random.hex(TOKEN_BYTES)]`,
        to: `[name, random.hex(TOKEN_BYTES) && 'first']`,
      },
      {
        file: 'protocol/lookup.ts',
        from: `(): string => context.random.hex(TOKEN_BYTES);`,
        to: `(): string => context.random.hex(TOKEN_BYTES) && 'first';`,
      },
    ],
    within: (scenario) => ({
      ...withTableLoss(scenario),
      writes: [{ kind: 'any', fate: 'commits' }],
      readers: [
        { kind: 'all', times: 3 },
        { kind: 'all', times: 3 },
        { kind: 'all', times: 3 },
      ],
    }),
  },
  {
    name: 'readers who ask together read the tokens of values before their table',
    file: 'tokens/joint-reads.ts',
    changes: [
      {
        from: `    return commands;`,
        to: `    return [...commands.slice(this.tables.length), ...commands.slice(0, this.tables.length)];`,
      },
      {
        from: `    expectNoError(replies);`,
        to: `    const values = replies.length - this.tables.length;
    replies = [...replies.slice(values), ...replies.slice(0, values)];`,
      },
    ],
    within: (scenario) => ({
      ...remote(scenario),
      room: 8,
      writes: [{ kind: 'a', fate: 'commits' }],
      readers: [
        { kind: 'a', times: 4 },
        { kind: 'a', times: 4 },
        { kind: 'a', times: 4 },
      ],
    }),
  },
  {
    name: 'a reader joins others whose question was sent before it began',
    file: 'tokens/joint-reads.ts',
    changes: [
      { from: `    this.rounds.clear();\n`, to: `` },
      { from: `round.isFull) {`, to: `round.isFull || (round as any).isOver) {` },
      { from: `if (this.rounds.size === 0) process`, to: `process` },
      {
        from: `    try {
      const session`,
        to: `    if ((this as any).isSent) return;
    (this as any).isSent = true;
    try {
      const session`,
      },
      { from: `    expectNoError(replies);`, to: `    (this as any).isOver = true;` },
      {
        from: `    for (const reader of this.readers.slice`,
        to: `    (this as any).isOver = true;\n    for (const reader of this.readers.slice`,
      },
    ],
    within: (scenario) => ({
      ...remote(scenario),
      room: 100,
      writes: [{ kind: 'any', fate: 'commits' }],
      readers: [
        { kind: 'a', times: 4 },
        { kind: 'a', times: 4 },
        { kind: 'a', times: 4 },
      ],
    }),
  },
  {
    name: 'a result is stamped after its query',
    file: 'engine.ts',
    changes: [
      {
        from: `this.fills.fill(request, dependencies, cells, done, flight.taken);`,
        to: `const late = await this.tokens.capture(cells, { refs: [], vector: [] }, request.ttlMs);
      this.fills.fill(request, typeof late === 'string' ? dependencies : late, cells, done);`,
      },
    ],
    within: remote,
  },
  {
    name: 'a flight is joined without a look-up of one’s own, before it took off or after it landed',
    file: 'flights.ts',
    changes: [
      {
        from: `if (flight === undefined || !sameVector(flight.own.vector, vector)) return undefined;`,
        to: `if (flight === undefined) return undefined;`,
      },
      {
        file: 'engine.ts',
        from: `if (!(await this.vouching.mayTake(own, dependencies))) return null;`,
        to: `await this.vouching.mayTake(own, dependencies);`,
      },
    ],
    within: (scenario) => ({
      ...mirrored(scenario),
      writes: [{ kind: 'any', fate: 'commits' }],
      readers: [
        { kind: 'all', times: 1 },
        { kind: 'all', times: 1 },
      ],
    }),
  },
  {
    name: 'a decoded result is served without looking at its tokens',
    file: 'engine.ts',
    changes: [
      {
        from: `if (this.tokens.tokenOf(cell) !== dependencies.vector[index]) return false;`,
        to: `if (this.tokens.tokenOf(cell) === undefined) return false;`,
      },
    ],
    within: mirrored,
  },
  {
    name: 'what the mirror derived from a table outlives the table’s change',
    file: 'tokens/mirror.ts',
    changes: [{ from: `    this.version++;\n`, to: `` }],
    within: mirrored,
  },
  {
    name: 'the mirror does not hear of a dropped value',
    file: 'tokens/mirror.ts',
    changes: [
      { from: `else this.cellsByValueKey.get(key)?.forget();`, to: `else this.cellsByValueKey.get(key);` },
    ],
    within: mirrored,
  },
  {
    name: 'RESOLVE removes the intent without rotating',
    file: 'writes.ts',
    changes: [
      {
        from: `        this.options.counters.resolved++;
        await this.end(intent, null);`,
        to: `      this.options.counters.resolved++;
      await (this.options.tokens as any).store.session().run(intent.targets.map(({ table }) => ['HDEL', table, 'i:' + intent.id]));`,
      },
    ],
    within: shared,
  },
  {
    name: 'an intent whose outcome is unknown is dropped',
    file: 'writes.ts',
    changes: [
      {
        from: `orphan: () => this.orphan(intent, owner),`,
        to: `orphan: () => { void this.orphan; void owner; void this.end(intent, states); },`,
      },
    ],
  },
  {
    name: 'serving goes on although the store was not told of a write',
    file: 'writes.ts',
    changes: [
      { from: `return this.untold.size === 0 && !this.debts.isUntold;`, to: `return this.untold.size >= 0;` },
    ],
    within: (scenario) => ({
      ...shared(scenario),
      losses: [],
      outage: { from: scenario.outage?.from ?? 8, commands: 4 },
    }),
  },
  {
    name: 'an END that failed is not tried again',
    file: 'writes.ts',
    changes: [
      {
        from: `    this.debts.add(intent.targets, { isUntold: true });`,
        to: `    void (this.options.tokens as any).store.session().run(intent.targets.map(({ table }) => ['HDEL', table, 'i:' + intent.id]));`,
      },
    ],
    within: (scenario) => ({
      ...shared(scenario),
      losses: [],
      outage: { from: scenario.outage?.from ?? 8, commands: 1 },
    }),
  },
  {
    name: 'what a table lost is taken for what was there before',
    file: 'protocol/intent.ts',
    changes: [
      {
        from: `const rotated: string[] = [field.any];`,
        to: `const rotated: string[] = target.pins === null ? [field.any] : [];`,
      },
    ],
    within: withTableLoss,
  },
  {
    name: 'no intent of this process stands around the commit',
    file: 'tokens/local.ts',
    changes: [
      { from: `known.intents = [...known.intents, { intent, pins }];`, to: `void pins; void known;` },
    ],
    within: isPrivate,
  },
  {
    name: 'END in this process removes the intent and rotates nothing',
    file: 'tokens/local.ts',
    changes: [{ from: `    this.invalidate(touched);\n`, to: `` }],
    within: isPrivate,
  },
  {
    name: 'hits in this process go on under a conflicting intent',
    file: 'tokens/local.ts',
    changes: [
      {
        from: `return cell.table.intents.length > 0 && isBlocked(cell) ? null : cell.token;`,
        to: `return cell.token;`,
      },
    ],
    within: isPrivate,
  },
  {
    name: 'fills in this process go on under a conflicting intent',
    file: 'tokens/local.ts',
    changes: [{ from: `isBlocked(cell)) return 'write-under-way';`, to: `!cell) return 'write-under-way';` }],
    within: isPrivate,
  },
  {
    name: 'a shape that the write does not name keeps its tokens in this process',
    file: 'tokens/local.ts',
    changes: [{ from: `if (values === null) shape.epoch++;`, to: `if (values === null) void shape.epoch;` }],
    within: isPrivate,
  },
  {
    name: 'a token of an earlier epoch counts as captured',
    file: 'tokens/local.ts',
    changes: [
      {
        from: `if (cell.token !== null && cell.epoch === epoch) return cell.token;`,
        to: `if (cell.token !== null) return ((cell.epoch = epoch), cell.token);`,
      },
    ],
    within: isPrivate,
  },
  {
    name: 'a value that was written keeps its token in this process',
    file: 'tokens/local.ts',
    changes: [{ from: `if (cell !== undefined) cell.token = null;`, to: `void cell;` }],
    within: isPrivate,
  },
];

/** Builds the engine with the mutant's change in it. */
export async function mutate(mutant: Mutant): Promise<{ Engine: EngineClass; dispose: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'lookaside-mutant-'));
  const outfile = join(folder, 'engine.mjs');
  await build({
    entryPoints: [join(SOURCE, 'engine.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    logLevel: 'silent',
    plugins: [
      {
        name: 'mutate',
        setup(builder) {
          builder.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
            contents: patched(readFileSync(path, 'utf8'), relative(SOURCE, path), mutant),
            loader: 'ts',
          }));
        },
      },
    ],
  });
  const { Engine } = (await import(pathToFileURL(outfile).href)) as { Engine: EngineClass };
  return { Engine, dispose: () => rm(folder, { recursive: true }) };
}

/** A file below `src/cache` with the changes in it that concern it. */
export function patched(source: string, file: string, { name, file: usual, changes }: Mutant): string {
  return changes
    .filter((change) => (change.file ?? usual) === file)
    .reduce((text, { from, to }) => {
      const parts = text.split(from);
      if (parts.length !== 2)
        throw new Error(`mutant "${name}": a text of it occurs ${parts.length - 1} times, not once`);
      return parts.join(to);
    }, source);
}
