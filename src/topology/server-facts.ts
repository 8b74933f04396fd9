/**
 * Decides what is read from a server's INFO, and which of it keeps the promise from being kept: the same checks at
 * start-up and in `lookaside doctor`. Knows no connection.
 */

export interface ServerFacts {
  /** As the server calls itself: `redis 7.0.15`, `valkey 8.0.1`. */
  readonly product: string;
  /** Of Redis, that the server is compatible with; `[7, 0, 15]`. Empty when it does not say. */
  readonly version: readonly number[];
  /** `T.r`: changes when another node takes over. Null: the server hides it. */
  readonly replicationId: string | null;
  readonly role: 'primary' | 'replica' | 'unknown';
  readonly isLoading: boolean;
  /** What gives way when the server is full; null when it does not say. */
  readonly evictionPolicy: string | null;
  /** 0: no limit; null when it does not say. */
  readonly memoryBytesMax: number | null;
  readonly isCluster: boolean;
}

export interface Finding {
  /** `error`: nothing is served from such a server. */
  readonly severity: 'error' | 'warning';
  /** Part of the code of its warning. */
  readonly name:
    | 'use'
    | 'version'
    | 'replication-id'
    | 'role'
    | 'eviction'
    | 'loading'
    | 'cluster'
    | 'memory'
    | 'clock'
    | 'latency';
  /** What is wrong and what to change. */
  readonly text: string;
}

/** Everything that is sent exists since. */
const VERSION_MIN = [6, 2];

export function factsFrom(info: string): ServerFacts {
  const fields = new Map<string, string>();
  for (const line of info.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  const version = fields.get('redis_version') ?? '';
  const own = ['valkey', 'dragonfly', 'keydb', 'lookaside'].find((name) => fields.has(`${name}_version`));
  const role = fields.get('role');
  const id = fields.get('master_replid');
  const memory = fields.get('maxmemory');
  return {
    product: own === undefined ? `redis ${version}` : `${own} ${fields.get(`${own}_version`) ?? ''}`,
    version: /^\d+(\.\d+)*/.exec(version)?.[0].split('.').map(Number) ?? [],
    replicationId: id !== undefined && /^[0-9a-f]{40}$/i.test(id) && !/^0+$/.test(id) ? id : null,
    role: role === 'master' ? 'primary' : role === 'slave' ? 'replica' : 'unknown',
    isLoading: fields.get('loading') === '1',
    evictionPolicy: fields.get('maxmemory_policy') ?? null,
    memoryBytesMax: memory === undefined ? null : Number(memory),
    isCluster: fields.get('cluster_enabled') === '1',
  };
}

/** What is wrong with a server as the primary of a shard. */
export function judgeServer(facts: ServerFacts): readonly Finding[] {
  const findings: Finding[] = [];
  const error = (name: Finding['name'], text: string): void =>
    void findings.push({ severity: 'error', name, text });
  if (isOlder(facts.version, VERSION_MIN))
    error('version', `${facts.product} is older than ${VERSION_MIN.join('.')}: upgrade the server`);
  if (facts.isLoading) error('loading', 'the server is still loading its data');
  if (facts.role === 'replica')
    error('role', 'the server is a replica: give the address of its primary, or use Sentinel');
  if (facts.replicationId === null)
    error(
      'replication-id',
      'INFO tells no master_replid, so a failover could not be noticed: allow the user INFO, or use a server or plan that shows it',
    );
  if (facts.evictionPolicy?.startsWith('allkeys-') === true && facts.memoryBytesMax !== 0)
    error(
      'eviction',
      `maxmemory-policy is ${facts.evictionPolicy}, which may evict the record of a write under way: set it to volatile-lru, volatile-ttl or noeviction`,
    );
  if (facts.evictionPolicy === 'noeviction' && (facts.memoryBytesMax ?? 0) > 0)
    findings.push({
      severity: 'warning',
      name: 'memory',
      text: 'maxmemory-policy is noeviction: once maxmemory is reached nothing is stored and no write can be announced; set it to volatile-lru',
    });
  return findings;
}

/** An unknown version is not taken for an old one. */
function isOlder(version: readonly number[], than: readonly number[]): boolean {
  if (version.length === 0) return false;
  for (const [index, part] of than.entries()) {
    const own = version[index] ?? 0;
    if (own !== part) return own < part;
  }
  return false;
}
