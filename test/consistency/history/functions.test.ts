/** Holds the promise for results that are built from several queries: what the workload found, as small as it gets. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Fixture, fixture } from '../../adapters/pg/fixture.js';
import { describeWithPostgres } from '../../support/servers.js';

const schema = `
  create table accounts (id int primary key, version int);
  insert into accounts values (1, 0);
`;

/** `Promise.withResolvers` is not in Node 20. */
function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

describeWithPostgres('a call of a wrapped function', () => {
  let given: Fixture;
  beforeEach(async () => {
    given = await fixture(schema);
  });
  afterEach(() => given.end());

  /** Reads the version, then stays until `finish` is called. */
  const slowFunction = () => {
    const read = deferred();
    const finish = deferred();
    const call = given.cache.wrap(
      async () => {
        const { rows } = await given.pool.query<{ version: number }>(
          'select version from accounts where id = 1',
        );
        read.resolve();
        await finish.promise;
        return rows[0]?.version;
      },
      { name: 'version of an account' },
    );
    return { call, hasRead: read.promise, finish: finish.resolve };
  };

  it('does not share an execution that read before a write that was acknowledged before the call', async () => {
    const { call, hasRead, finish } = slowFunction();
    const first = call();
    await hasRead;
    await given.pool.query('update accounts set version = 1 where id = 1');
    const second = call();
    finish();
    expect(await Promise.all([first, second])).toEqual([0, 1]);
  });

  it('shares an execution that nothing was written since', async () => {
    const { call, hasRead, finish } = slowFunction();
    const first = call();
    await hasRead;
    const second = call();
    finish();
    expect(await Promise.all([first, second])).toEqual([0, 0]);
    expect(given.cache.stats().joined).toBe(1);
  });
});
