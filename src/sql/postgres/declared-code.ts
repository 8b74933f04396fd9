/** Decides what a user's word on functions means in one database: which functions, which tables, and what follows from writing them. */
import { type DeclaredCode, readDeclared, type Said } from '../declared-code.js';
import type { DeclaredEffects, Table } from '../plan.js';
import { type Catalog, findRelation, type Relation } from './catalog.js';
import { addWrites, type WriteEvent } from './closure.js';
import { Findings } from './findings.js';
import type { CodeEffect } from './function-code.js';
import { tablesRead } from './relations.js';

const events: readonly WriteEvent[] = ['insert', 'update', 'delete'];

/** By the function's oid. */
export const declaredCode = (catalog: Catalog, declared: DeclaredEffects): DeclaredCode<string, CodeEffect> =>
  readDeclared(declared, {
    routinesCalled: ({ schema, name }) =>
      (catalog.functionsByName.get(name) ?? [])
        .filter((info) => info.schema !== 'pg_catalog' && (schema === null || info.schema === schema))
        .map((info) => info.oid),
    relationCalled: ({ schema, name }) => {
      const found = findRelation(catalog, schema ?? '', name);
      return found.found === 'relation' ? found.relation : null;
    },
    effectOf: (said) => effectOf(catalog, said),
  });

function effectOf(catalog: Catalog, said: Said<Relation>): CodeEffect {
  const findings = new Findings();
  for (const relation of said.written)
    addWrites(
      catalog,
      findings,
      events.map((event) => ({ relation, event, changed: null, pins: [], source: said })),
    );
  const reads = said.read.flatMap((relation) =>
    tablesRead(catalog, findings, { relation, withChildren: true }),
  );
  const { everything, writes, uncacheable, changesCatalog, session } = findings;
  return {
    everything,
    writes: [...writes.values()].map(({ table }): Table => table),
    reads: said.stable && uncacheable === null ? reads.map(({ table }) => table) : null,
    changesSession: session !== 'keeps',
    changesCatalog,
    isDeclared: true,
  };
}
