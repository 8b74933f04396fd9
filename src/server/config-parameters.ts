/**
 * Decides which parameters CONFIG GET shows and CONFIG SET may change. Knows nothing of the reply's form.
 * What is not in the table does not exist: nothing is accepted and ignored.
 */
import { absentParameters } from './parameters/absent.js';
import { appendOnlyParameters } from './parameters/append-only.js';
import { clientParameters } from './parameters/clients.js';
import { dataParameters } from './parameters/data.js';
import { networkParameters } from './parameters/network.js';
import { observingParameters } from './parameters/observing.js';
import type { ConfigParameter } from './parameters/parameter.js';
import { persistenceParameters } from './parameters/persistence.js';
import { processParameters } from './parameters/process.js';

export const configParameters: readonly ConfigParameter[] = [
  ...dataParameters,
  ...clientParameters,
  ...networkParameters,
  ...observingParameters,
  ...processParameters,
  ...persistenceParameters,
  ...appendOnlyParameters,
  ...absentParameters,
];

const byName: ReadonlyMap<string, ConfigParameter> = new Map(
  configParameters.flatMap((parameter) =>
    [parameter.name, ...(parameter.aliases ?? [])].map((name) => [name, parameter] as const),
  ),
);

/** By any of its names. */
export function findParameter(name: string): ConfigParameter | undefined {
  return byName.get(name.toLowerCase());
}

/** Directives that are no parameters, with several values each. */
const directives = new Set(['user', 'rename-command', 'loadmodule']);

/** Whether its value is several words. */
export function isListParameter(name: string): boolean {
  return directives.has(name) || findParameter(name)?.isList === true;
}
