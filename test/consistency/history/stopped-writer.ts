/**
 * A process is killed, or stopped past every deadline, at each step of a write, while others go on reading: what was
 * committed is never missed, and what was not is never shown. Knows no driver.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../scripts/lib/redis-process.js';
import { lasting } from '../../support/lasting.js';
import { type Application, Applications } from './applications.js';
import { type Bundle, bundleApplication } from './bundle.js';
import type { DatabaseName, DatabasePlace, Pool } from './database.js';
import { databaseAt } from './databases.js';
import { type Step, stepsOf } from './steps.js';
import { Tables } from './tables.js';
import { startTopology, type Topology } from './topologies.js';

const writes = {
  statement: ['update steps set version = version + 1 where id = 1'],
  transaction: ['begin', 'update steps set version = version + 1 where id = 1', 'commit'],
} as const;

const READS = 10;
/** More than the time limits of a process that runs on. */
const STOPPED_MS = 800;

export interface StepsOptions {
  /** An empty database, for this suite alone. */
  readonly createDatabase: () => Promise<{ readonly place: DatabasePlace; drop(): Promise<void> }>;
  readonly kind: DatabaseName;
  /** Which steps of a transaction are tried: those of its COMMIT are not those of a statement. */
  readonly isTried: (step: Step) => boolean;
}

/** A suite: to be given to `describe…`. */
export const writerStopped =
  ({ createDatabase, kind: database, isTried }: StepsOptions) =>
  (): void => {
    let bundle: Bundle;
    let topology: Topology;
    let ground: Awaited<ReturnType<StepsOptions['createDatabase']>>;
    let plain: Pool;
    let applications: Applications;
    let readers: readonly Application[];
    let writer: Application;

    beforeAll(async () => {
      [bundle, topology, ground] = await Promise.all([
        bundleApplication(null),
        startTopology('single'),
        createDatabase(),
      ]);
      const asked = databaseAt(ground.place);
      plain = asked.open(ground.place, { max: 2 });
      await new Tables().create(async (sql) => (await plain.script(sql)).at(-1)?.rows ?? [], asked);
      await plain.query('create table steps (id int primary key, version int)');
      await plain.query('insert into steps values (1, 0)');
      applications = await Applications.start({
        entry: bundle.file,
        count: 3,
        topology,
        database: ground.place,
        config: {},
        seed: 1,
        callers: 1,
        slow: { share: 0, factor: 1 },
        proxied: 1,
      });
      readers = applications.all.slice(0, 2);
      [writer] = applications.proxied as [Application]; // the third
    });
    afterAll(async () => {
      await applications.abandon();
      await plain.end();
      await Promise.all([ground.drop(), topology.stop(), bundle.dispose()]);
    });

    const truth = async (): Promise<number> =>
      Number((await plain.query('select version from steps where id = 1')).rows[0]?.['version'] ?? -1);
    const seenBy = async (reader: Application): Promise<number> => {
      const [row] = await reader.query('select version from steps where id = 1');
      return (row as { version: number }).version;
    };
    /** What they see is what the database showed at some moment of the read. */
    const expectTheTruth = async (): Promise<void> => {
      for (let times = 0; times < READS; times++)
        for (const reader of readers) {
          const least = await truth();
          const seen = await seenBy(reader);
          expect(seen).toBeGreaterThanOrEqual(least);
          expect(seen).toBeLessThanOrEqual(await truth());
        }
    };
    /** Nothing stands in the way any more. */
    const expectHits = (): Promise<void> =>
      eventually('the readers hit again', async () => {
        const hits = await Promise.all(readers.map((reader) => reader.hits()));
        await expectTheTruth();
        const after = await Promise.all(readers.map((reader) => reader.hits()));
        return after.every((count, index) => count > (hits[index] ?? 0));
      });
    /** Everybody has it in the cache, then the write has come to the step. */
    const begin = async (
      step: Step,
      texts: readonly string[],
    ): Promise<{ written: Promise<unknown>; before: number; release: () => void }> => {
      await expectHits();
      const before = await truth();
      const { network } = writer;
      if (network === null) throw new Error('the writer has proxies');
      const reached = step.reached(network);
      const written = writer.query(...texts);
      written.catch(() => undefined); // it is killed
      const { release } = await reached;
      return { written, before, release };
    };

    describe.each(['statement', 'transaction'] as const)('a %s', (kind) => {
      it.each(stepsOf(kind, database).filter((step) => kind === 'statement' || isTried(step)))(
        'see the truth when it is killed $name',
        async (step) => {
          const { before, release } = await begin(step, writes[kind]);
          await writer.kill();
          await expectTheTruth();
          release(); // what it had sent arrives late, where its connection is not reset
          await expectTheTruth();
          await writer.restart();
          await expectHits();
          if (step.commits) expect(await truth()).toBe(before + 1);
        },
      );
    });

    it.each(stepsOf('statement', database))(
      'see the truth when it is stopped $name, and goes on',
      async (step) => {
        const { written, before, release } = await begin(step, writes.statement);
        writer.pause();
        await expectTheTruth();
        await lasting(STOPPED_MS);
        release();
        await expectTheTruth();
        writer.resume();
        const outcome = await written.then(
          () => 'acknowledged',
          () => 'failed',
        );
        if (outcome === 'acknowledged') expect(await truth()).toBe(before + 1);
        await expectTheTruth();
        await expectHits();
      },
    );
  };
