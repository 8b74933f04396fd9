/**
 * Decides which fields INFO has in each section. What this server has no notion of is told as Redis tells "none", where
 * tools read the field; fields that nobody could use are not here.
 */
import { totalmem } from 'node:os';
import type { ServerContext } from '../command.js';
import { REDIS_VERSION } from '../version.js';
import { memoryFacts } from './memory-report.js';

export type Fields = Readonly<Record<string, string | number>>;

export function serverFields(server: ServerContext): Fields {
  const { identity, clock, settings } = server;
  const uptimeSeconds = Math.floor((clock.monotonicMs() - identity.startedMonotonicMs) / 1000);
  let port = 0;
  for (const address of server.addresses()) if (address.kind === 'tcp') port = address.port;
  return {
    redis_version: REDIS_VERSION,
    server_name: identity.name,
    redis_mode: 'standalone',
    os: `${process.platform} ${process.arch}`,
    arch_bits: 64,
    multiplexing_api: 'libuv',
    process_id: process.pid,
    process_supervised: 'no',
    run_id: identity.runId,
    tcp_port: port,
    server_time_usec: Math.floor(clock.wallMs() * 1000),
    uptime_in_seconds: uptimeSeconds,
    uptime_in_days: Math.floor(uptimeSeconds / 86_400),
    hz: 10,
    configured_hz: 10,
    lru_clock: Math.floor(clock.wallMs() / 1000) % 2 ** 24,
    executable: process.execPath,
    config_file: settings.configFile ?? '',
    io_threads_active: 0,
  };
}

export function clientFields({ clients, settings, blocking, tracking, pause }: ServerContext): Fields {
  let [input, output] = [0, 0];
  for (const { origin } of clients) {
    input = Math.max(input, origin.transport.inputBytes);
    output = Math.max(output, origin.transport.outputBytes);
  }
  return {
    connected_clients: clients.size,
    cluster_connections: 0,
    maxclients: settings.limits.clientsMax,
    client_recent_max_input_buffer: input,
    client_recent_max_output_buffer: output,
    blocked_clients: blocking.size + pause.postponedCount,
    tracking_clients: tracking.clientCount,
    clients_in_timeout_table: blocking.size,
  };
}

export function memoryFields(server: ServerContext): Fields {
  const { maxBytes, policy } = server.settings.memory;
  const { datasetBytes, clientsBytes, totalBytes, peakBytes, residentBytes } = memoryFacts(server);
  const percent = (part: number, whole: number): string => `${((part / whole) * 100).toFixed(2)}%`;
  return {
    used_memory: totalBytes,
    used_memory_human: human(totalBytes),
    used_memory_rss: residentBytes,
    used_memory_rss_human: human(residentBytes),
    used_memory_peak: peakBytes,
    used_memory_peak_human: human(peakBytes),
    used_memory_peak_perc: percent(totalBytes, peakBytes),
    used_memory_overhead: clientsBytes,
    used_memory_startup: 0,
    used_memory_dataset: datasetBytes,
    used_memory_dataset_perc: percent(datasetBytes, totalBytes),
    total_system_memory: totalmem(),
    total_system_memory_human: human(totalmem()),
    used_memory_lua: 0,
    used_memory_lua_human: '0B',
    used_memory_scripts: 0,
    used_memory_scripts_human: '0B',
    maxmemory: maxBytes,
    maxmemory_human: human(maxBytes),
    maxmemory_policy: policy,
    mem_fragmentation_ratio: (residentBytes / totalBytes).toFixed(2),
    mem_fragmentation_bytes: residentBytes - totalBytes,
    mem_not_counted_for_evict: clientsBytes,
    mem_replication_backlog: 0,
    mem_clients_slaves: 0,
    mem_clients_normal: clientsBytes,
    mem_cluster_links: 0,
    mem_aof_buffer: 0,
    mem_allocator: 'v8',
    active_defrag_running: 0,
    lazyfree_pending_objects: 0,
    lazyfreed_objects: 0,
  };
}

export function statsFields({ statistics, keyspace, pubsub, tracking }: ServerContext): Fields {
  const { hits, misses, expired, evicted } = keyspace.statistics;
  return {
    total_connections_received: statistics.connectionsReceived,
    total_commands_processed: statistics.commandsProcessed,
    total_net_input_bytes: statistics.inputBytes,
    total_net_output_bytes: statistics.outputBytes,
    rejected_connections: statistics.connectionsRejected,
    sync_full: 0,
    sync_partial_ok: 0,
    sync_partial_err: 0,
    expired_keys: expired,
    evicted_keys: evicted,
    evicted_clients: statistics.evictedClients,
    keyspace_hits: hits,
    keyspace_misses: misses,
    pubsub_channels: pubsub.channelCount,
    pubsub_patterns: pubsub.patternCount,
    pubsubshard_channels: pubsub.shardCount,
    latest_fork_usec: 0,
    total_forks: 0,
    tracking_total_keys: tracking.keyCount,
    tracking_total_items: tracking.itemCount,
    tracking_total_prefixes: tracking.prefixCount,
    unexpected_error_replies: 0,
    total_error_replies: statistics.errorReplies,
    client_output_buffer_limit_disconnections: statistics.outputLimitDisconnections,
  };
}

export function replicationFields({ identity }: ServerContext): Fields {
  return {
    role: 'master',
    connected_slaves: 0,
    master_failover_state: 'no-failover',
    master_replid: identity.replicationId,
    master_replid2: '0'.repeat(40),
    master_repl_offset: 0,
    second_repl_offset: -1,
    repl_backlog_active: 0,
    repl_backlog_size: 1_048_576,
    repl_backlog_first_byte_offset: 0,
    repl_backlog_histlen: 0,
  };
}

/** Of the whole process. */
export function cpuFields(): Fields {
  const { system, user } = process.cpuUsage();
  const seconds = (micros: number): string => (micros / 1_000_000).toFixed(6);
  return {
    used_cpu_sys: seconds(system),
    used_cpu_user: seconds(user),
    used_cpu_sys_children: '0.000000',
    used_cpu_user_children: '0.000000',
  };
}

export function keyspaceFields({ keyspace }: ServerContext): Fields {
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
