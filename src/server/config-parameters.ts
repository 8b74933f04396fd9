/**
 * Decides which parameters CONFIG GET shows and CONFIG SET may change. Knows nothing of the reply's form.
 * What is not in the table does not exist: nothing is accepted and ignored.
 */
import type { ServerContext } from './command.js';
import { encodingParameters } from './encoding-limits.js';
import { type EvictionPolicy, evictionPolicies } from './keyspace/eviction.js';
import type { ClientClass, OutputLimit, Permission } from './settings.js';

/** Null: accepted. Otherwise why not, in Redis' words. */
type Setter = (server: ServerContext, value: string) => string | null;

export interface ConfigParameter {
  readonly name: string;
  readonly get: (server: ServerContext) => string;
  readonly set: Setter | 'immutable' | 'protected';
  /** For what can only be set before the server runs. */
  readonly start?: Setter;
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1000,
  kb: 1024,
  m: 1000 ** 2,
  mb: 1024 ** 2,
  g: 1000 ** 3,
  gb: 1024 ** 3,
};

/** Redis' memory sizes: `100mb`. Null if it is none. */
export function parseMemorySize(text: string): number | null {
  const match = /^(\d+)([a-z]*)$/i.exec(text);
  const unit = UNITS[match?.[2]?.toLowerCase() ?? ''];
  const bytes = Number(match?.[1] ?? Number.NaN) * (unit ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

function memorySize(min: number, apply: (server: ServerContext, bytes: number) => void): Setter {
  return (server, text) => {
    const bytes = parseMemorySize(text);
    if (bytes === null || bytes < min) return 'argument must be a memory value';
    apply(server, bytes);
    return null;
  };
}

function integer(min: number, max: number, apply: (server: ServerContext, value: number) => void): Setter {
  return (server, text) => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text)) return "argument couldn't be parsed into an integer";
    if (value < min || value > max) return `argument must be between ${min} and ${max} inclusive`;
    apply(server, value);
    return null;
  };
}

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

function permission(apply: (server: ServerContext, value: Permission) => void): Setter {
  return (server, text) => {
    const value = text.toLowerCase();
    if (value !== 'no' && value !== 'yes' && value !== 'local')
      return 'argument(s) must be one of the following: no, yes, local';
    apply(server, value);
    return null;
  };
}

/** Null: applied before the server runs. Otherwise why not. */
export function startParameter(server: ServerContext, name: string, value: string): string | null {
  const parameter = configParameters.find((candidate) => candidate.name === name.toLowerCase());
  if (parameter === undefined) return 'Bad directive or wrong number of arguments';
  const { set, start = typeof set === 'string' ? undefined : set } = parameter;
  return start === undefined ? 'it cannot be set here' : start(server, value);
}

/** Fours of class, hard limit, soft limit and its seconds; all or none are taken. */
const setOutputLimits: Setter = ({ settings }, text) => {
  const words = text.trim().split(/\s+/);
  if (words.length % 4 !== 0) return 'Wrong number of arguments in buffer limit configuration.';
  const limits: [ClientClass, OutputLimit][] = [];
  for (let index = 0; index < words.length; index += 4) {
    const [word = '', hard = '', soft = '', seconds = ''] = words.slice(index, index + 4);
    const name = word.toLowerCase();
    if (name !== 'normal' && name !== 'pubsub' && name !== 'slave' && name !== 'replica')
      return 'Invalid client class specified in buffer limit configuration.';
    const [hardBytes, softBytes] = [parseMemorySize(hard), parseMemorySize(soft)];
    if (hardBytes === null || softBytes === null || !/^\d+$/.test(seconds))
      return 'Error in hard, soft or soft_seconds setting in buffer limit configuration.';
    limits.push([
      name === 'slave' ? 'replica' : name,
      { hardBytes, softBytes, softSeconds: Number(seconds) },
    ]);
  }
  for (const [name, limit] of limits) settings.outputLimits[name] = limit;
  return null;
};

