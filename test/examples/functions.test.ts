/** The functions example, as the process it is: ES module and CommonJS. */
import { beforeAll, describe, expect, it } from 'vitest';
import { buildPackage, runExample } from './child.js';

describe('the functions example', () => {
  beforeAll(buildPackage);

  it('asks once, inherits, invalidates, goes past and refreshes', async () => {
    const { ended } = runExample('examples/functions/functions.ts');
    expect(await ended).toEqual({
      code: 0,
      output: [
        'tea costs 3, asked 1',
        'tea costs 3, asked 1',
        'both cost 7, asked 2',
        'both cost 9, asked 4',
        'uncached 9, asked 6',
        'refreshed 9, asked 8',
        'kept 9, asked 8',
        '',
      ].join('\n'),
    });
  });

  it('is the same with require', async () => {
    const { ended } = runExample('examples/functions/functions.cjs');
    expect(await ended).toEqual({
      code: 0,
      output: '16, asked 1\n16, asked 1\n16, asked 2\n16, asked 3\n',
    });
  });
});
