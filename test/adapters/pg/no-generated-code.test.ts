/** Decides whether hits are exact in a process that forbids code made from strings. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { describeWithPostgres, postgres } from '../../support/servers.js';

describeWithPostgres('a process without code generation', () => {
  it('is served the same results', async () => {
    const database = await postgres().createDatabase();
    try {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [
          '--disallow-code-generation-from-strings',
          '--import',
          'tsx',
          join(import.meta.dirname, 'no-generated-code-child.ts'),
        ],
        { env: { ...process.env, DATABASE_URL: database.url } },
      );
      expect(JSON.parse(stdout)).toStrictEqual({ identical: true, nearHits: 10, misses: 2 });
    } finally {
      await database.drop();
    }
  });
});
