/** Decides what a user's word on stored functions and procedures means on one server: which ones, which tables, and what follows. */
import { LookasideError } from '../../errors.js';
import { type Catalog, findRelation, type Relation, type Routine } from './catalog.js';
import { addWrites } from './closure.js';
import type { CodeEffect } from './code.js';
import { Findings } from './findings.js';
import { readCodeOf } from './read-code.js';
import { basesOf } from './views.js';

/** Of one function, by name: what it writes, what it reads, and whether its result depends on nothing else. */
export interface FunctionEffects {
  readonly writes: readonly string[];
  readonly reads: readonly string[];
  readonly stable: boolean;
}

export type DeclaredEffects = Readonly<Record<string, FunctionEffects>>;

export interface DeclaredCode {
  readonly byRoutine: ReadonlyMap<Routine, CodeEffect>;
  /** Names that mean nothing here, in words; null if there are none. What names one is not believed. */
  readonly unknown: LookasideError | null;
}

const events = ['insert', 'update', 'delete'] as const;

export function declaredMysqlCode(of: Catalog, declared: DeclaredEffects): DeclaredCode {
  const catalog: Catalog = { ...of };
  readCodeOf(catalog);
  const byRoutine = new Map<Routine, CodeEffect>();
  const unknown: string[] = [];
  for (const [name, { writes, reads, stable }] of Object.entries(declared)) {
    const routines = routinesCalled(catalog, name);
    if (routines.length === 0) unknown.push(`the function ${name}`);
    const relationsOf = (names: readonly string[]): readonly Relation[] =>
      names.flatMap((table) => {
        const found = findRelation(catalog, split(table));
        if (found.found !== 'relation') unknown.push(`the table ${table} of ${name}`);
        return found.found === 'relation' ? [found.relation] : [];
      });
    const written = relationsOf(writes);
    const read = relationsOf(reads);
    if (written.length < writes.length || read.length < reads.length) continue;
    const effect = effectOf(catalog, { written, read, stable });
    if (effect !== null) for (const routine of routines) byRoutine.set(routine, effect);
  }
  const error =
    unknown.length === 0
      ? null
      : new LookasideError('EFFECTS_UNKNOWN', `the database does not have ${unknown.join(', ')}`);
  return { byRoutine, unknown: error };
}

/** Null: what follows from writing these tables may be anything. */
function effectOf(
  catalog: Catalog,
  said: {
    readonly written: readonly Relation[];
    readonly read: readonly Relation[];
    readonly stable: boolean;
  },
): CodeEffect | null {
  const findings = new Findings();
  for (const relation of said.written)
    addWrites(
      catalog,
      findings,
      events.map((event) => ({ relation, event, changed: null, pins: [] })),
    );
  const reads = said.read.map((relation) =>
    relation.kind === 'view' ? basesOf(catalog, relation) : [relation],
  );
  if (findings.everything !== null || findings.session !== 'keeps') return null;
  const isStable = said.stable && !reads.includes(null);
  const reason = { code: 'stored-function', detail: 'it is not said to be stable' };
  return {
    writes: [...findings.writes.values()].map(({ table }) => table),
    reads: reads.flatMap((each) => each ?? []).map(({ table }) => table),
    sets: new Set(),
    unstable: isStable ? null : reason,
    isDeclared: true,
  };
}

/** All of that name; without a schema, in any. */
function routinesCalled(catalog: Catalog, name: string): readonly Routine[] {
  const { schema, name: own } = split(name);
  return (catalog.routines.get(own.toLowerCase()) ?? []).filter(
    (each) => schema === null || each.schema.toLowerCase() === schema.toLowerCase(),
  );
}

function split(name: string): { readonly schema: string | null; readonly name: string } {
  const point = name.indexOf('.');
  return point < 0 ? { schema: null, name } : { schema: name.slice(0, point), name: name.slice(point + 1) };
}
