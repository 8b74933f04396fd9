/** Decides which parameters there are about clients: who they are, what they may need, what they are told. */
import type { ClientClass, OutputLimit } from '../settings.js';
import {
  type ConfigParameter,
  integer,
  memorySize,
  parseMemorySize,
  permission,
  type Setter,
} from './parameter.js';

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

export const clientParameters: readonly ConfigParameter[] = [
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
    isList: true,
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
];
