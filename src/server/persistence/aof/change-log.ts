/**
 * Decides how the append only file is joined to a server: what it is loaded into, who is told of changes, what a rewrite
 * reads. Knows nothing of its files.
 */
import type { Client } from '../../client.js';
import type { ServerContext } from '../../command.js';
import type { CommitGate } from '../../commit-gate.js';
import type { Fields } from '../../introspection/info-fields.js';
import type { Propagation } from '../../propagation.js';
import type { ErrorReply } from '../../resp/reply.js';
import { turnOfOthers } from '../file-steps.js';
import { type LoadCounts, loadRdb, newCounts } from '../load-keyspace.js';
import type { ChangeLog, Loading } from '../persistence.js';
import { Snapshot } from '../snapshot.js';
import type { SnapshotSink } from '../snapshot-sink.js';
import { AppendOnlyFile, type RewriteAnswer } from './append-only-file.js';
import type { AofLoadHost } from './load.js';
import { type Replay, replayFor } from './replay.js';
import { systemMessage } from './system-message.js';

export interface ChangeLogParts {
  readonly server: ServerContext;
  /** One that nobody hears, for what is loaded. */
  readonly newClient: () => Client;
  /** Who is told of changes, and what replies wait for. */
  readonly connect: (propagation: Propagation | null, gate: CommitGate | null) => void;
}

export class AofChangeLog implements ChangeLog {
  readonly file: AppendOnlyFile;
  private readonly server: ServerContext;
  private snapshot: Snapshot | null = null;

  constructor(private readonly parts: ChangeLogParts) {
    const { server } = parts;
    const { persistence, settings, keyspace, clock } = server;
    this.server = server;
    this.file = new AppendOnlyFile({
      clock,
      files: persistence.files,
      settings: settings.aof,
      statistics: keyspace.statistics,
      processId: process.pid,
      place: () => {
        const { folder: parent } = settings.persistence;
        const { folderName, fileName } = settings.aof;
        return { parent, folder: `${parent}/${folderName}`, fileName };
      },
      snapshot: (sink) => this.takeSnapshot(sink),
      stopSnapshot: () => this.snapshot?.stop(),
      isSnapshotting: () => persistence.rdb.running !== null,
      rdbFacts: () => ({
        compresses: settings.persistence.compresses,
        sums: settings.persistence.sums,
        wallMs: clock.wallMs(),
        usedBytes: keyspace.usedBytes,
        isAofBase: true,
        databases: keyspace.databases.map(({ size, volatileSize }) => ({ size, volatileSize })),
        functions: persistence.rdb.functions,
      }),
      connect: (propagation) => {
        keyspace.core.vanished =
          propagation === null ? null : (database, key) => propagation.vanished(database, key);
        server.blocking.onServed =
          propagation === null ? null : (database, effects) => propagation.served(database, effects);
        parts.connect(propagation, propagation === null ? null : this.file);
      },
      log: (level, message) => server.log(level, message),
    });
  }

  get isOn(): boolean {
    return this.server.settings.aof.isOn;
  }

  get isRewriting(): boolean {
    return this.file.isRewriting;
  }

  /** False where there is nothing. */
  async load(loading: Loading): Promise<boolean> {
    const { keyspace, clock } = this.server;
    const replay = replayFor(this.server, this.parts.newClient());
    const startedMs = clock.monotonicMs();
    // What is in the files says itself what was over, and when.
    keyspace.core.expires = false;
    keyspace.setActiveExpiry(false);
    try {
      const loaded = await this.file.load(this.loadHost(loading.counts, replay));
      if (loaded === null) return false;
      this.tellFailed(replay);
      const seconds = (clock.monotonicMs() - startedMs) / 1000;
      this.server.log('notice', `DB loaded from append only file: ${seconds.toFixed(3)} seconds`);
      return true;
    } finally {
      keyspace.core.expires = true;
      keyspace.setActiveExpiry(true);
    }
  }

