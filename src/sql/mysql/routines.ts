/** Decides what calling a function of users may do: a stored one, or one of a plugin. */
import type { Call } from './ast.js';
import type { Routine } from './catalog.js';
import { codeOf } from './code.js';
import type { Walk } from './walk.js';

export function walkStoredFunction(walk: Walk, call: Call): void {
  const { findings, catalog } = walk;
  const called = call.schema === null ? call.name : `${call.schema}.${call.name}`;
  findings.runsCode = true;
  findings.tellsAnotherKey = true;
  const routine = routineOf(walk, call);
  const effect = routine === null ? null : codeOf(catalog, routine, routine.parameters);
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

/** The one function that is meant; null where it is not certain which one is, or that it is a stored one. */
function routineOf({ catalog }: Walk, { schema, name }: Call): Routine | null {
  const place = schema ?? catalog.session.schema;
  const all = (catalog.routines.get(name.toLowerCase()) ?? []).filter(({ kind }) => kind === 'function');
  const [only, ...more] = all.filter((each) => each.schema.toLowerCase() === place?.toLowerCase());
  return only === undefined || more.length > 0 ? null : only;
}
