/** Decides what INFO tells of what is kept on disk. */
import type { ServerContext } from '../command.js';
import type { Fields } from './info-fields.js';

export function persistenceFields({ clock, persistence, keyspace }: ServerContext): Fields {
  const { rdb, loading, loaded, log } = persistence;
  const { running } = rdb;
  const seconds = (ms: number | null): number => (ms === null ? -1 : Math.floor(ms / 1000));
  return {
    loading: loading === null ? 0 : 1,
    async_loading: 0,
    current_cow_peak: 0,
    current_cow_size: 0,
    current_cow_size_age: 0,
    current_fork_perc: (running === null
      ? 0
      : (running.snapshot.keysTold / Math.max(1, running.snapshot.keysTotal)) * 100
    ).toFixed(2),
    current_save_keys_processed: running?.snapshot.keysTold ?? 0,
    current_save_keys_total: running?.snapshot.keysTotal ?? 0,
    rdb_changes_since_last_save: rdb.changes,
    rdb_bgsave_in_progress: running === null ? 0 : 1,
    rdb_last_save_time: Math.floor(rdb.lastSaveMs / 1000),
    rdb_last_bgsave_status: rdb.lastFailed ? 'err' : 'ok',
    rdb_last_bgsave_time_sec: seconds(rdb.lastDurationMs),
    rdb_current_bgsave_time_sec: seconds(running === null ? null : clock.wallMs() - running.startedMs),
    rdb_saves: rdb.count,
    rdb_last_cow_size: 0,
    rdb_last_load_keys_expired: loaded.keysExpired,
    rdb_last_load_keys_loaded: loaded.keysLoaded,
    ...(log?.fields() ?? noLog),
    ...(loading === null ? {} : loadingFields(loading, clock.wallMs(), keyspace.usedBytes)),
  };
}

const noLog: Fields = {
  aof_enabled: 0,
  aof_rewrite_in_progress: 0,
  aof_rewrite_scheduled: 0,
  aof_last_rewrite_time_sec: -1,
  aof_current_rewrite_time_sec: -1,
  aof_last_bgrewrite_status: 'ok',
  aof_rewrites: 0,
  aof_rewrites_consecutive_failures: 0,
  aof_last_write_status: 'ok',
  aof_last_cow_size: 0,
};

function loadingFields(
  { startedMs, bytesTotal, counts }: NonNullable<ServerContext['persistence']['loading']>,
  nowMs: number,
  usedBytes: number,
): Fields {
  const seconds = Math.max(0, nowMs - startedMs) / 1000;
  const { bytes } = counts;
  const eta = bytes === 0 ? 1 : (seconds / bytes) * (bytesTotal - bytes);
  return {
    loading_start_time: Math.floor(startedMs / 1000),
    loading_total_bytes: bytesTotal,
    loading_rdb_used_mem: Number(counts.aux.get('used-mem') ?? usedBytes),
    loading_loaded_bytes: bytes,
    loading_loaded_perc: ((bytes / Math.max(1, bytesTotal)) * 100).toFixed(2),
    loading_eta_seconds: Math.floor(eta),
  };
}
