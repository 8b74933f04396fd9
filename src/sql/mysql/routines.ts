/** Decides what calling a function of users may do: a stored one, or one of a plugin. */
import type { Call } from './ast.js';
import type { Routine } from './catalog.js';
import { type CodeEffect, codeOf } from './code.js';
import type { CallProcedure } from './statement-ast.js';
import type { Walk } from './walk.js';

export function walkStoredFunction(walk: Walk, call: Call): void {
  const { findings, catalog } = walk;
  const called = call.schema === null ? call.name : `${call.schema}.${call.name}`;
  findings.runsCode = true;
  findings.tellsAnotherKey = true;
  const routine = routineOf(walk, call);
  const effect = routine === null ? null : codeOf(catalog, routine, routine.parameters);
  if (effect?.isDeclared === true) return noteDeclared(walk, called, effect);
  if (routine === null || effect === null) {
    const detail =
      routine === null
        ? `${called} is not a function of the server`
        : `what ${called} does is not understood`;
    findings.deny('unknown-function', detail);
    findings.writeEverything({ code: 'unknown-function', detail });
    findings.depart();
    return;
  }
  for (const table of effect.writes) findings.write(table, []);
  if (effect.unstable !== null) findings.deny(effect.unstable.code, `${called}: ${effect.unstable.detail}`);
  // Each of its statements may see another state of the database.
  if (effect.reads.length > 0) findings.deny('stored-function', `${called} reads tables by itself`);
  if (effect.writes.length > 0) findings.deny('stored-function', `${called} writes`);
  if (routine.hasTimes) findings.deny('time-of-day', `${called} computes with times of day`);
}

function noteDeclared({ findings }: Walk, called: string, { writes, reads, unstable }: CodeEffect): void {
  for (const table of writes) findings.write(table, []);
  for (const table of reads) findings.reads.push({ table, pins: null });
  if (unstable !== null) findings.deny(unstable.code, `${called}: ${unstable.detail}`);
  else if (writes.length > 0) findings.deny('stored-function', `${called} writes`);
}

/** CALL: where a user says what the procedure does, that; else anything. */
export function walkCall(walk: Walk, call: CallProcedure): void {
  const { findings, catalog } = walk;
  const place = call.schema ?? catalog.session.schema;
  const [only, ...more] = (catalog.routines.get(call.name.toLowerCase()) ?? []).filter(
    ({ kind, schema }) => kind === 'procedure' && schema.toLowerCase() === place?.toLowerCase(),
  );
  const effect = only === undefined || more.length > 0 ? null : codeOf(catalog, only, only.parameters);
  if (effect?.isDeclared !== true) return findings.doAnything('opaque', 'CALL may run anything');
  findings.deny('opaque', 'CALL has no result to keep');
  findings.runsCode = true;
  // It may commit.
  findings.commitsImplicitly = true;
  noteDeclared(walk, call.name, effect);
}

/** The one function that is meant; null where it is not certain which one is, or that it is a stored one. */
function routineOf({ catalog }: Walk, { schema, name }: Call): Routine | null {
  const place = schema ?? catalog.session.schema;
  const all = (catalog.routines.get(name.toLowerCase()) ?? []).filter(({ kind }) => kind === 'function');
  const [only, ...more] = all.filter((each) => each.schema.toLowerCase() === place?.toLowerCase());
  return only === undefined || more.length > 0 ? null : only;
}
