/** Decides what can be set on a server, its defaults, and what is refused. Knows nothing of commands. */
import { LookasideError } from '../errors.js';
import { type EncodingLimits, encodingLimitDefaults } from './encoding-limits.js';
import { type EvictionPolicy, type EvictionSettings, evictionPolicies } from './keyspace/eviction.js';
import { type NetworkSettings, networkDefaults, type ProcessSettings } from './network-settings.js';
import { type AofSettings, aofDefaults } from './persistence/aof/settings.js';
import {
  type PersistenceInput,
  type PersistenceSettings,
  persistenceDefaults,
} from './persistence/settings.js';

export interface ServerLimits {
  /** Longest single argument (`proto-max-bulk-len`). Default 512 MB. */
  bulkBytesMax: number;
  /** Most arguments of one request. Default 1,048,576. */
  argumentsMax: number;
  /** Most bytes of one unfinished request (`client-query-buffer-limit`). Default 1 GB. */
  queryBufferBytesMax: number;
  /** Most reply bytes a client may leave unread before it is cut (`client-output-buffer-limit normal`). Default 256 MB; 0 is no limit. */
  outputBufferBytesMax: number;
  /** Most connections (`maxclients`). Default 10,000. */
  clientsMax: number;
}

/** When a client that does not read is hung up on: at once above `hardBytes`, after a while above `softBytes`. */
export interface OutputLimit {
  /** 0 is no limit. */
  hardBytes: number;
  softBytes: number;
  softSeconds: number;
}

export type ClientClass = 'normal' | 'replica' | 'pubsub';

export const limitDefaults: Readonly<ServerLimits> = {
  bulkBytesMax: 512 * 1024 * 1024,
  argumentsMax: 1024 * 1024,
  queryBufferBytesMax: 1024 * 1024 * 1024,
  outputBufferBytesMax: 256 * 1024 * 1024,
  clientsMax: 10_000,
};

/** What CONFIG SET may change while the server runs. */
export interface Settings {
  /** Null: no password is asked for. */
  password: string | null;
  readonly memory: EvictionSettings;
  readonly policiesAllowed: readonly EvictionPolicy[];
  readonly limits: ServerLimits;
  readonly outputLimits: Record<ClientClass, OutputLimit>;
  /** Where ACL LOAD and ACL SAVE find the users (`aclfile`). */
  aclFile: string | null;
  /** What all clients together may weigh: bytes, or a part of `maxmemory`. 0 is no limit. */
  clientsMemory: { readonly unit: 'bytes' | 'percent'; readonly amount: number };
  readonly databases: number;
  readonly protection: ProtectionSettings;
  readonly network: NetworkSettings;
  readonly process: ProcessSettings;
  readonly persistence: PersistenceSettings;
  readonly aof: AofSettings;
  /** The file that CONFIG REWRITE writes; null: there is none. */
  configFile: string | null;
  /** What CONFIG REWRITE compares with: values as they are by default, and as they were when the server started. */
  readonly rewriting: {
    standard: ReadonlyMap<string, string>;
    atStart: ReadonlyMap<string, string>;
    /** Given by whoever started the server beside the file: not in there as it is now. */
    byOption: ReadonlySet<string>;
  };
  /** What was set of parameters about things that this version does not do. */
  readonly withoutEffect: Map<string, string>;
  readonly encodings: EncodingLimits;
}

/** Who may do what could harm the host: nobody, who is on this machine, everybody. The process itself always may. */
export type Permission = 'no' | 'local' | 'yes';

export interface ProtectionSettings {
  debugCommand: Permission;
  protectedConfigs: Permission;
}

export interface SettingsInput {
  /** `policiesAllowed` is what CONFIG SET may choose from. Default: all. */
  memory?: {
    maxBytes: number;
    policy?: EvictionPolicy;
    samples?: number;
    policiesAllowed?: readonly EvictionPolicy[];
  };
  password?: string;
  databases?: number;
  limits?: Partial<ServerLimits>;
  protection?: Partial<ProtectionSettings>;
  /** Where the data is kept that outlives the server. Absent: it does not, unless parameters say so. */
  persistence?: PersistenceInput;
}

export function settingsOf(input: SettingsInput): Settings {
  const { memory, databases = 16, password } = input;
  const policy = memory?.policy ?? 'noeviction';
  if (!evictionPolicies.includes(policy))
    throw new LookasideError(
      'CONFIG_INVALID',
      `memory.policy is ${policy}; allowed are ${evictionPolicies.join(', ')}`,
    );
  if (password === '') throw new LookasideError('CONFIG_INVALID', 'password must not be empty');
  const limits = { ...limitDefaults, ...input.limits };
  for (const [name, value] of Object.entries(limits))
    atLeast(name === 'outputBufferBytesMax' ? 0 : 1, `limits.${name}`, value);
  return {
    password: password ?? null,
    memory: {
      maxBytes: atLeast(0, 'memory.maxBytes', memory?.maxBytes ?? 0),
      policy,
      samples: atLeast(1, 'memory.samples', memory?.samples ?? 5),
    },
    policiesAllowed: memory?.policiesAllowed ?? evictionPolicies,
    limits,
    outputLimits: {
      normal: { hardBytes: limits.outputBufferBytesMax, softBytes: 0, softSeconds: 0 },
      replica: { hardBytes: 256 * 1024 * 1024, softBytes: 64 * 1024 * 1024, softSeconds: 60 },
      pubsub: { hardBytes: 32 * 1024 * 1024, softBytes: 8 * 1024 * 1024, softSeconds: 60 },
    },
    aclFile: null,
    clientsMemory: { unit: 'bytes', amount: 0 },
    databases: atLeast(1, 'databases', databases),
    network: networkDefaults(),
    process: { logLevel: 'notice', logFile: '', pidFile: '', isDaemon: false },
    persistence: persistenceDefaults(input.persistence),
    aof: aofDefaults(input.persistence?.aof),
    configFile: null,
    rewriting: { standard: new Map(), atStart: new Map(), byOption: new Set() },
    withoutEffect: new Map(),
    protection: { debugCommand: 'no', protectedConfigs: 'no', ...input.protection },
    encodings: { ...encodingLimitDefaults },
  };
}

function atLeast(min: number, option: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new LookasideError(
    'CONFIG_INVALID',
    `${option} is ${value}; it must be a whole number of at least ${min}`,
  );
}

/** What all clients together may weigh, in bytes. 0 is no limit. */
export function clientsBytesMax({ clientsMemory: { unit, amount }, memory }: Settings): number {
  return unit === 'bytes' ? amount : Math.floor((memory.maxBytes * amount) / 100);
}
