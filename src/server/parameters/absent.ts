/**
 * Decides what becomes of parameters about what this version does not do. Their default is true here as well and taken;
 * another value is either refused, where whoever wrote it would lose what he relies on, or kept and said to have no
 * effect. Knows no file.
 */
import type { ServerContext } from '../command.js';
import { type ConfigParameter, parseMemorySize, type Setter } from './parameter.js';

/** Another value would be a promise that is not kept. */
const refused: readonly (readonly [name: string, only: string, why: string])[] = [
  ['cluster-enabled', 'no', 'this version is no cluster node'],
  ['replicaof', '', 'this version does not replicate'],
  ['supervised', 'no', 'this version does not talk to a supervisor: use Type=simple'],
  ['syslog-enabled', 'no', 'this version does not write to the system log: use logfile'],
  ['tls-replication', 'no', 'this version does not replicate'],
  ['tls-cluster', 'no', 'this version is no cluster node'],
  ['enable-module-command', 'no', 'this version loads no modules'],
  ['bind-source-addr', '', 'this version connects to nobody'],
];

/** About snapshots, an append only file, replicas, cluster nodes, scripts and the insides of redis-server. */
const withoutEffect: readonly (readonly [name: string, standard: string])[] = [
  ['rdb-del-sync-files', 'no'],
  ['rdb-save-incremental-fsync', 'yes'],
  ['aof-rewrite-incremental-fsync', 'yes'],
  ['aof-disable-auto-gc', 'no'],
  ['replica-serve-stale-data', 'yes'],
  ['replica-read-only', 'yes'],
  ['replica-priority', '100'],
  ['replica-lazy-flush', 'no'],
  ['replica-ignore-maxmemory', 'yes'],
  ['replica-ignore-disk-write-errors', 'no'],
  ['replica-announced', 'yes'],
  ['replica-announce-ip', ''],
  ['replica-announce-port', '0'],
  ['repl-diskless-sync', 'yes'],
  ['repl-diskless-sync-delay', '5'],
  ['repl-diskless-sync-max-replicas', '0'],
  ['repl-diskless-load', 'disabled'],
  ['repl-disable-tcp-nodelay', 'no'],
  ['repl-backlog-size', '1048576'],
  ['repl-backlog-ttl', '3600'],
  ['repl-timeout', '60'],
  ['repl-ping-replica-period', '10'],
  ['min-replicas-to-write', '0'],
  ['min-replicas-max-lag', '10'],
  ['masterauth', ''],
  ['masteruser', ''],
  ['cluster-config-file', 'nodes.conf'],
  ['cluster-node-timeout', '15000'],
  ['cluster-port', '0'],
  ['cluster-require-full-coverage', 'yes'],
  ['cluster-migration-barrier', '1'],
  ['cluster-replica-validity-factor', '10'],
  ['cluster-replica-no-failover', 'no'],
  ['cluster-allow-reads-when-down', 'no'],
  ['cluster-allow-pubsubshard-when-down', 'yes'],
  ['cluster-allow-replica-migration', 'yes'],
  ['cluster-link-sendbuf-limit', '0'],
  ['cluster-announce-ip', ''],
  ['cluster-announce-port', '0'],
  ['cluster-announce-bus-port', '0'],
  ['cluster-announce-tls-port', '0'],
  ['cluster-announce-hostname', ''],
  ['cluster-preferred-endpoint-type', 'ip'],
  ['busy-reply-threshold', '5000'],
  ['propagation-error-behavior', 'ignore'],
  ['lazyfree-lazy-eviction', 'no'],
  ['lazyfree-lazy-expire', 'no'],
  ['lazyfree-lazy-server-del', 'no'],
  ['lazyfree-lazy-user-del', 'no'],
  ['lazyfree-lazy-user-flush', 'no'],
  ['maxmemory-eviction-tenacity', '10'],
  ['active-expire-effort', '1'],
  ['list-compress-depth', '0'],
  ['activedefrag', 'no'],
  ['active-defrag-ignore-bytes', '104857600'],
  ['active-defrag-threshold-lower', '10'],
  ['active-defrag-threshold-upper', '100'],
  ['active-defrag-cycle-min', '1'],
  ['active-defrag-cycle-max', '25'],
  ['active-defrag-max-scan-fields', '1000'],
  ['activerehashing', 'yes'],
  ['jemalloc-bg-thread', 'yes'],
  ['disable-thp', 'yes'],
  ['hz', '10'],
  ['dynamic-hz', 'yes'],
  ['io-threads', '1'],
  ['io-threads-do-reads', 'no'],
  ['oom-score-adj', 'no'],
  ['oom-score-adj-values', '0 200 800'],
  ['server_cpulist', ''],
  ['bio_cpulist', ''],
  ['aof_rewrite_cpulist', ''],
  ['bgsave_cpulist', ''],
  ['syslog-ident', 'redis'],
  ['syslog-facility', 'local0'],
  ['crash-log-enabled', 'yes'],
  ['crash-memcheck-enabled', 'yes'],
  ['always-show-logo', 'no'],
  ['set-proc-title', 'yes'],
  ['proc-title-template', '{title} {listen-addr} {server-mode}'],
  ['ignore-warnings', ''],
  ['socket-mark-id', '0'],
  ['shutdown-timeout', '10'],
  ['shutdown-on-sigint', 'default'],
  ['shutdown-on-sigterm', 'default'],
  ['tls-session-caching', 'yes'],
  ['tls-session-cache-size', '20480'],
  ['tls-session-cache-timeout', '300'],
  ['tls-client-cert-file', ''],
  ['tls-client-key-file', ''],
  ['tls-client-key-file-pass', ''],
];

