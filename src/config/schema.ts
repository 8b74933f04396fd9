/**
 * Decides every option: its name, type, default, limits and what it is for. Types, environment variables,
 * `docs/config.md` and error texts derive from here. What this version cannot honour is refused by name.
 */
import { totalmem } from 'node:os';
import { z } from 'zod';
import { count, duration, size, sizeOrNone, word } from './fields.js';
import { persistenceSchema } from './persistence.js';
import { topologySchema } from './topology.js';

const MEGABYTE = 1_048_576;

const POLL_INTERVAL_MS = 1_000;
const TTL_MS_WATCHED = 60_000;
const TTL_MS_UNWATCHED = 10_000;
const BOUND_MS = 1_000;

/** What the container allows, or the machine has. */
function memoryLimitBytes(): number {
  const constrained = process.constrainedMemory();
  const total = totalmem();
  return constrained > 0 && constrained < total ? constrained : total;
}

const tableNames = z.array(z.string().min(1, 'must be the name of a table'), 'must be a list of table names');

const settingNames = z
  .array(
    z
      .string()
      .regex(/^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)+$/, "must be names of settings such as 'app.tenant_id'")
      .transform((name) => name.toLowerCase()),
    'must be a list of names of settings',
  )
  .refine((names) => new Set(names).size === names.length, 'must not name one twice');

const functionEffects = z.record(
  z.string().min(1),
  z
    .strictObject({
      writes: tableNames.default([]).describe('All tables that it may change itself.'),
      reads: tableNames.default([]).describe('All tables that its result depends on.'),
      stable: z
        .boolean()
        .default(false)
        .describe('Its result depends on its arguments and `reads` alone: what calls it may be cached.'),
    })
    .refine(({ writes, stable }) => !stable || writes.length === 0, 'a function that writes is not stable')
    .refine(({ reads, stable }) => stable || reads.length === 0, 'reads counts only with stable: true'),
  'must be a list of functions by name',
);

