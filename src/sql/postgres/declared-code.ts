/** Decides what a user's word on functions means in one database: which functions, which tables, and what follows from writing them. */
import { LookasideError } from '../../errors.js';
import type { Table } from '../plan.js';
import { type Catalog, findRelation, type Relation } from './catalog.js';
import { addWrites, type WriteEvent } from './closure.js';
import { Findings } from './findings.js';
import type { CodeEffect } from './function-code.js';
import { tablesRead } from './relations.js';

/** Of one function, by name: what it writes, what it reads, and whether its result depends on nothing else. */
export interface FunctionEffects {
  readonly writes: readonly string[];
  readonly reads: readonly string[];
  readonly stable: boolean;
}

export type DeclaredEffects = Readonly<Record<string, FunctionEffects>>;

export interface DeclaredCode {
  /** By the function's oid. */
  readonly byFunction: ReadonlyMap<string, CodeEffect>;
  /** Names that mean nothing here, in words; null if there are none. What names one is not believed. */
  readonly unknown: LookasideError | null;
}

const events: readonly WriteEvent[] = ['insert', 'update', 'delete'];

export function declaredCode(catalog: Catalog, declared: DeclaredEffects): DeclaredCode {
  const byFunction = new Map<string, CodeEffect>();
  const unknown: string[] = [];
  for (const [name, { writes, reads, stable }] of Object.entries(declared)) {
    const functions = functionsCalled(catalog, name);
    if (functions.length === 0) unknown.push(`the function ${name}`);
    const relationsOf = (names: readonly string[]): readonly Relation[] =>
      names.flatMap((table) => {
        const relation = relationCalled(catalog, table);
        if (relation === null) unknown.push(`the table ${table} of ${name}`);
        return relation ?? [];
      });
    const written = relationsOf(writes);
    const read = relationsOf(reads);
    if (written.length < writes.length || read.length < reads.length) continue;
    const effect = effectOf(catalog, { written, read, stable });
    for (const oid of functions) byFunction.set(oid, effect);
  }
  const error =
    unknown.length === 0
      ? null
      : new LookasideError('EFFECTS_UNKNOWN', `the database does not have ${unknown.join(', ')}`);
  return { byFunction, unknown: error };
}

function effectOf(
  catalog: Catalog,
  said: {
    readonly written: readonly Relation[];
    readonly read: readonly Relation[];
    readonly stable: boolean;
  },
): CodeEffect {
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

/** All of that name, whatever their arguments; without a schema, in any. */
function functionsCalled(catalog: Catalog, name: string): readonly string[] {
  const [schema, own] = split(name);
  return (catalog.functionsByName.get(own) ?? [])
    .filter((info) => info.schema !== 'pg_catalog' && (schema === '' || info.schema === schema))
    .map((info) => info.oid);
}

function relationCalled(catalog: Catalog, name: string): Relation | null {
  const found = findRelation(catalog, ...split(name));
  return found.found === 'relation' ? found.relation : null;
}

function split(name: string): [schema: string, name: string] {
  const point = name.indexOf('.');
  return point < 0 ? ['', name] : [name.slice(0, point), name.slice(point + 1)];
}
