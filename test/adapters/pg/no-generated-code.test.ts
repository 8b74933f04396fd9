/** Decides whether hits are exact in a process that forbids code made from strings. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runWithoutGeneratedCode } from '../../support/no-generated-code.js';
import { describeWithPostgres, postgres } from '../../support/servers.js';

describeWithPostgres('a process without code generation', () => {
  it('is served the same results', async () => {
    const database = await postgres().createDatabase();
    try {
      const child = join(import.meta.dirname, 'no-generated-code-child.ts');
      expect(await runWithoutGeneratedCode(child, database.url)).toStrictEqual({
        identical: true,
        nearHits: 10,
        misses: 2,
      });
    } finally {
      await database.drop();
    }
  });
});
