/** Decides the options that say where the cache lives, and which of them belong to which kind of place. */
import { z } from 'zod';
import { type Endpoint, endpoints, natMap } from './endpoint.js';
import { count, duration, text, word } from './fields.js';
import { parseStoreUrl, type ServerLocation, URL_FORMAT } from './store-url.js';

const listen = z
  .strictObject({
    host: z
      .string()
      .default('127.0.0.1')
      .describe('Address to listen on. Loopback only, unless there is a password.'),
    port: z
      .int('must be a port, 0 to 65535')
      .min(0)
      .max(65_535)
      .optional()
      .describe('TCP port; 0 takes a free one.'),
    path: z.string().optional().describe('Unix socket, created with mode 0600; instead of host and port.'),
    password: z.string().min(1).optional().describe('What clients must AUTH with.'),
  })
  .refine((value) => (value.port === undefined) !== (value.path === undefined), {
    error: 'needs either port or path',
  });

const tls = z.strictObject({
  ca: text('certificates in PEM')
    .optional()
    .describe('Certificates of those who may vouch for the server, in PEM. Default: those Node knows.'),
  cert: text('a certificate in PEM').optional().describe('Certificate to show to the server, in PEM.'),
  key: text('a private key in PEM').optional().describe('Private key of that certificate, in PEM.'),
  servername: text('a host name')
    .optional()
    .describe('Name that the certificate must have. Default: the host.'),
  rejectUnauthorized: z
    .boolean('must be true or false')
    .optional()
    .describe('false accepts any certificate. Default: true.'),
});

const CONNECT_TIMEOUT_MS = 2_000;
const COMMAND_TIMEOUT_MS = 500;
const RECONNECT_MS_MAX = 2_000;

const base = z.strictObject({
  kind: word(['embedded', 'single', 'sentinel', 'cluster'])
    .default('embedded')
    .describe(
      'embedded: in this process. single: on one Redis, Valkey or compatible server, 6.2 or later. sentinel: on the primary that Redis Sentinels name. cluster: in a Redis Cluster.',
    ),
  listen: listen
    .optional()
    .describe('Opens the embedded server to other processes of this machine, which use it as single.'),
  url: z
    .string(URL_FORMAT)
    .refine((value) => parseStoreUrl(value) !== null, URL_FORMAT)
    .optional()
    .describe('Of single: where the server is.'),
  name: text('the name of a primary')
    .optional()
    .describe('Of sentinel: what the sentinels call the primary.'),
  sentinels: endpoints('sentinels')
    .optional()
    .describe('Of sentinel: some of them, as host:port; they tell of the others.'),
  sentinelUsername: text('the name of a user').optional().describe('Of the sentinels: the ACL user.'),
  sentinelPassword: text('a password').optional().describe('Of the sentinels, where they ask for one.'),
  sentinelTls: tls.optional().describe('Of the sentinels: TLS. Default: as tls.'),
  nodes: endpoints('nodes')
    .optional()
    .describe('Of cluster: some of its nodes, as host:port; they tell of the others.'),
  natMap: natMap
    .optional()
    .describe(
      'Of sentinel and cluster: where servers are reached whose announced address is of their own network.',
    ),
  username: text('the name of a user').optional().describe('Of an external server: the ACL user.'),
  password: text('a password').optional().describe('Of an external server.'),
  database: count(0).optional().describe('Of an external server that is no cluster: its number. Default: 0.'),
  tls: tls.optional().describe('Of an external server: TLS; {} for the defaults, as rediss:// has them.'),
  connectTimeout: duration(1).optional().describe('How long connecting may take. Default: 2s.'),
  commandTimeout: duration(1)
    .optional()
    .describe(
      'How long a reply of an external server may take: the most that a query is delayed when the server falls silent. Default: 500ms.',
    ),
  reconnectMax: duration(1)
    .optional()
    .describe('The longest pause between two attempts to reach an external server. Default: 2s.'),
});

type Given = z.output<typeof base>;
type Key = Exclude<keyof Given, 'kind'>;

const remote: readonly Key[] = [
  'username',
  'password',
  'tls',
  'connectTimeout',
  'commandTimeout',
  'reconnectMax',
];