export const configSchema = z
  .strictObject({
    namespace: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'must be 1 to 64 of the characters A-Z a-z 0-9 _ . -')
      .default('default')
      .describe('Tells caches apart. The same namespace in one process is the same cache.'),
    mode: word(['on', 'observe', 'off'])
      .default('on')
      .describe(
        'on: serve and store. observe: serve nothing and count what would have been hits. off: withCache returns the pool as it is.',
      ),
    ttl: duration(1)
      .optional()
      .describe(
        'How long a result may be served at most. Default: 60s, or 10s where changes.kind is none and where writes made by others cannot be seen.',
      ),
    include: tableNames.optional().describe('Cache only results that read nothing but these tables.'),
    exclude: tableNames.default([]).describe('Never cache results that read one of these tables.'),
    consistency: word(['strict', 'bounded'])
      .default('strict')
      .describe(
        'strict: no read is older than an acknowledged write. bounded: the same within this process, and hits that ask no server; what other processes write is seen when the server tells of it, within the bound.',
      ),
    bound: duration(20)
      .optional()
      .describe('Of bounded: how long a hit may go on without a sign of life from the server. Default: 1s.'),
    onStoreDown: word(['bypass', 'reject'])
      .default('bypass')
      .describe(
        'When the store cannot be told of a write. bypass: write, and serve nothing until it was told. reject: fail the write.',
      ),
    writeHot: word(['bypass', 'cache'])
      .default('bypass')
      .describe(
        'Tables that are written so often that results about all of their rows end before they are used. bypass: run such reads on the database for a while, then try again. cache: keep them all the same.',
      ),
    transactions: word(['bypass', 'untilWrite'])
      .default('bypass')
      .describe(
        'Reads inside a transaction. bypass: all of them go to the database. untilWrite: at READ COMMITTED they use the cache until the transaction writes or locks something.',
      ),
    sessions: z
      .strictObject({
        key: settingNames
          .default([])
          .describe(
            "Settings of the application's own, such as app.tenant_id, that policies of row security read: results under different values are kept apart.",
          ),
        pooler: word(['bypass', 'transaction'])
          .default('bypass')
          .describe(
            'Behind a pooler that gives each transaction another connection to the server (pgbouncer, pool_mode=transaction). bypass: nothing is cached. transaction: it is; you say that all its connections lead to one primary and are set alike, and that nothing is set outside of a transaction but what the pooler itself tracks.',
          ),
      })
      .prefault({})
      .describe('What connections are set to.'),
    effects: functionEffects
      .default({})
      .describe(
        'What functions and trigger functions of the database do where their code cannot be read (dynamic SQL, C, other languages), by name: { refresh_totals: { writes: ["totals"] }, fx_rate: { reads: ["rates"], stable: true } }. It is believed as it stands.',
      ),
    topology: topologySchema.prefault({}).describe('Where the cache lives.'),
    persistence: persistenceSchema
      .prefault({})
      .describe('What of the embedded server outlives the process. Results of queries are stored anew.'),
    memory: z
      .strictObject({
        max: size(4 * MEGABYTE)
          .default(() => Math.min(256 * MEGABYTE, Math.floor(memoryLimitBytes() / 8)))
          .describe(
            'What the embedded server may hold. Default: an eighth of the memory limit, at most 256mb.',
          ),
        policy: word(
          ['volatile-lru', 'volatile-ttl', 'noeviction'],
          ['allkeys-lru', 'allkeys-lfu', 'allkeys-random', 'volatile-lfu', 'volatile-random'],
        )
          .default('volatile-lru')
          .describe('What gives way when it is full. Tokens carry no time to live and never do.'),
      })
      .prefault({})
      .describe('The embedded server.'),
    near: z
      .strictObject({
        max: sizeOrNone(MEGABYTE)
          .default(() => Math.min(64 * MEGABYTE, Math.floor(memoryLimitBytes() / 16)))
          .describe(
            'Decoded results kept in this process; 0: none. Default: a sixteenth of the memory limit, at most 64mb.',
          ),
      })
      .prefault({})
      .describe('Decoded results kept in this process.'),
    changes: z
      .strictObject({
        kind: word(['poll', 'none'], ['postgres', 'mysql'])
          .default('poll')
          .describe(
            'poll: one short query per interval and database, over its statistics (Postgres) or the position of its log (MySQL and MariaDB, where log_bin is on, and gtid_mode on MySQL), without rights. none: they are seen when the ttl ends.',
          ),
        interval: duration(50).optional().describe('Of the poll. Default: 1s.'),
      })
      .prefault({})
      .refine(({ kind, interval }) => kind === 'poll' || interval === undefined, {
        path: ['interval'],
        error: "must not be given where changes.kind is 'none'",
      })
      .describe('How writes that do not pass through this cache are seen.'),
    limits: z
      .strictObject({
        entry: size(1).default(MEGABYTE).describe('Larger results are not stored.'),
        compressAbove: size(0)
          .default(8_192)
          .describe('Larger results are compressed in a store that others share.'),
        flights: count(0)
          .default(10_000)
          .describe('Executions shared at once; beyond, every caller runs its own.'),
        statements: count(1).default(2_000).describe('Statement texts understood at once, per pool.'),
        shapesPerTable: count(0)
          .default(16)
          .describe(
            'Sets of columns that reads are tracked by, per table; beyond, a read depends on its whole table.',
          ),
      })
      .prefault({})
      .describe('Limits of what grows with use.'),
  })
  .superRefine((config, context) => {
    const both = config.exclude.filter((name) => config.include?.includes(name) === true);
    if (both.length > 0)
      context.addIssue({
        code: 'custom',
        path: ['exclude'],
        message: `must not name what include names: ${both.join(', ')}`,
      });
    if (config.persistence.kind !== 'none' && config.topology.kind !== 'embedded')
      context.addIssue({
        code: 'custom',
        path: ['persistence', 'kind'],
        message: `must be 'none' where topology.kind is '${config.topology.kind}': what that server keeps is set there`,
      });
    if (config.consistency === 'strict' && config.bound !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['bound'],
        message: "must not be given where consistency is 'strict'",
      });
    if (config.consistency === 'bounded' && config.topology.kind === 'embedded')
      context.addIssue({
        code: 'custom',
        path: ['consistency'],
        message: "must be 'strict' where topology.kind is 'embedded': hits ask nobody there",
      });
    if (config.near.max > 0 && config.limits.entry > config.near.max)
      context.addIssue({
        code: 'custom',
        path: ['limits', 'entry'],
        message: 'must not be larger than near.max',
      });
  })
  .transform(({ ttl, changes, bound, ...config }) => ({
    ...config,
    changes: { ...changes, interval: changes.interval ?? POLL_INTERVAL_MS },
    ttl: ttl ?? (changes.kind === 'poll' ? TTL_MS_WATCHED : TTL_MS_UNWATCHED),
    /** Where writes by others turn out not to be seen. */
    ttlUnwatched: ttl ?? TTL_MS_UNWATCHED,
    /** Null where every hit asks. */
    boundMs: config.consistency === 'bounded' ? (bound ?? BOUND_MS) : null,
  }));

/** What a user writes. */
export type Config = z.input<typeof configSchema>;

/** With every default in place, durations in ms and sizes in bytes. */
export type ResolvedConfig = z.output<typeof configSchema>;