export const configParameters: readonly ConfigParameter[] = [
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
      settings.memory.policy = policy;
      keyspace.usage.countsFrequency = policy.endsWith('lfu');
      return null;
    },
  },
  {
    name: 'maxmemory-samples',
    get: ({ settings }) => String(settings.memory.samples),
    set: integer(1, 64, ({ settings }, value) => {
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
    name: 'requirepass',
    get: ({ settings }) => settings.password ?? '',
    set: (server, value) => {
      if (value === '' && server.addresses().some((address) => address.kind === 'tcp' && !address.isLoopback))
        return 'a server that listens beyond loopback needs a password';
      server.settings.password = value === '' ? null : value;
      server.acl.setDefaultPassword(server.settings.password);
      return null;
    },
  },
  {
    name: 'maxclients',
    get: ({ settings }) => String(settings.limits.clientsMax),
    set: integer(1, 1_000_000, ({ settings }, value) => {
      settings.limits.clientsMax = value;
    }),
  },
  {
    name: 'proto-max-bulk-len',
    get: ({ settings }) => String(settings.limits.bulkBytesMax),
    set: memorySize(1024 * 1024, ({ settings }, bytes) => {
      settings.limits.bulkBytesMax = bytes;
    }),
  },
  {
    name: 'client-query-buffer-limit',
    get: ({ settings }) => String(settings.limits.queryBufferBytesMax),
    set: memorySize(1024 * 1024, ({ settings }, bytes) => {
      settings.limits.queryBufferBytesMax = bytes;
    }),
  },
  {
    name: 'client-output-buffer-limit',
    get: ({ settings }) =>
      Object.entries(settings.outputLimits)
        .map(([name, limit]) => {
          const { hardBytes, softBytes, softSeconds } = limit;
          return `${name === 'replica' ? 'slave' : name} ${hardBytes} ${softBytes} ${softSeconds}`;
        })
        .join(' '),
    set: setOutputLimits,
  },
  {
    name: 'notify-keyspace-events',
    get: ({ notifications }) => notifications.flags,
    set: ({ notifications }, value) =>
      notifications.setFlags(value) ? null : "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.",
  },
  {
    name: 'enable-debug-command',
    get: ({ settings }) => settings.protection.debugCommand,
    set: 'immutable',
    start: permission(({ settings }, value) => {
      settings.protection.debugCommand = value;
    }),
  },
  {
    name: 'enable-protected-configs',
    get: ({ settings }) => settings.protection.protectedConfigs,
    set: 'immutable',
    start: permission(({ settings }, value) => {
      settings.protection.protectedConfigs = value;
    }),
  },
  {
    name: 'aclfile',
    get: ({ settings }) => settings.aclFile ?? '',
    set: 'immutable',
    start: ({ settings }, value) => {
      settings.aclFile = value === '' ? null : value;
      return null;
    },
  },
  {
    name: 'maxmemory-clients',
    get: ({ settings }) =>
      `${settings.clientsMemory.amount}${settings.clientsMemory.unit === 'percent' ? '%' : ''}`,
    set: (server, text) => {
      const percent = /^(\d+)%$/.exec(text)?.[1];
      const amount = percent === undefined ? parseMemorySize(text) : Number(percent);
      if (amount === null) return 'argument must be a memory or percent value';
      if (percent !== undefined && amount > 100) return 'percentage argument must be less or equal to 100';
      server.settings.clientsMemory = { unit: percent === undefined ? 'bytes' : 'percent', amount };
      server.clientMemory.limitChanged();
      return null;
    },
  },
  {
    name: 'tracking-table-max-keys',
    get: ({ tracking }) => String(tracking.keysMax),
    set: integer(0, Number.MAX_SAFE_INTEGER, ({ tracking }, value) => {
      tracking.keysMax = value;
    }),
  },
  {
    name: 'acllog-max-len',
    get: ({ acl }) => String(acl.log.lengthMax),
    set: integer(0, Number.MAX_SAFE_INTEGER, ({ acl }, value) => {
      acl.log.lengthMax = value;
      acl.log.trim();
    }),
  },
  {
    name: 'acl-pubsub-default',
    get: ({ acl }) => (acl.defaults.allowsAllChannels ? 'allchannels' : 'resetchannels'),
    set: ({ acl }, value) => {
      if (value !== 'allchannels' && value !== 'resetchannels')
        return 'argument(s) must be one of the following: allchannels, resetchannels';
      acl.defaults.allowsAllChannels = value === 'allchannels';
      return null;
    },
  },
  { name: 'databases', get: ({ settings }) => String(settings.databases), set: 'immutable' },
  { name: 'port', get: (server) => String(portOf(server)), set: 'immutable' },
  { name: 'bind', get: (server) => hostsOf(server).join(' '), set: 'protected' },
  { name: 'unixsocket', get: (server) => pathsOf(server)[0] ?? '', set: 'immutable' },
  { name: 'appendonly', get: () => 'no', set: fixed('no', 'this server has no append only file') },
  { name: 'save', get: () => '', set: fixed('', 'this server saves nothing to disk') },
];

/** Parameters of Redis that would let a client reach the host's files. They do not exist here, and say so as Redis does. */
export const hostParameters: readonly string[] = ['dir', 'dbfilename'];

/** A value that can be asked for but not changed, because there is only one. */
function fixed(only: string, reason: string): Setter {
  return (_server, value) => (value === only ? null : reason);
}

function isPolicy(value: string): value is EvictionPolicy {
  return (evictionPolicies as readonly string[]).includes(value);
}

function portOf(server: ServerContext): number {
  for (const address of server.addresses()) if (address.kind === 'tcp') return address.port;
  return 0;
}

function hostsOf(server: ServerContext): string[] {
  return server.addresses().flatMap((address) => (address.kind === 'tcp' ? [address.host] : []));
}

function pathsOf(server: ServerContext): string[] {
  return server.addresses().flatMap((address) => (address.kind === 'unix' ? [address.path] : []));
}
