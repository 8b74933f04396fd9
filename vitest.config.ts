import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { SlowFirst } from './test/support/slow-first.js';

const report = process.env['LOOKASIDE_TEST_REPORT'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Much of a test is waiting for servers: one file more than there are cores, and none is kept free.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: SlowFirst },
    // The report is for .ci/run, which counts from it.
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
});
