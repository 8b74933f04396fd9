/** What somebody is told who wants a statement cached or its invalidation narrower. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Advice, adviceFor as adviceBy } from '../../src/sql/advice.js';
import { mysqlAdvice } from '../../src/sql/mysql/advice.js';
import type { Plan, Table } from '../../src/sql/plan.js';
import { postgresAdvice } from '../../src/sql/postgres/advice.js';

const table: Table = { id: '7', name: 'public.products' };
const keysOf = (): readonly string[] => ['id', 'tenant_id, sku'];
const adviceFor = (plan: Plan, keys: () => readonly string[], advice = postgresAdvice): readonly string[] =>
  adviceBy(plan, keys, advice);

const read = (pins: Extract<Plan, { kind: 'read' }>['reads'][number]['pins']): Plan => ({
  kind: 'read',
  reads: [{ table, pins }],
  session: 'keeps',
});

const dialects: readonly (readonly [string, Advice])[] = [
  ['postgres', postgresAdvice],
  ['mysql', mysqlAdvice],
];

it.each(dialects)(
  'knows what can be done about every reason that the planner of %s gives, or that nothing can',
  (dialect, { byReason }) => {
    const folder = join(import.meta.dirname, '../../src/sql', dialect);
    const codes = new Set<string>();
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    ))
      for (const [, code = ''] of readFileSync(join(folder, file), 'utf8').matchAll(
        /(?:(?:deny|doAnything)\(\s*|code: )'([a-z-]+)'/g,
      ))
        codes.add(code);
    expect(codes.size).toBeGreaterThan(20);
    expect([...codes].filter((code) => byReason[code] === undefined)).toStrictEqual([]);
    expect(byReason['excluded']).toContain('include');
  },
);

it('names the columns that a read or a write could name its rows by', () => {
  expect(adviceFor(read(null), keysOf)).toStrictEqual([
    'Any write to public.products ends this result. If it is about certain rows, say so by an equality on id or tenant_id, sku.',
  ]);
  expect(adviceFor(read([{ shape: '1', values: [{ kind: 'literal', value: '1' }] }]), keysOf)).toStrictEqual(
    [],
  );
  const write: Plan = {
    kind: 'write',
    writes: { scope: 'tables', tables: [{ table, pins: [] }] },
    changesCatalog: false,
    session: 'keeps',
  };
  expect(adviceFor(write, keysOf)).toStrictEqual([
    'Every result about public.products ends. Name the rows by an equality on id or tenant_id, sku, or return that column (RETURNING).',
  ]);
  expect(adviceFor(read(null), () => [])).toStrictEqual([]);
  expect(adviceFor(write, keysOf, mysqlAdvice)).toStrictEqual([
    'Every result about public.products ends. Name the rows by an equality on id or tenant_id, sku.',
  ]);
});

it('says what to declare about a function that could write anything', () => {
  const reason = { code: 'volatile-function', detail: 'f() is volatile' };
  const plan: Plan = {
    kind: 'write',
    writes: { scope: 'everything', reason },
    changesCatalog: false,
    session: 'keeps',
  };
  expect(adviceFor(plan, keysOf)[0]).toContain('effects: { name: { writes: [...] } }');
  expect(
    adviceFor({ kind: 'bypass', reason: { code: 'empty', detail: '' }, session: 'keeps' }, keysOf),
  ).toEqual([]);
});
