/** A server killed under load, in each way of making its append only file last, loses no more than it may. */
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededRandom } from '../../src/clock.js';
import { type Bundle, bundle } from '../consistency/history/bundle.js';
import { describeWithRedis } from '../support/servers.js';
import { ownFolder } from './aof-servers.js';
import { CrashRounds, type FsyncMode } from './crash/rounds.js';

/** The long run is `npm run soak -- crash`. */
const ROUNDS = Number(process.env['LOOKASIDE_CRASH_ROUNDS'] ?? 3);

describeWithRedis('a server killed under load', () => {
  let built: Bundle;
  beforeAll(async () => {
    built = await bundle({ entry: 'src/bin.ts' }, null);
  });
  afterAll(() => built.dispose());

  it.each<FsyncMode>(['always', 'everysec', 'no'])(
    'loses no more than %s may',
    { timeout: 180_000 },
    async (mode) => {
      const folder = await ownFolder();
      const rounds = new CrashRounds({
        mode,
        folder,
        random: seededRandom(7),
        start: (options) => spawn(process.execPath, [built.file, 'serve', ...options], { cwd: folder }),
      });
      try {
        for (let round = 0; round < ROUNDS; round++) {
          const report = await rounds.run();
          expect(report.acknowledged).toBeGreaterThan(0);
          expect(report.lostTooOld).toBe(0);
        }
      } finally {
        await rounds.stop();
      }
    },
  );
});
