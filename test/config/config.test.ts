/** Every option: its default, what is accepted, and what is refused, by path and with what is allowed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../src/config/config.js';
import { listOptions, variableOf } from '../../src/config/environment.js';
import type { Config, ResolvedConfig } from '../../src/config/schema.js';
import { createCache, LookasideError } from '../../src/index.js';

const resolve = (config: unknown, environment: Record<string, string> = {}): ResolvedConfig =>
  resolveConfig(config as Config, environment);

function refusalOf(config: unknown, environment: Record<string, string> = {}): string {
  try {
    resolve(config, environment);
  } catch (error) {
    if (error instanceof LookasideError && error.code === 'LOOKASIDE_CONFIG_INVALID') return error.message;
    throw error;
  }
  return 'accepted';
}

const at = (path: string, value: unknown): unknown =>
  path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
const read = (config: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], config);

describe('without options', () => {
  it('everything has its default', () => {
    expect(resolve({})).toEqual({
      namespace: 'default',
      mode: 'on',
      ttl: 60_000,
      ttlUnwatched: 10_000,
      exclude: [],
      consistency: 'strict',
      boundMs: null,
      onStoreDown: 'bypass',
      writeHot: 'bypass',
      transactions: 'bypass',
      effects: {},
      sessions: { key: [], pooler: 'bypass' },
      topology: { kind: 'embedded' },
      persistence: { kind: 'none' },
      memory: { max: expect.any(Number) as number, policy: 'volatile-lru' },
      near: { max: expect.any(Number) as number },
      changes: { kind: 'poll', interval: 1_000 },
      limits: {
        entry: 1_048_576,
        compressAbove: 8_192,
        flights: 10_000,
        statements: 2_000,
        shapesPerTable: 16,
      },
    });
  });

  it('memory is bounded by what the machine or the container has', () => {
    const { memory, near } = resolve({});
    expect(memory.max).toBeLessThanOrEqual(256 * 1_048_576);
    expect(near.max).toBeLessThanOrEqual(64 * 1_048_576);
  });
});

describe('the time to live', () => {
  it('is shorter where writes by others are not seen, unless it is given', () => {
    expect(resolve({ changes: { kind: 'none' } }).ttl).toBe(10_000);
    expect(resolve({ ttl: '1h' })).toMatchObject({ ttl: 3_600_000, ttlUnwatched: 3_600_000 });
  });

  it('takes no interval where nothing is polled', () => {
    expect(refusalOf({ changes: { kind: 'none', interval: '1s' } })).toContain(
      "changes.interval must not be given where changes.kind is 'none'",
    );
  });
});

describe('an option', () => {
  it.each([
    ['namespace', 'shop.v2-eu_1', 'shop.v2-eu_1'],
    ['mode', 'observe', 'observe'],
    ['mode', 'off', 'off'],
    ['ttl', '5m', 300_000],
    ['ttl', 1, 1],
    ['include', ['a', 'public.b'], ['a', 'public.b']],
    ['exclude', ['sessions'], ['sessions']],
    ['consistency', 'strict', 'strict'],
    ['onStoreDown', 'reject', 'reject'],
    ['topology.kind', 'embedded', 'embedded'],
    ['topology.listen', { port: 0 }, { host: '127.0.0.1', port: 0 }],
    [
      'topology.listen',
      { host: '::1', port: 6379, password: 'x' },
      { host: '::1', port: 6379, password: 'x' },
    ],
    ['topology.listen', { path: '/run/cache.sock' }, { host: '127.0.0.1', path: '/run/cache.sock' }],
    ['persistence.kind', 'none', 'none'],
    ['persistence', { kind: 'rdb', dir: '/d' }, { kind: 'rdb', dir: '/d' }],
    [
      'persistence',
      {
        kind: 'rdb+aof',
        dir: '/d',
        save: [{ seconds: 60, changes: 1 }],
        fsync: 'always',
        rewrite: { min: '1mb' },
      },
      {
        kind: 'rdb+aof',
        dir: '/d',
        save: [{ seconds: 60, changes: 1 }],
        fsync: 'always',
        rewrite: { min: 1_048_576 },
      },
    ],
    [
      'effects',
      { f: { writes: ['t'] }, 's.g': { stable: true } },
      {
        f: { writes: ['t'], reads: [], stable: false },
        's.g': { writes: [], reads: [], stable: true },
      },
    ],
    ['memory.max', '4mb', 4_194_304],
    ['memory.policy', 'noeviction', 'noeviction'],
    ['memory.policy', 'volatile-ttl', 'volatile-ttl'],
    ['near.max', '1gb', 1_073_741_824],
    ['near.max', 0, 0],
    ['changes.kind', 'none', 'none'],
    ['changes.interval', '200ms', 200],
    ['limits.entry', 1, 1],
    ['limits.flights', 0, 0],
    ['limits.statements', 1, 1],
    ['limits.shapesPerTable', 0, 0],
  ])('%s takes %j', (path, value, resolved) => {
    expect(read(resolve(at(path, value)), path)).toEqual(resolved);
  });

  const duration = "must be a number of milliseconds or a text like '500ms', '30s', '5m', '2h', '1d'";
  const size = "must be a number of bytes or a text like '512kb', '256mb', '1gb'";
  it.each([
    ['namespace', 'two words', 'namespace must be 1 to 64 of the characters A-Z a-z 0-9 _ . -'],
    ['namespace', 'x'.repeat(65), 'namespace must be 1 to 64 of'],
    ['mode', 'maybe', "mode must be 'on' or 'observe' or 'off'"],
    ['ttl', '10 s', `ttl ${duration}, at least 1 ms`],
    ['ttl', '10', `ttl ${duration}`],
    ['ttl', 0, `ttl ${duration}`],
    ['ttl', -1, `ttl ${duration}`],
    ['ttl', 1.5, `ttl ${duration}`],
    ['ttl', Number.POSITIVE_INFINITY, `ttl ${duration}`],
    ['ttl', null, `ttl ${duration}`],
    ['include', 'products', 'include must be a list of table names'],
    ['include', [''], 'include.0 must be the name of a table'],
    ['exclude', 7, 'exclude must be a list of table names'],
    ['onStoreDown', true, "onStoreDown must be 'bypass' or 'reject'"],
    ['topology', 'embedded', 'topology is not right'],
    ['topology.listen', {}, 'topology.listen needs either port or path'],
    ['topology.listen', { port: 1, path: '/a' }, 'topology.listen needs either port or path'],
    ['topology.listen.port', 65_536, 'topology.listen.port'],
    ['topology.listen.port', '80', 'topology.listen.port must be a port, 0 to 65535'],
    ['topology.listen.password', '', 'topology.listen.password'],
    ['persistence', { kind: 'rdb' }, "persistence.dir is needed where persistence.kind is 'rdb'"],
    ['persistence', { dir: '/d' }, "persistence.dir must not be given where persistence.kind is 'none'"],
    [
      'persistence',
      { kind: 'aof', dir: '/d', save: [] },
      "persistence.save must not be given where persistence.kind is 'aof'",
    ],
    [
      'persistence',
      { kind: 'rdb', dir: '/d', fsync: 'no' },
      "persistence.fsync must not be given where persistence.kind is 'rdb'",
    ],
    ['persistence', { kind: 'aof', dir: '/d', fsync: 'never' }, 'persistence.fsync must be'],
    [
      'persistence',
      { kind: 'rdb', dir: '/d', save: [{ seconds: 0, changes: 1 }] },
      'persistence.save.0.seconds',
    ],
    ['memory.max', '1mb', `memory.max ${size}, at least 4194304 bytes`],
    ['memory.max', '4 MB', `memory.max ${size}`],
    ['near.max', 10, 'near.max must be 0 or a number of bytes'],
    ['limits.entry', '0b', `limits.entry ${size}, at least 1 bytes`],
    ['limits.flights', 1.5, 'limits.flights must be a whole number, at least 0'],
    ['limits.statements', 0, 'limits.statements must be at least 1'],
    ['limits.shapesPerTable', -1, 'limits.shapesPerTable must be at least 0'],
  ])('%s refuses %j and says what is allowed', (path, value, words) => {
    expect(refusalOf(at(path, value))).toContain(words);
  });

  it.each([
    ['changes.kind', ['postgres', 'mysql'], "must be 'poll' or 'none'"],
    [
      'memory.policy',
      ['allkeys-lru', 'allkeys-lfu', 'allkeys-random', 'volatile-lfu', 'volatile-random'],
      "must be 'volatile-lru' or 'volatile-ttl' or 'noeviction'",
    ],
  ])('%s refuses by name what a later version brings', (path, laterWords, allowed) => {
    for (const later of laterWords)
      expect(refusalOf(at(path, later))).toContain(`${path} '${later}' is not in this version: ${allowed}`);
  });

  it.each([
    [{ tll: '10s' }, 'tll is not an option'],
    [{ near: { maximum: '1mb' } }, 'near.maximum is not an option'],
    [{ topology: { listen: { port: 0, tls: true } } }, 'topology.listen.tls is not an option'],
    [{ topology: { kind: 'embedded', uri: 'redis://x' } }, 'topology.uri is not an option'],
    [{ swr: '1m', rules: [] }, 'swr is not an option; rules is not an option'],
  ])('that does not exist is refused: %j', (config, words) => {
    expect(refusalOf(config)).toContain(words);
  });

  it.each(['text', 7, null, [], () => ({})])('is no option but the whole when it is %s', (config) => {
    expect(refusalOf(config)).toContain('the configuration');
  });
});

describe('options together', () => {
  it('may not include and exclude the same table', () => {
    expect(refusalOf({ include: ['a', 'b'], exclude: ['b'] })).toContain(
      'exclude must not name what include names: b',
    );
  });

  it('may not call a function stable that writes, nor name what a function reads that is not stable', () => {
    expect(refusalOf({ effects: { f: { writes: ['t'], stable: true } } })).toContain(
      'a function that writes is not stable',
    );
    expect(refusalOf({ effects: { f: { reads: ['t'] } } })).toContain('reads counts only with stable: true');
  });

  it('may not allow entries larger than what holds them', () => {
    expect(refusalOf({ near: { max: '1mb' }, limits: { entry: '2mb' } })).toContain(
      'limits.entry must not be larger than near.max',
    );
  });

  it('are all told at once', () => {
    const words = refusalOf({ ttl: 'x', mode: 'x', tll: 1 });
    for (const part of ['ttl must be', 'mode must be', 'tll is not an option']) expect(words).toContain(part);
  });

  it('that are wrong never make a cache', () => {
    expect(() => createCache({ ttl: 'soon' as never })).toThrow(
      expect.objectContaining({ code: 'LOOKASIDE_CONFIG_INVALID' }),
    );
  });
});

describe('a variable of the environment', () => {
  it('wins over the code, key by key', () => {
    const resolved = resolve(
      { ttl: '1s', memory: { max: '8mb', policy: 'noeviction' } },
      { LOOKASIDE_TTL: '2s', LOOKASIDE_MEMORY_MAX: '16mb' },
    );
    expect(resolved).toMatchObject({ ttl: 2_000, memory: { max: 16_777_216, policy: 'noeviction' } });
  });

  it('sets lists, numbers and what is nested', () => {
    const environment = {
      LOOKASIDE_EXCLUDE: 'sessions, public.jobs',
      LOOKASIDE_TTL: '250',
      LOOKASIDE_NEAR_MAX: '2097152',
      LOOKASIDE_NAMESPACE: '7',
      LOOKASIDE_ON_STORE_DOWN: 'reject',
      LOOKASIDE_LIMITS_SHAPES_PER_TABLE: '3',
      LOOKASIDE_TOPOLOGY_LISTEN_PORT: '0',
      LOOKASIDE_TOPOLOGY_LISTEN_PASSWORD: '12345',
    };
    expect(resolve({}, environment)).toMatchObject({
      exclude: ['sessions', 'public.jobs'],
      ttl: 250,
      near: { max: 2_097_152 },
      namespace: '7',
      onStoreDown: 'reject',
      limits: { shapesPerTable: 3 },
      topology: { listen: { port: 0, password: '12345' } },
    });
  });

  it('that is no option is refused by its name; those of the tests are left alone', () => {
    expect(refusalOf({}, { LOOKASIDE_TLL: '1s' })).toContain('LOOKASIDE_TLL is not an option');
    expect(refusalOf({}, { LOOKASIDE_TEST_REQUIRE: 'all', PATH: '/bin' })).toBe('accepted');
  });

  it('is refused for its value as an option is', () => {
    expect(refusalOf({}, { LOOKASIDE_TTL: 'soon' })).toContain('ttl must be');
    expect(refusalOf({}, { LOOKASIDE_MODE: '' })).toContain('mode must be');
    expect(refusalOf({}, { LOOKASIDE_CHANGES_KIND: 'mysql' })).toContain("'mysql' is not in this version");
  });

  it('exists for every option, each under one name', () => {
    const names = listOptions().map(variableOf);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('LOOKASIDE_TOPOLOGY_LISTEN_PATH');
    for (const name of names) expect(name).toMatch(/^LOOKASIDE_[A-Z_]+$/);
  });
});

describe('units', () => {
  const durations = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  const sizes = { b: 1, kb: 1_024, mb: 1_048_576, gb: 1_073_741_824 };

  it('of durations mean what they say', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.constantFrom(...(Object.keys(durations) as (keyof typeof durations)[])),
        (amount, unit) => {
          expect(resolve({ ttl: `${amount}${unit}` }).ttl).toBe(amount * durations[unit]);
        },
      ),
    );
  });

  it('of sizes mean what they say', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4_000 }),
        fc.constantFrom(...(Object.keys(sizes) as (keyof typeof sizes)[])),
        (amount, unit) => {
          const bytes = amount * sizes[unit];
          fc.pre(bytes >= 4_194_304);
          expect(resolve({ memory: { max: `${amount}${unit}` } }).memory.max).toBe(bytes);
        },
      ),
    );
  });

  it('that are anything else are refused, and never read as a number', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text));
        expect(refusalOf({ ttl: text })).toContain('ttl must be');
      }),
    );
  });
});
