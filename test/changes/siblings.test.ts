/** Decides whether somebody who runs several processes is told that each has a cache of its own. */
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundle } from '../consistency/history/bundle.js';

describe('a cache in this process', () => {
  let built: Bundle;
  let programs = 0;

  beforeAll(async () => {
    built = await bundle({ entry: 'src/index.ts' }, null);
  });
  afterAll(() => built.dispose());

  /** What a program says on stderr. */
  const warnings = async (program: string, environment: Record<string, string> = {}): Promise<string> => {
    const file = join(dirname(built.file), `program-${programs++}.cjs`);
    await writeFile(file, program);
    const { stderr, status } = spawnSync(process.execPath, [file], {
      encoding: 'utf8',
      env: { ...process.env, BUNDLE: built.file, ...environment },
    });
    expect(status).toBe(0);
    return stderr;
  };
  const two = `
    const { createCache } = require(process.env.BUNDLE);
    for (const namespace of ['one', 'two']) void createCache({ namespace }).close();
  `;
  const times = (text: string): number => text.split('LOOKASIDE_WARN_SIBLINGS').length - 1;

  it('says nothing where there is one process', async () => {
    expect(times(await warnings(two))).toBe(0);
  });

  it('says once that it is one of several of PM2', async () => {
    expect(times(await warnings(two, { NODE_APP_INSTANCE: '1' }))).toBe(1);
  });

  it('says once in each worker of node:cluster', async () => {
    const said = await warnings(`
      const cluster = require('node:cluster');
      if (cluster.isPrimary) for (let index = 0; index < 2; index++) cluster.fork();
      else { ${two} process.disconnect(); }
    `);
    expect(times(said)).toBe(2);
  });

  it('says so in a worker thread', async () => {
    const said = await warnings(`
      const { isMainThread, Worker } = require('node:worker_threads');
      if (isMainThread) new Worker(__filename);
      else { ${two} }
    `);
    expect(times(said)).toBe(1);
  });
});
