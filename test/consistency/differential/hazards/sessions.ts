/** Decides the scenes about sessions: row security by a setting that moves, and settings that make a text mean another thing. */
import { typeNamed } from '../column-types.js';
import type { Drawing } from '../conditions.js';
import type { Call, Step } from '../script.js';
import { tenant as role } from '../tenant.js';
import { movesOf } from './sights.js';
import { type Asked, type Recipe, type Stage, valueOf } from './stage.js';

const int = typeNamed('int');
const number = valueOf(int);

/** Declared with `sessions.key`. */
export const TENANT = 'app.tenant';

/** Ways to be a tenant for one statement. */
function asTenant({ dice }: Stage): readonly [readonly string[], readonly string[]] {
  const tenant = dice.between(1, 3);
  return dice.pick([
    [[`set ${TENANT} = '${tenant}'`], [`reset ${TENANT}`]],
    [[`select set_config('${TENANT}', '${tenant}', false)`], [`set ${TENANT} to default`]],
    [['begin', `set local ${TENANT} = ${tenant}`], ['commit']],
    [['begin', `select set_config('${TENANT}', '${tenant}', true)`], ['rollback']],
    [[`set ${TENANT} = '9'`, 'begin', `set ${TENANT} = '${tenant}'`, 'commit'], [`reset ${TENANT}`]],
    [[`set ${TENANT} = '${tenant}'`, 'begin', `set ${TENANT} = '9'`, 'rollback'], [`reset ${TENANT}`]],
    [
      [
        'begin',
        `set local ${TENANT} = '${tenant}'`,
        'savepoint s',
        `set local ${TENANT} = '9'`,
        'rollback to s',
      ],
      ['commit'],
    ],
  ]);
}

/** What may be seen hangs on a setting, or on what another table says of it. */
export const tenants: Recipe = (stage) => {
  const { dice } = stage;
  const columns = [
    ['id', int, 'primary key'],
    ['tenant', int],
    ['k', int],
    ['v', int],
  ] as const;
  const rows = stage.table('rows', columns);
  const members = stage.table('members', columns);
  const open = stage.table('open', columns);
  for (const relation of [rows, members, open]) stage.fill(relation, 6);
  const own = `nullif(current_setting('${TENANT}', true), '')::int`;
  const looking = `using (exists (select 1 from ${open.name} o where o.tenant = ${rows.name}.tenant and o.k = ${own}))`;
  const policies = [
    `using (tenant = ${own})`,
    `using (tenant = ${own}) with check (true)`,
    `for select using (k = ${own} or tenant = 2)`,
    looking,
    looking,
    looking,
  ];
  for (const relation of [rows, members])
    stage.setup.push(
      `alter table ${relation.name} enable row level security`,
      `create policy seen on ${relation.name} ${dice.pick(policies).replaceAll(rows.name, relation.name)}`,
      `create policy changed on ${relation.name} for insert with check (true)`,
    );
  const view = stage.name('view');
  stage.setup.push(
    `create view ${view} with (security_invoker = ${dice.pick(['true', 'true', 'false'])}) as select * from ${rows.name} where k is not null`,
  );
  const any = (d: Drawing): string => d.dice.pick([rows.name, rows.name, members.name, view, open.name]);
  const equal = (d: Drawing): string => `${d.dice.pick(['tenant', 'k', 'id'])} = ${number(d)}`;
  const around = (): readonly [readonly string[], readonly string[]] => asTenant(stage);
  const reads: readonly Asked[] = [
    { text: (d) => `select * from ${any(d)} where ${equal(d)}`, around },
    { text: (d) => `select * from ${any(d)}`, around },
    { text: (d) => `select count(*) from ${any(d)} x join ${any(d)} y on x.id = y.id`, around },
    {
      text: (d) =>
        `select current_setting('${TENANT}', true) as own, x.* from ${open.name} x where ${equal(d)}`,
      around,
    },
    { text: (d) => `select * from ${any(d)} where ${equal(d)}` },
  ];
  return {
    session: 'tenant',
    reads: [...reads, ...reads.slice(0, 2)],
    writes: [rows, members, open, open].flatMap((relation) => movesOf(relation, ['tenant', 'k'])),
    steps: [],
  };
};

/** The same text by other settings; and the same name for another table. */
export const settings: Recipe = (stage) => {
  const { dice } = stage;
  const rows = stage.table('rows', [
    ['id', int, 'primary key'],
    ['k', int],
    ['at', typeNamed('timestamptz')],
    ['bytes', typeNamed('bytea')],
    ['v', int],
  ]);
  stage.setup.push(`create table other.${rows.name} (like public.${rows.name} including all)`);
  stage.fill(rows, 5);
  stage.setup.push(`insert into other.${rows.name} select id, k + 1, at, bytes, 9 from public.${rows.name}`);
  const ways: readonly (readonly [readonly string[], readonly string[]])[] = [
    [['set search_path = other, public'], ['reset search_path']],
    [["set timezone = 'Asia/Tokyo'"], ['reset timezone']],
    [["set bytea_output = 'escape'"], ['reset bytea_output']],
    [[`set role ${role}`], ['reset role']],
    [['begin', 'set local search_path = other, public'], ['commit']],
    [['begin', "set local timezone = 'Asia/Tokyo'"], ['rollback']],
    [
      ["select set_config('search_path', 'other, public', false)"],
      ["select set_config('search_path', 'public', false)"],
    ],
  ];
  /** What the driver makes of the same cells is another value. */
  const styles: typeof ways = [
    [["set datestyle = 'sql, dmy'"], ['reset datestyle']],
    [["set datestyle = 'german'"], ['reset datestyle']],
    [['begin', "set local datestyle = 'sql, mdy'"], ['rollback']],
  ];
  const equal = (d: Drawing): string => `${d.dice.pick(['k', 'id', 'v'])} = ${number(d)}`;
  const asked: Asked['text'] = (d) =>
    `select ${d.dice.pick(['*', '*', 'id, at', 'at::text, bytes::text, v'])} from ${rows.name} where ${equal(d)}`;
  const inOther = (calls: readonly string[]): Step => ({
    kind: 'client',
    session: 'plain',
    calls: ['set search_path = other, public', ...calls, 'reset search_path'].map(
      (text): Call => ({ text, values: [] }),
    ),
  });
  return {
    reads: [
      { text: asked },
      { text: asked, around: () => dice.pick(dice.chance(0.4) ? styles : ways) },
      { text: asked, around: () => dice.pick(dice.chance(0.4) ? styles : ways) },
      { text: (d) => `select * from ${d.dice.pick(['other', 'public'])}.${rows.name} where ${equal(d)}` },
    ],
    writes: [...movesOf(rows, ['k']), ...movesOf({ ...rows, name: `other.${rows.name}` }, ['k'])],
    steps: [
      () => inOther([`update ${rows.name} set v = ${dice.between(1, 4)} where k = ${dice.between(1, 4)}`]),
      () =>
        inOther([
          `delete from ${rows.name} where k = ${dice.between(1, 4)}`,
          `insert into ${rows.name} (id, k, v) values (${dice.between(1, 9)}, 2, 2) on conflict do nothing`,
        ]),
    ],
  };
};