/** Names of earlier versions. */
const oldNames: Readonly<Record<string, string>> = {
  'slave-serve-stale-data': 'replica-serve-stale-data',
  'slave-read-only': 'replica-read-only',
  'slave-priority': 'replica-priority',
  'slave-lazy-flush': 'replica-lazy-flush',
  'slave-ignore-maxmemory': 'replica-ignore-maxmemory',
  'slave-announce-ip': 'replica-announce-ip',
  'slave-announce-port': 'replica-announce-port',
  'repl-ping-slave-period': 'repl-ping-replica-period',
  'min-slaves-to-write': 'min-replicas-to-write',
  'min-slaves-max-lag': 'min-replicas-max-lag',
  'cluster-slave-validity-factor': 'cluster-replica-validity-factor',
  'cluster-slave-no-failover': 'cluster-replica-no-failover',
  'lua-time-limit': 'busy-reply-threshold',
  slaveof: 'replicaof',
};

const lists = new Set(['oom-score-adj-values', 'replicaof', 'bind-source-addr']);

function isSame(one: string, other: string): boolean {
  return normal(one) === normal(other);
}

/** `64mb` is told in bytes. */
function normal(value: string): string {
  const bytes = /^\d+[a-z]+$/i.test(value) ? parseMemorySize(value) : null;
  return bytes === null ? value.toLowerCase() : String(bytes);
}

export const absentParameters: readonly ConfigParameter[] = [
  ...refused.map(([name, only, why]): ConfigParameter => {
    const set: Setter = (_server, value) => (isSame(value, only) ? null : why);
    return { ...named(name), get: () => only, set, start: set };
  }),
  ...withoutEffect.map(([name, standard]): ConfigParameter => {
    const get = ({ settings }: ServerContext): string => settings.withoutEffect.get(name) ?? standard;
    return {
      ...named(name),
      get,
      set: (server, value) =>
        isSame(value, get(server))
          ? null
          : 'it would have no effect: this version does not know what it is about',
      start: ({ settings }, value) => {
        if (!isSame(value, standard))
          settings.withoutEffect.set(name, normal(value) === value.toLowerCase() ? value : normal(value));
        return null;
      },
    };
  }),
];

function named(name: string): Pick<ConfigParameter, 'name' | 'aliases' | 'isList'> {
  const aliases = Object.entries(oldNames).flatMap(([old, now]) => (now === name ? [old] : []));
  return { name, ...(aliases.length > 0 ? { aliases } : {}), ...(lists.has(name) ? { isList: true } : {}) };
}
