/**
 * Decides how a user's word on functions is taken: by the names of functions and tables that he gives, none of which may
 * be unknown. What a name means in a database, and what follows from writing a table, it is told.
 */
import { LookasideError } from '../errors.js';
import type { DeclaredEffects } from './plan.js';

/** What was said of a function, in tables that there are. */
export interface Said<Relation> {
  readonly written: readonly Relation[];
  readonly read: readonly Relation[];
  readonly stable: boolean;
}

export interface QualifiedName {
  /** Null where the name has none. */
  readonly schema: string | null;
  readonly name: string;
}

/** What names mean in one database. */
export interface Meanings<Routine, Relation, Effect> {
  /** All of that name, whatever their arguments; without a schema, in any. */
  readonly routinesCalled: (name: QualifiedName) => readonly Routine[];
  readonly relationCalled: (name: QualifiedName) => Relation | null;
  /** Null: what follows from it may be anything. */
  readonly effectOf: (said: Said<Relation>) => Effect | null;
}

export interface DeclaredCode<Routine, Effect> {
  readonly byRoutine: ReadonlyMap<Routine, Effect>;
  /** `EFFECTS_UNKNOWN`: names that mean nothing here; null if there are none. What names one is not believed. */
  readonly unknown: LookasideError | null;
}

export function readDeclared<Routine, Relation, Effect>(
  declared: DeclaredEffects,
  { routinesCalled, relationCalled, effectOf }: Meanings<Routine, Relation, Effect>,
): DeclaredCode<Routine, Effect> {
  const byRoutine = new Map<Routine, Effect>();
  const unknown: string[] = [];
  for (const [name, { writes, reads, stable }] of Object.entries(declared)) {
    const routines = routinesCalled(qualified(name));
    if (routines.length === 0) unknown.push(`the function ${name}`);
    const relationsOf = (names: readonly string[]): readonly Relation[] =>
      names.flatMap((table) => {
        const relation = relationCalled(qualified(table));
        if (relation === null) unknown.push(`the table ${table} of ${name}`);
        return relation ?? [];
      });
    const written = relationsOf(writes);
    const read = relationsOf(reads);
    if (written.length < writes.length || read.length < reads.length) continue;
    const effect = effectOf({ written, read, stable });
    if (effect !== null) for (const routine of routines) byRoutine.set(routine, effect);
  }
  const error =
    unknown.length === 0
      ? null
      : new LookasideError('EFFECTS_UNKNOWN', `the database does not have ${unknown.join(', ')}`);
  return { byRoutine, unknown: error };
}

function qualified(name: string): QualifiedName {
  const point = name.indexOf('.');
  return point < 0 ? { schema: null, name } : { schema: name.slice(0, point), name: name.slice(point + 1) };
}
