/**
 * Decides how many times a server is killed and what is printed of what it left. Started by scripts/soak.mjs:
 * `npm run soak -- crash --rounds 240`.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { seededRandom } from '../../../src/clock.js';
import { CrashRounds, type FsyncMode } from './rounds.js';

const program = fileURLToPath(new URL('../../../dist/esm/bin.js', import.meta.url));
const modes: readonly FsyncMode[] = ['always', 'everysec', 'no'];
const SAID_EVERY = 10;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function soak(mode: FsyncMode, rounds: number, seed: number): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'lookaside-crash-'));
  const random = seededRandom(seed);
  const start = (options: readonly string[]): ReturnType<typeof spawn> =>
    spawn(process.execPath, [program, 'serve', ...options], { cwd: folder });
  const crashes = new CrashRounds({ mode, folder, random, start });
  const sum = { acknowledged: 0, lost: 0, lostTooOld: 0 };
  try {
    for (let round = 1; round <= rounds; round++) {
      const report = await crashes.run();
      sum.acknowledged += report.acknowledged;
      sum.lost += report.lost;
      sum.lostTooOld += report.lostTooOld;
      if (report.lostTooOld > 0 || round % SAID_EVERY === 0 || round === rounds)
        say(
          `${mode}, round ${round}: ${sum.acknowledged} acknowledged so far, ${sum.lost} lost, ${sum.lostTooOld} more than may be`,
        );
    }
    return sum.lostTooOld === 0;
  } finally {
    await crashes.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: { rounds: { type: 'string', default: '240' }, seed: { type: 'string', default: '1' } },
  });
  const each = Math.ceil(Number(values.rounds) / modes.length);
  let isGood = true;
  for (const mode of modes) isGood = (await soak(mode, each, Number(values.seed))) && isGood;
  return isGood ? 0 : 1;
}

process.on('disconnect', () => process.exit(1));
process.exitCode = await main();
