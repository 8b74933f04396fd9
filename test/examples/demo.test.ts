/** The demo on real Postgres: its figures, that it sees stale reads where there are some, and that it leaves nothing behind. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { Ledger } from '../../examples/demo/load/ledger.js';
import { findMariadb } from '../../scripts/lib/mariadb.js';
import { findPostgresPackage, postgresPackageName } from '../../scripts/lib/postgres-binaries.js';
import { missingPrograms } from '../support/sentinel.js';
import { describeWith } from '../support/servers.js';

const demoTimeoutMs = 120_000;
const running = new Set<ChildProcess>();

afterEach(() => {
  for (const child of running) child.kill('SIGTERM');
});

interface Demo {
  readonly child: ChildProcess;
  /** So far. */
  readonly output: () => string;
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
  /** Resolves when the output contains this, rejects when the demo ends without it. */
  said(text: string): Promise<void>;
}

function runDemo(...args: readonly string[]): Demo {
  const child = spawn(process.execPath, ['scripts/demo.mjs', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let output = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      for (const listener of listeners) listener();
    });
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once('close', (code) => {
      running.delete(child);
      resolve({ code, output });
    });
  });
  return {
    child,
    output: () => output,
    ended,
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (output.includes(text)) resolve();
        };
        listeners.add(look);
        look();
        void ended.then(() => reject(new Error(`The demo ended without saying "${text}":\n${output}`)));
      }),
  };
}

const lastLineOf = (output: string): string => output.trimEnd().split('\n').at(-1) ?? '';

/** Of a process and of everything it started, by /proc. */
function descendantsOf(pid: number): readonly number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => parentOf(candidate) === pid);
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

/** Null for a process that ended, also when nobody has collected it yet. */
function parentOf(pid: number): number | null {
  try {
    // "pid (name) state ppid …": the name may hold anything, so what follows the last bracket counts.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? null : Number(parent);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return null; // it ended while we looked
    throw error;
  }
}

/** The last to go are shells that watch over servers: they end when they read that all is well. */
const allEnded = (pids: readonly number[]): Promise<void> =>
  expect.poll(() => pids.filter((pid) => parentOf(pid) !== null), { timeout: 10_000 }).toEqual([]);

const aNumber = expect.any(Number) as unknown;
const anyFigures = {
  requestsPerSecond: aNumber,
  p50Ms: aNumber,
  p99Ms: aNumber,
  databaseQueries: aNumber,
  hitRatio: aNumber,
  invalidations: aNumber,
  staleAfterAck: aNumber,
};
type Figures = Readonly<Record<keyof typeof anyFigures, number>>;

function figuresIn(line: string): { readonly without: Figures; readonly with: Figures } {
  const figures: unknown = JSON.parse(line);
  expect(figures).toEqual({ without: anyFigures, with: anyFigures });
  return figures as { without: Figures; with: Figures };
}

describeWith({
  name: 'the demo',
  server: 'Postgres from npm',
  missing: findPostgresPackage() === null ? `${postgresPackageName()} is not installed` : null,
  suite: () => {
    it(
      'runs without and with lookaside, and no reply lacks an acknowledged write',
      async () => {
        const { code, output } = await runDemo('--seconds', '4', '--json').ended;
        const { without, with: cached } = figuresIn(lastLineOf(output));
        expect([without.staleAfterAck, cached.staleAfterAck]).toEqual([0, 0]);
        expect(without.databaseQueries).toBeGreaterThan(0);
        expect(without.hitRatio).toBe(0);
        expect(cached.hitRatio).toBeGreaterThan(0);
        expect(cached.invalidations).toBeGreaterThan(0);
        expect(output).toContain('GeoNames');
        expect(code).toBe(0);
      },
      demoTimeoutMs,
    );

    describeWith({
      name: 'with two processes of the API that share their cache',
      server: 'redis-server and redis-sentinel',
      missing: missingPrograms(['redis-server', 'redis-sentinel']),
      suite: () => {
        it.each(['single', 'sentinel', 'cluster'])(
          'on %s: no reply of either lacks a write that the other acknowledged',
          async (topology) => {
            const { code, output } = await runDemo('--seconds', '4', '--json', '--topology', topology).ended;
            expect(code, output).toBe(0);
            const { without, with: cached } = figuresIn(lastLineOf(output));
            expect([without.staleAfterAck, cached.staleAfterAck]).toEqual([0, 0]);
            expect(cached.hitRatio).toBeGreaterThan(0);
            expect(cached.invalidations).toBeGreaterThan(0);
          },
          demoTimeoutMs,
        );
      },
    });

    describeWith({
      name: 'on MariaDB',
      server: 'mariadbd',
      missing: findMariadb() === null ? 'mariadbd is not on the PATH' : null,
      suite: () => {
        it(
          'runs without and with lookaside, and no reply lacks an acknowledged write',
          async () => {
            const { code, output } = await runDemo('--seconds', '4', '--json', '--database', 'mariadb').ended;
            expect(code, output).toBe(0);
            const { without, with: cached } = figuresIn(lastLineOf(output));
            expect([without.staleAfterAck, cached.staleAfterAck]).toEqual([0, 0]);
            expect(without.databaseQueries).toBeGreaterThan(0);
            expect(cached.hitRatio).toBeGreaterThan(0);
            expect(cached.invalidations).toBeGreaterThan(0);
          },
          demoTimeoutMs,
        );
      },
    });

    it(
      'counts the stale replies of a cache that no write invalidates, and fails',
      async () => {
        const { code, output } = await runDemo('--seconds', '4', '--json', '--naive').ended;
        const line = output.split('\n').find((candidate) => candidate.startsWith('{')) ?? '';
        const { without, with: cached } = figuresIn(line);
        expect(without.staleAfterAck).toBe(0);
        expect(cached.staleAfterAck).toBeGreaterThan(0);
        expect(code).toBe(1);
      },
      demoTimeoutMs,
    );

    it.runIf(process.platform === 'linux')(
      'takes everything with it when it is interrupted',
      async () => {
        const demo = runDemo('--seconds', '600', '--naive');
        await demo.said('queries');
        const started = descendantsOf(demo.child.pid ?? 0);
        expect(started.length).toBeGreaterThanOrEqual(4); // the demo, Postgres, the API, the load generator
        demo.child.kill('SIGINT');
        expect((await demo.ended).code).toBe(130);
        await allEnded(started);
      },
      demoTimeoutMs,
    );

    it.runIf(process.platform === 'linux')(
      'ends when a part of it dies, and says which',
      async () => {
        const demo = runDemo('--seconds', '600', '--naive');
        await demo.said('queries');
        const started = descendantsOf(demo.child.pid ?? 0);
        const api = started.find((pid) =>
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('api-process'),
        );
        process.kill(api ?? 0, 'SIGKILL');
        const { code, output } = await demo.ended;
        expect(code).toBe(1);
        expect(output).toContain('The API (without) ended unexpectedly');
        await allEnded(started);
      },
      demoTimeoutMs,
    );

    it('refuses a duration it cannot keep', async () => {
      const { code, output } = await runDemo('--seconds', 'soon').ended;
      expect(output).toContain('--seconds is a number from 1 to 86400');
      expect(code).toBe(1);
    });
  },
});

