/** Decides what is made of the user's word on functions whose code cannot be read. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithPostgres } from '../../support/servers.js';
import { type Fixture, fixture } from './fixture.js';

const schema = `
  create table items (id int primary key, total int);
  create table totals (id int primary key, sum int);
  create table rates (id int primary key, rate int);
  insert into items values (1, 1);
  insert into totals values (1, 1);
  insert into rates values (1, 10);
  create function refresh_totals() returns int language plpgsql as
    $$ begin execute 'update totals set sum = sum + 1'; return 1; end $$;
  create function fx_rate(int) returns int language plpgsql as
    $$ declare found int; begin execute 'select rate from rates where id = $1' into found using $1; return found; end $$;
  create function after_item() returns trigger language plpgsql as
    $$ begin execute 'update totals set sum = sum + 100'; return null; end $$;
  create trigger after_item after update on items for each row execute function after_item();
`;

describeWithPostgres('declared effects of functions', () => {
  let given: Fixture;
  const failures: { reason: string; error: unknown }[] = [];
  beforeAll(async () => {
    given = await fixture(schema, {
      effects: {
        refresh_totals: { writes: ['totals'] },
        'public.fx_rate': { reads: ['rates'], stable: true },
        after_item: { writes: ['public.totals'] },
      },
    });
  });
  afterAll(() => given.end());

  const sum = async (): Promise<number | undefined> =>
    (await given.pool.query<{ sum: number }>('select sum from totals where id = 1')).rows[0]?.sum;
  const item = (): Promise<unknown> => given.pool.query('select * from items where id = 1');
  const rate = async (): Promise<number | undefined> =>
    (await given.pool.query<{ rate: number }>('select fx_rate(id) as rate from items')).rows[0]?.rate;

  it('a function that writes invalidates what it was said to write, and nothing else', async () => {
    await Promise.all([item(), sum()]);
    await given.pool.query('select refresh_totals()');
    expect(await sum()).toBe(2);
    expect(await given.isHit(item)).toBe(true);
  });

  it('a trigger function, too', async () => {
    await sum();
    await given.pool.query('update items set total = 2 where id = 1');
    expect(await sum()).toBe(102);
  });

  it('a stable function makes a read of its tables', async () => {
    expect(await rate()).toBe(10);
    expect(await given.isHit(rate)).toBe(true);
    await given.pool.query('update rates set rate = 11 where id = 1');
    expect(await rate()).toBe(11);
  });

  it('names that the database does not have are told, and not believed', async () => {
    const other = await fixture('create table alone (id int)', {
      effects: { nobody: { writes: ['nothing'] } },
    });
    other.cache.on('failure', (failure) => failures.push(failure as (typeof failures)[number]));
    await other.pool.query('select 1 from alone');
    await other.pool.query('alter table alone add column v int');
    await other.pool.query('select v from alone');
    await other.cache.ready();
    await other.pool.query('select v from alone where id = 1');
    const { failures: counted } = other.cache.stats() as unknown as { failures: Record<string, number> };
    await other.end();
    expect(counted['effects']).toBeGreaterThan(0);
    expect(failures.map(({ error }) => String(error)).join()).toContain(
      'the function nobody, the table nothing of nobody',
    );
  });
});
