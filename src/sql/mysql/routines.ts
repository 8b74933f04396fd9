/** Decides what calling a function of users may do: a stored one, or one of a plugin. */
import type { Call } from './ast.js';
import type { Walk } from './walk.js';

export function walkStoredFunction({ findings }: Walk, { schema, name }: Call): void {
  const called = schema === null ? name : `${schema}.${name}`;
  findings.runsCode = true;
  findings.tellsAnotherKey = true;
  findings.deny('unknown-function', `${called} is not a function of the server`);
  findings.writeEverything({ code: 'unknown-function', detail: `${called} is not a function of the server` });
  findings.depart();
}