describe('the ledger of the load generator', () => {
  const paris = { id: 1, place: { country: 'FR', prefix: 'par' } };
  const listed = (id: number, population: number, version: number) => ({
    id,
    name: `city ${id}`,
    country: 'FR',
    population,
    version,
  });

  function acknowledge(ledger: Ledger, id: number, version: number, population = 0): void {
    ledger.writeSent(id, { country: 'FR', prefix: 'par' });
    ledger.writeAcknowledged({ id, version, population });
  }

  it('calls a reply stale that lacks a write acknowledged before the request', () => {
    const ledger = new Ledger();
    acknowledge(ledger, 1, 1);
    const sentAt = ledger.moment();
    expect(ledger.isStaleCity({ id: 1, version: 0 }, sentAt)).toBe(true);
    expect(ledger.isStaleCity({ id: 1, version: 1 }, sentAt)).toBe(false);
    expect(ledger.isStaleCity({ id: 2, version: 0 }, sentAt)).toBe(false);
  });

  it('does not blame a reply for a write acknowledged after the request', () => {
    const ledger = new Ledger();
    acknowledge(ledger, 1, 1);
    const sentAt = ledger.moment();
    acknowledge(ledger, 1, 2);
    expect(ledger.isStaleCity({ id: 1, version: 1 }, sentAt)).toBe(false);
    expect(ledger.isStaleCity({ id: 1, version: 1 }, ledger.moment())).toBe(true);
  });

  it('takes acknowledgements in any order', () => {
    const ledger = new Ledger();
    ledger.writeSent(paris.id, paris.place);
    ledger.writeSent(paris.id, paris.place);
    ledger.writeAcknowledged({ id: 1, version: 2, population: 20 });
    ledger.writeAcknowledged({ id: 1, version: 1, population: 10 });
    expect(ledger.floorOf(1, ledger.moment())).toBe(2);
  });

  it('adds up the versions of a country', () => {
    const ledger = new Ledger();
    acknowledge(ledger, 1, 3);
    acknowledge(ledger, 2, 2);
    const sentAt = ledger.moment();
    expect(ledger.isStaleTotal({ code: 'FR', versions: 4 }, sentAt)).toBe(true);
    expect(ledger.isStaleTotal({ code: 'FR', versions: 5 }, sentAt)).toBe(false);
    expect(ledger.isStaleTotal({ code: 'DE', versions: 0 }, sentAt)).toBe(false);
  });

  it('misses a city in a list that its acknowledged population puts there', () => {
    const ledger = new Ledger();
    acknowledge(ledger, 1, 1, 500);
    const sentAt = ledger.moment();
    const without = [listed(2, 900, 0), listed(3, 400, 0)];
    expect(ledger.isStaleList({ country: 'FR' }, without, 2, sentAt)).toBe(true);
    expect(ledger.isStaleList({ prefix: 'par' }, without, 2, sentAt)).toBe(true);
    expect(ledger.isStaleList({ prefix: 'lon' }, without, 2, sentAt)).toBe(false);
    const outranked = [listed(2, 900, 0), listed(3, 600, 0)];
    expect(ledger.isStaleList({ country: 'FR' }, outranked, 2, sentAt)).toBe(false);
  });

  it('does not miss a city whose population is being written', () => {
    const ledger = new Ledger();
    acknowledge(ledger, 1, 1, 500);
    const sentAt = ledger.moment();
    ledger.writeSent(paris.id, paris.place);
    const without = [listed(2, 900, 0), listed(3, 400, 0)];
    expect(ledger.isStaleList({ country: 'FR' }, without, 2, sentAt)).toBe(false);
  });
});
