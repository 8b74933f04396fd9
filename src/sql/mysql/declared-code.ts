/** Decides what a user's word on stored functions and procedures means on one server: which ones, which tables, and what follows. */
import { type DeclaredCode, readDeclared, type Said } from '../declared-code.js';
import type { DeclaredEffects } from '../plan.js';
import { type Catalog, findRelation, type Relation, type Routine } from './catalog.js';
import { addWrites } from './closure.js';
import type { CodeEffect } from './code.js';
import { Findings } from './findings.js';
import { readCodeOf } from './read-code.js';
import { basesOf } from './views.js';

const events = ['insert', 'update', 'delete'] as const;

export function declaredMysqlCode(of: Catalog, declared: DeclaredEffects): DeclaredCode<Routine, CodeEffect> {
  const catalog: Catalog = { ...of };
  readCodeOf(catalog);
  return readDeclared(declared, {
    routinesCalled: ({ schema, name }) =>
      (catalog.routines.get(name.toLowerCase()) ?? []).filter(
        (each) => schema === null || each.schema.toLowerCase() === schema.toLowerCase(),
      ),
    relationCalled: (name) => {
      const found = findRelation(catalog, name);
      return found.found === 'relation' ? found.relation : null;
    },
    effectOf: (said) => effectOf(catalog, said),
  });
}

/** Null: what follows from writing these tables may be anything. */
function effectOf(catalog: Catalog, said: Said<Relation>): CodeEffect | null {
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
