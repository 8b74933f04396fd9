/** Decides which parameters there are about the data: memory, eviction, compact forms. */
import type { ServerContext } from '../command.js';
import { encodingParameters } from '../encoding-limits.js';
import { type EvictionPolicy, evictionPolicies } from '../keyspace/eviction.js';
import { type ConfigParameter, integer, memorySize } from './parameter.js';

/** The limits of compact forms. */
const limitParameters = encodingParameters.map(({ name, limit, unit, min, max }): ConfigParameter => {
  const apply = ({ settings }: ServerContext, value: number): void => {
    settings.encodings[limit] = value;
  };
  return {
    name,
    get: ({ settings }) => String(settings.encodings[limit]),
    set: unit === 'bytes' ? memorySize(min, apply) : integer(min, max, apply),
  };
});

export const dataParameters: readonly ConfigParameter[] = [
  ...limitParameters,
  {
    name: 'maxmemory',
    get: ({ settings }) => String(settings.memory.maxBytes),
    set: memorySize(0, ({ settings, keyspace }, bytes) => {
      settings.memory.maxBytes = bytes;
      keyspace.makeRoom();
    }),
  },
  {
    name: 'maxmemory-policy',
    get: ({ settings }) => settings.memory.policy,
    set: ({ settings, keyspace }, value) => {
      const policy = value.toLowerCase();
      if (!isPolicy(policy))
        return `argument(s) must be one of the following: ${evictionPolicies.join(', ')}`;
      if (!settings.policiesAllowed.includes(policy))
        return `this server is part of a cache, which would lose what it needs: allowed are ${settings.policiesAllowed.join(', ')}`;
      settings.memory.policy = policy;
      keyspace.usage.countsFrequency = policy.endsWith('lfu');
      return null;
    },
  },
  {
    name: 'maxmemory-samples',
    get: ({ settings }) => String(settings.memory.samples),
    set: integer(1, 2_147_483_647, ({ settings }, value) => {
      settings.memory.samples = value;
    }),
  },
  {
    name: 'lfu-log-factor',
    get: ({ keyspace }) => String(keyspace.usage.lfuLogFactor),
    set: integer(0, 2_147_483_647, ({ keyspace }, value) => {
      keyspace.usage.lfuLogFactor = value;
    }),
  },
  {
    name: 'lfu-decay-time',
    get: ({ keyspace }) => String(keyspace.usage.lfuDecayMinutes),
    set: integer(0, 2_147_483_647, ({ keyspace }, value) => {
      keyspace.usage.lfuDecayMinutes = value;
    }),
  },
  {
    name: 'databases',
    get: ({ settings }) => String(settings.databases),
    set: 'immutable',
    // It is decided before any other parameter is read: here it can only be confirmed.
    start: ({ settings }, value) =>
      value === String(settings.databases) ? null : 'argument must be between 1 and 2147483647 inclusive',
  },
];

function isPolicy(value: string): value is EvictionPolicy {
  return (evictionPolicies as readonly string[]).includes(value);
}
