/** Decides what INFO tells, section by section. Knows nothing of the reply's form. */
import type { ServerContext } from './command.js';
import { REDIS_VERSION } from './version.js';

type Fields = Readonly<Record<string, string | number>>;

interface Section {
  readonly title: string;
  readonly fields: (server: ServerContext) => Fields;
}

/** In Redis' order. A section that has nothing true to say is not here. */
const sections: Readonly<Record<string, Section>> = {
  server: { title: 'Server', fields: serverFields },
  clients: {
    title: 'Clients',
    fields: ({ clients, settings, blocking }) => ({
      connected_clients: clients.size,
      maxclients: settings.limits.clientsMax,
      blocked_clients: blocking.size,
    }),
  },
  memory: { title: 'Memory', fields: memoryFields },
  persistence: {
    title: 'Persistence',
    fields: () => ({ loading: 0, async_loading: 0, rdb_bgsave_in_progress: 0, aof_enabled: 0 }),
  },
  stats: { title: 'Stats', fields: statsFields },
  replication: {
    title: 'Replication',
    fields: ({ identity }) => ({
      role: 'master',
      connected_slaves: 0,
      master_failover_state: 'no-failover',
      master_replid: identity.replicationId,
      master_repl_offset: 0,
    }),
  },
  cluster: { title: 'Cluster', fields: () => ({ cluster_enabled: 0 }) },
  keyspace: { title: 'Keyspace', fields: keyspaceFields },
};

const ALL = ['all', 'default', 'everything'];

/** The text for the sections asked for; all of them when none is named. Unknown names say nothing. */
export function infoText(server: ServerContext, wanted: readonly string[]): string {
  const names =
    wanted.length === 0 || wanted.some((name) => ALL.includes(name)) ? Object.keys(sections) : wanted;
  const texts: string[] = [];
  for (const [name, { title, fields }] of Object.entries(sections)) {
    if (!names.includes(name)) continue;
    const lines = Object.entries(fields(server)).map(([field, value]) => `${field}:${value}\r\n`);
    texts.push(`# ${title}\r\n${lines.join('')}`);
  }
  return texts.join('\r\n');
}

function serverFields(server: ServerContext): Fields {
  const { identity, clock } = server;
  const uptimeSeconds = Math.floor((clock.monotonicMs() - identity.startedMonotonicMs) / 1000);
  let port = 0;
  for (const address of server.addresses()) if (address.kind === 'tcp') port = address.port;
  return {
    redis_version: REDIS_VERSION,
    server_name: identity.name,
    redis_mode: 'standalone',
    os: `${process.platform} ${process.arch}`,
    arch_bits: 64,
    process_id: process.pid,
    run_id: identity.runId,
    tcp_port: port,
    server_time_usec: Math.floor(clock.wallMs() * 1000),
    uptime_in_seconds: uptimeSeconds,
    uptime_in_days: Math.floor(uptimeSeconds / 86_400),
  };
}

function memoryFields({ keyspace, settings }: ServerContext): Fields {
  const { maxBytes, policy } = settings.memory;
  return {
    used_memory: keyspace.usedBytes,
    used_memory_human: human(keyspace.usedBytes),
    used_memory_dataset: keyspace.usedBytes,
    maxmemory: maxBytes,
    maxmemory_human: human(maxBytes),
    maxmemory_policy: policy,
  };
}

function statsFields({ statistics, keyspace }: ServerContext): Fields {
  const { hits, misses, expired, evicted } = keyspace.statistics;
  return {
    total_connections_received: statistics.connectionsReceived,
    total_commands_processed: statistics.commandsProcessed,
    total_net_input_bytes: statistics.inputBytes,
    total_net_output_bytes: statistics.outputBytes,
    rejected_connections: statistics.connectionsRejected,
    expired_keys: expired,
    evicted_keys: evicted,
    keyspace_hits: hits,
    keyspace_misses: misses,
    total_error_replies: statistics.errorReplies,
    client_output_buffer_limit_disconnections: statistics.outputLimitDisconnections,
  };
}

function keyspaceFields({ keyspace }: ServerContext): Fields {
  const fields: Record<string, string> = {};
  for (const { index, size, volatileSize } of keyspace.databases)
    if (size > 0) fields[`db${index}`] = `keys=${size},expires=${volatileSize},avg_ttl=0`;
  return fields;
}

function human(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  const units = ['K', 'M', 'G', 'T'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(2)}${units[unit]}`;
}