  loadNow(): void {
    const { keyspace, persistence } = this.server;
    const counts = newCounts();
    const replay = replayFor(this.server, this.parts.newClient());
    this.file.makeWhole();
    const { changes } = persistence.rdb;
    keyspace.core.expires = false;
    try {
      keyspace.replaceAll(() => this.file.loadNow(this.loadHost(counts, replay)));
    } finally {
      keyspace.core.expires = true;
      persistence.rdb.hasChanges(changes);
    }
    this.tellFailed(replay);
    persistence.rdb.functions = counts.functions;
    persistence.rdb.isSaved();
  }

  private tellFailed({ failed, firstFailure }: Replay): void {
    if (failed > 0)
      this.server.log(
        'warning',
        `${failed} commands of the AOF answered with an error, the first was ${firstFailure ?? ''}`,
      );
  }

  async start(): Promise<void> {
    await (this.isOn ? this.file.start() : this.file.look());
  }

  /** CONFIG SET appendonly. */
  turn(isOn: boolean): void {
    const { settings, log } = { settings: this.server.settings, log: this.server.log.bind(this.server) };
    settings.aof.isOn = isOn;
    if (isOn) this.file.turnOn();
    else
      void this.file
        .turnOff()
        .catch((error: unknown) => log('warning', `Error closing the AOF file: ${systemMessage(error)}`));
  }

  rewriteLater(): 'scheduled' | 'running' {
    return this.file.rewriteLater();
  }

  rewrite(): RewriteAnswer {
    return this.file.rewrite();
  }

  get isCalm(): boolean {
    return this.file.failure === null;
  }

  refusal(): ErrorReply | null {
    return this.file.refusal;
  }

  endNow(): string | null {
    const problem = this.file.endNow();
    return problem === null ? null : `the AOF file: ${systemMessage(problem)}`;
  }

  settled(): Promise<void> {
    return this.file.settled();
  }

  fields(): Fields {
    const { file } = this;
    const { current, base, waiting, isSyncing, delayedSyncs } = file.sizes;
    return {
      aof_enabled: file.state === 'off' ? 0 : 1,
      aof_rewrite_in_progress: file.isRewriting ? 1 : 0,
      aof_rewrite_scheduled: file.isRewriteScheduled ? 1 : 0,
      aof_last_rewrite_time_sec: file.rewriteSeconds,
      aof_current_rewrite_time_sec: file.currentRewriteSeconds,
      aof_last_bgrewrite_status: file.rewriteStatus,
      aof_rewrites: file.rewrites,
      aof_rewrites_consecutive_failures: file.limit.failures,
      aof_last_write_status: file.failure === null ? 'ok' : 'err',
      aof_last_cow_size: 0,
      ...(file.state === 'off'
        ? {}
        : {
            aof_current_size: current,
            aof_base_size: base,
            aof_pending_rewrite: file.isRewriteScheduled ? 1 : 0,
            aof_buffer_length: waiting,
            aof_pending_bio_fsync: isSyncing ? 1 : 0,
            aof_delayed_fsync: delayedSyncs,
          }),
    };
  }

  private loadHost(counts: LoadCounts, replay: Replay): AofLoadHost {
    const { persistence, settings, keyspace } = this.server;
    return {
      run: (args) => replay.run(args),
      *loadRdb(path) {
        const options = {
          keyspace,
          limits: settings.encodings,
          checks: settings.persistence.sums,
          dropsExpired: false,
          isStopped: () => persistence.isEnded,
        };
        return (yield* loadRdb(path, options, counts)).endAt;
      },
      mayBeCut: () => settings.aof.loadsTruncated,
      log: (level, message) => this.server.log(level, message),
      *progress(bytes) {
        if (persistence.isEnded) throw new Error('the server was closed while it loaded');
        counts.bytes += bytes;
        yield* turnOfOthers(persistence.pause);
      },
    };
  }

  private async takeSnapshot(sink: SnapshotSink): Promise<void> {
    const { keyspace, clock, persistence, settings } = this.server;
    const { policy } = settings.memory;
    const tellsUsage = policy.endsWith('lru')
      ? 'idle time'
      : policy.endsWith('lfu')
        ? 'frequency'
        : 'nothing';
    const snapshot = new Snapshot({ keyspace, sink, clock, tellsUsage, pause: persistence.pause });
    this.snapshot = snapshot;
    try {
      if (!(await snapshot.run())) throw new Error('it was stopped');
    } finally {
      this.snapshot = null;
    }
  }
}
