import { defineConfig } from 'vitest/config';

const report = process.env['LOOKASIDE_TEST_REPORT'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // The report is for .ci/run, which counts from it.
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
});
