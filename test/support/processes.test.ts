/** Decides whether other processes are really stopped, really killed, and do not outlive us. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OtherProcess, startProcess } from './processes.js';

interface Order {
  readonly say: string;
}
interface Answer {
  readonly said: string;
}

const program = `
process.on('message', ({ say }) => {
  if (say === 'fail') throw new Error('as it was told');
  process.send({ said: say });
});
process.on('disconnect', () => process.exit(0));
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lookaside-process-'));
  await writeFile(join(folder, 'echo.cjs'), program);
});
afterAll(() => rm(folder, { recursive: true }));

const start = (): Promise<OtherProcess<Order, Answer>> => startProcess({ entry: join(folder, 'echo.cjs') });
const anything = (answer: Answer): answer is Answer => answer.said !== '';

it('answers, and is gone after it was killed', async () => {
  const other = await start();
  const answer = other.next(anything);
  other.send({ say: 'one' });
  expect(await answer).toEqual({ said: 'one' });
  const never = other.next(anything);
  const [failed] = await Promise.allSettled([never, other.kill()]);
  expect(String((failed as PromiseRejectedResult).reason)).toContain('ended with SIGKILL');
  expect(other.isRunning).toBe(false);
  expect(() => process.kill(other.pid, 0)).toThrow('ESRCH');
});

it('does nothing while it is paused', async () => {
  const other = await start();
  other.pause();
  const answers: string[] = [];
  other.onAnswer(({ said }) => answers.push(said));
  other.send({ say: 'one' });
  const state = (): string | undefined => readFileSync(`/proc/${other.pid}/stat`, 'utf8').split(') ')[1]?.[0];
  await expect.poll(state).toBe('T');
  expect(answers).toEqual([]);
  const answer = other.next(anything);
  other.resume();
  expect(await answer).toEqual({ said: 'one' });
  await other.kill();
});

it('says what a process said that failed', async () => {
  const other = await start();
  const answer = other.next(anything);
  other.send({ say: 'fail' });
  await expect(answer).rejects.toThrow('as it was told');
});
