/** Decides that tables with policies are cached only where all that the policies look at is in the key or a dependency. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Plan } from '../../../src/sql/plan.js';
import { loadParser } from '../../../src/sql/postgres/parser.js';
import { createPostgresPlanner } from '../../../src/sql/postgres/planner.js';
import { describeWithPostgres } from '../../support/servers.js';
import { brief, openShop, type Shop } from './shop.js';

const tables = {
  none: null,
  own: 'owner = current_user',
  session: 'owner = session_user::text',
  tenant: `tenant = current_setting('app.tenant_id')::int`,
  missing: `tenant = nullif(current_setting('App.Tenant_Id', true), '')::int`,
  pair: `tenant = current_setting('app.tenant_id')::int and owner = current_setting('app.user')`,
  members: `tenant in (select tenant from companies where who = current_user)`,
  nested: `exists (select from own o where o.id = nested.id)`,
  undeclared: `tenant = current_setting('other.tenant')::int`,
  computed: `tenant = current_setting('app.' || owner)::int`,
  clock: `at < now()`,
  moment: `at < current_timestamp`,
  today: `at > 'today'`,
  parsed: `at > current_setting('app.tenant_id')::timestamptz`,
  helper: `tenant = tenant_of_function()`,
  writing: `noted(tenant)`,
};

const sql = `
  create table companies (tenant int, who text);
  create table notes (tenant int);
  create function tenant_of_function() returns int language sql stable as $$ select current_setting('app.tenant_id')::int $$;
  create function noted(int) returns boolean language plpgsql as
    $$ begin insert into notes values ($1); return true; end $$;
  ${Object.entries(tables)
    .map(
      ([name, policy]) => `create table ${name} (id int primary key, tenant int, owner text, at timestamptz);
        alter table ${name} enable row level security;
        ${policy === null ? '' : `create policy p on ${name} using (${policy});`}`,
    )
    .join('\n')}
  create policy writes on own for insert with check (tenant = current_setting('other.tenant')::int);
  create view seen as select id from tenant;
`;

describeWithPostgres('row security', () => {
  let shop: Shop;
  let plan: (text: string) => Plan;

  beforeAll(async () => {
    shop = await openShop(sql);
    const parser = await loadParser();
    const planner = createPostgresPlanner({
      parser,
      catalog: shop.catalog,
      settingsInKey: ['app.tenant_id', 'app.user'],
    });
    plan = (text) => planner.plan(text);
  });
  afterAll(() => shop.close());

  const of = (name: string): string => {
    const found = plan(`select * from ${name}`);
    const settings =
      found.kind === 'read' && found.settings !== undefined ? ` by ${found.settings.join(' ')}` : '';
    return `${brief(found)}${settings}`;
  };

  test('is followed where all that it looks at is in the key or a table', () => {
    expect(
      ['none', 'own', 'session', 'tenant', 'missing', 'pair', 'members', 'nested', 'seen', 'today'].map(of),
    ).toEqual([
      'read none',
      'read own',
      'read session',
      'read tenant by app.tenant_id',
      'read missing by app.tenant_id',
      'read pair by app.tenant_id app.user',
      'read companies members',
      'read nested own',
      'read tenant by app.tenant_id',
      'read today', // a moment since the policy was made
    ]);
    expect(
      plan('select * from members m where exists (select from tenant t where t.tenant = m.tenant)'),
    ).toMatchObject({
      kind: 'read',
      settings: ['app.tenant_id'],
    });
  });

  test('that looks at anything else is never cached', () => {
    expect(['undeclared', 'computed', 'clock', 'moment', 'parsed', 'helper'].map(of)).toEqual(
      Array.from({ length: 6 }, () => 'bypass row-security'),
    );
    const { reason } = plan('select * from undeclared') as Extract<Plan, { kind: 'bypass' }>;
    expect(reason.detail).toBe(
      'the policy of public.undeclared follows other.tenant, which is not among sessions.key',
    );
  });

  test('whose policy may write is a write', () => {
    expect(of('writing')).toBe('write notes');
  });

  test('depends on all rows: a policy may look at others of the same table', () => {
    expect(brief(plan('select * from tenant where id = $1'))).toBe('read tenant');
    expect(brief(plan('select * from seen where id = $1'))).toBe('read tenant');
    expect(brief(plan('select n.id from nested n join seen s on s.id = n.id where n.id = $1'))).toBe(
      'read nested own tenant',
    );
  });

  test('without declared settings is cached by the role alone', () => {
    expect(brief(shop.planner.plan('select * from own'))).toBe('read own');
    expect(brief(shop.planner.plan('select * from tenant'))).toBe('bypass row-security');
  });
});