/** Which options mean something where. */
const keysOf: Readonly<Record<Given['kind'], readonly Key[]>> = {
  embedded: ['listen'],
  single: ['url', 'database', ...remote],
  sentinel: [
    'name',
    'sentinels',
    'sentinelUsername',
    'sentinelPassword',
    'sentinelTls',
    'natMap',
    'database',
    ...remote,
  ],
  cluster: ['nodes', 'natMap', ...remote],
};

/** Without which a kind of place means nothing. */
const neededOf: Readonly<Record<Given['kind'], readonly Key[]>> = {
  embedded: [],
  single: ['url'],
  sentinel: ['name', 'sentinels'],
  cluster: ['nodes'],
};

/** How external servers are connected to. */
export interface RemoteOptions {
  readonly tls: NonNullable<Given['tls']> | null;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  readonly connectTimeoutMs: number;
  readonly commandTimeoutMs: number;
  readonly reconnectMsMax: number;
}

export type Topology =
  | { readonly kind: 'embedded'; readonly listen?: Given['listen'] }
  | { readonly kind: 'single'; readonly address: ServerLocation['address']; readonly remote: RemoteOptions }
  | {
      readonly kind: 'sentinel';
      readonly name: string;
      readonly sentinels: readonly Endpoint[];
      /** How the sentinels are connected to. */
      readonly witnesses: RemoteOptions;
      readonly natMap: Readonly<Record<string, Endpoint>>;
      readonly remote: RemoteOptions;
    }
  | {
      readonly kind: 'cluster';
      readonly nodes: readonly Endpoint[];
      readonly natMap: Readonly<Record<string, Endpoint>>;
      readonly remote: RemoteOptions;
    };

export const topologySchema = base
  .superRefine((given, context) => {
    const refuse = (key: Key, message: string): void =>
      context.addIssue({ code: 'custom', path: [key], message });
    for (const key of Object.keys(given) as (keyof Given)[])
      if (key !== 'kind' && given[key] !== undefined && !keysOf[given.kind].includes(key))
        refuse(key, `must not be given where topology.kind is '${given.kind}'`);
    for (const key of neededOf[given.kind])
      if (given[key] === undefined)
        refuse(
          key,
          `is needed where topology.kind is '${given.kind}'${key === 'url' ? `: it ${URL_FORMAT}` : ''}`,
        );
    const location = given.url === undefined ? null : parseStoreUrl(given.url);
    for (const key of ['username', 'password', 'database'] as const)
      if (location?.[key] !== undefined && given[key] !== undefined)
        refuse(key, 'is given in topology.url already');
    if (given.username !== undefined && (given.password ?? location?.password) === undefined)
      refuse('username', 'needs a password beside it');
    if (given.sentinelUsername !== undefined && given.sentinelPassword === undefined)
      refuse('sentinelUsername', 'needs a sentinelPassword beside it');
  })
  .transform(topologyOf);

function topologyOf(given: Given): Topology {
  const { kind, listen, url, name, sentinels, nodes, natMap = {} } = given;
  const location = url === undefined ? null : parseStoreUrl(url);
  if (kind === 'single' && location !== null)
    return { kind, address: location.address, remote: remoteOf(given, location) };
  if (kind === 'cluster' && nodes !== undefined) return { kind, nodes, natMap, remote: remoteOf(given, {}) };
  if (kind === 'sentinel' && name !== undefined && sentinels !== undefined) {
    const { sentinelUsername, sentinelPassword, sentinelTls } = given;
    const remote = remoteOf(given, {});
    const login = { username: sentinelUsername, password: sentinelPassword, database: 0 };
    const witnesses = { ...remote, ...login, tls: sentinelTls ?? remote.tls };
    return { kind, name, sentinels, witnesses, natMap, remote };
  }
  return { kind: 'embedded', ...(listen === undefined ? {} : { listen }) };
}

function remoteOf(given: Given, location: Partial<ServerLocation>): RemoteOptions {
  return {
    tls: given.tls ?? (location.isSecure === true ? {} : null),
    username: given.username ?? location.username,
    password: given.password ?? location.password,
    database: given.database ?? location.database ?? 0,
    connectTimeoutMs: given.connectTimeout ?? CONNECT_TIMEOUT_MS,
    commandTimeoutMs: given.commandTimeout ?? COMMAND_TIMEOUT_MS,
    reconnectMsMax: given.reconnectMax ?? RECONNECT_MS_MAX,
  };
}
