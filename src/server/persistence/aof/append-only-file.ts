/**
 * Decides when there is an append only file, which of its files is written to, and when they are written anew. Knows
 * nothing of commands, clients or how a snapshot is taken. (Redis 7.0: `aof.c`.)
 *
 * Order is safety: a manifest names a file before anything that must not be lost is written to it, and a file is removed
 * only when the manifest no longer names it.
 */
import type { Clock, Timer } from '../../../clock.js';
import type { CommitGate, CommitWaiter } from '../../commit-gate.js';
import type { KeyspaceStatistics } from '../../keyspace/keyspace-core.js';
import { Propagation } from '../../propagation.js';
import { ErrorReply } from '../../resp/reply.js';
import { type BlockFile, replaceFile } from '../block-files.js';
import { besideOthers, holdingTheThread } from '../file-steps.js';
import type { Files } from '../files.js';
import { type RdbFacts, RdbFile } from '../rdb/rdb-file.js';
import type { SnapshotSink } from '../snapshot-sink.js';
import { type AppendFailure, AppendLog, type AppendLogHost, type FsyncPolicy } from './append-log.js';
import { CommandFile } from './command-file.js';
import { type AofLoadHost, type LoadedAof, loadAppendOnlyFiles } from './load.js';
import { type AofManifest, EMPTY_MANIFEST, nextIncr, withBase, withIncr } from './manifest.js';
import {
  type AofPlace,
  readManifest,
  removeHistory,
  upgradeSingleFile,
  writeManifest,
} from './manifest-file.js';
import { RewriteLimit } from './rewrite-limit.js';
import type { AofSettings } from './settings.js';
import { systemMessage } from './system-message.js';

export interface AofHost {
  readonly clock: Clock;
  readonly files: Files;
  readonly settings: AofSettings;
  readonly statistics: KeyspaceStatistics;
  /** Of this process: part of the names of what is not ready. */
  readonly processId: number;
  place(): AofPlace;
  /** Takes a snapshot that begins in this very call. Rejects when it is ended before it is through. */
  snapshot(sink: SnapshotSink): Promise<void>;
  /** Ends it. */
  stopSnapshot(): void;
  /** Whether one is being taken, or the disk is kept busy otherwise. */
  isSnapshotting(): boolean;
  rdbFacts(): RdbFacts;
  /** Who is told of changes from now on. */
  connect(propagation: Propagation | null): void;
  log(level: 'notice' | 'warning', message: string): void;
}

export type RewriteAnswer = 'started' | 'scheduled' | 'running';

const CYCLE_MS = 1000;

export class AppendOnlyFile implements CommitGate, AppendLogHost {
  /** `turning on`: what is written counts once everything before it has been written as well. */
  state: 'off' | 'turning on' | 'on' = 'off';
  isRewriteScheduled = false;
  rewriteStatus: 'ok' | 'err' = 'ok';
  rewriteSeconds = -1;
  rewrites = 0;
  readonly limit: RewriteLimit;
  private log: AppendLog | null = null;
  private propagation: Propagation | null = null;
  private manifest: AofManifest = EMPTY_MANIFEST;
  private rewriting: { readonly startMs: number; readonly done: Promise<void> } | null = null;
  /** Of everything but the file at hand. */
  private otherBytes = 0;
  private rewrittenBytes = 0;
  private waiters: CommitWaiter[] = [];
  private timer: Timer | null = null;
  private isClosed = false;
  private isFailing = false;

  constructor(private readonly host: AofHost) {
    this.limit = new RewriteLimit(host.clock);
  }

  get clock(): Clock {
    return this.host.clock;
  }

  get files(): Files {
    return this.host.files;
  }

  get isRewriting(): boolean {
    return this.rewriting !== null;
  }

  get currentRewriteSeconds(): number {
    return this.rewriting === null
      ? -1
      : Math.floor((this.clock.monotonicMs() - this.rewriting.startMs) / 1000);
  }

  get failure(): AppendFailure | null {
    return this.log?.failure ?? null;
  }

  get sizes(): { current: number; base: number; waiting: number; isSyncing: boolean; delayedSyncs: number } {
    const { log } = this;
    return {
      current: this.otherBytes + (log?.fileBytes ?? 0),
      base: this.rewrittenBytes,
      waiting: log?.buffer.length ?? 0,
      isSyncing: log?.isSyncing ?? false,
      delayedSyncs: log?.delayedSyncs ?? 0,
    };
  }

  /** Why nothing may be written now; null: it may. */
  get refusal(): ErrorReply | null {
    const { failure } = this;
    return failure === null
      ? null
      : new ErrorReply(`MISCONF Errors writing to the AOF file: ${systemMessage(failure.error)}`);
  }

  /** Reads what there is; null if there is nothing. @throws LookasideError `LOOKASIDE_FILE_BROKEN`, or the system's error */
  async load(loading: AofLoadHost): Promise<LoadedAof | null> {
    const { files } = this.host;
    const place = this.host.place();
    let manifest = await readManifest(files, place);
    if (await this.isFromBefore(manifest, place)) manifest = await upgradeSingleFile(files, place);
    if (manifest === null) return null;
    this.manifest = manifest;
    const loaded = await besideOthers(files, loadAppendOnlyFiles(loading, place.folder, manifest));
    this.rewrittenBytes = loaded.bytes;
    return loaded;
  }

  /** While it is off: what is there is known, so that turning it on leaves that alone until it has been written anew. */
  async look(): Promise<void> {
    this.manifest = (await readManifest(this.files, this.host.place())) ?? EMPTY_MANIFEST;
  }

  /** Everything that was done is in the files. @throws what is in the way */
  makeWhole(): void {
    const { base, incrs } = this.manifest;
    if (base === null && incrs.length === 0) throw new Error('there is no append only file');
    if (this.state === 'turning on') throw new Error('the append only file is not whole yet');
    if (!this.commitNow()) throw this.failure?.error ?? new Error('the append only file cannot be written');
  }

  /** Reads them in one go. @throws LookasideError `LOOKASIDE_FILE_BROKEN`, or the system's error */
  loadNow(loading: AofLoadHost): LoadedAof {
    const { folder } = this.host.place();
    return holdingTheThread(this.files, loadAppendOnlyFiles(loading, folder, this.manifest));
  }

  /** After loading, before anybody is served: opens what is there, or begins with what is in memory. */
  async start(): Promise<void> {
    const { files } = this.host;
    const place = this.host.place();
    await files.makeFolder(place.folder);
    this.manifest = await removeHistory(files, place, this.manifest);
    this.log = new AppendLog(this);
    if (this.manifest.base === null && this.manifest.incrs.length === 0) {
      this.state = 'turning on';
      await this.rewriteOnce();
    } else {
      const incr = this.manifest.incrs.at(-1) ?? nextIncr(this.manifest, place.fileName);
      const path = `${place.folder}/${incr.name}`;
      const file = await files.open(path, 'append');
      if (this.manifest.incrs.length === 0) {
        this.manifest = withIncr(this.manifest, incr);
        await writeManifest(files, place, this.manifest);
      }
      const fileBytes = (await files.size(path)) ?? 0;
      this.otherBytes = this.rewrittenBytes - fileBytes;
      this.log.goOnIn(file, fileBytes);
      this.connect();
      this.state = 'on';
    }
    this.keepWatch();
  }

  /** CONFIG SET appendonly yes. */
  turnOn(): void {
    if (this.state !== 'off') return;
    this.state = 'turning on';
    this.log = new AppendLog(this);
    this.keepWatch();
    if (this.rewrite() !== 'started') this.isRewriteScheduled = true;
  }

  /** CONFIG SET appendonly no: what was written is made safe, and nothing more is written. */
  async turnOff(): Promise<void> {
    const { log } = this;
    if (this.state === 'off') return;
    this.leave();
    this.otherBytes += log?.fileBytes ?? 0;
    try {
      await log?.close();
      this.release((waiter) => waiter.committed(Number.POSITIVE_INFINITY));
    } finally {
      this.release((waiter) => waiter.lost());
    }
  }

  private leave(): void {
    this.state = 'off';
    this.timer?.cancel();
    this.timer = null;
    this.isRewriteScheduled = false;
    this.disconnect();
    this.log = null;
  }

  /** BGREWRITEAOF. */
  rewrite(): RewriteAnswer {
    if (this.rewriting !== null) return 'running';
    this.isRewriteScheduled = this.host.isSnapshotting();
    if (this.isRewriteScheduled) return 'scheduled';
    void this.rewriteOnce().catch(() => undefined); // told to the log, and in INFO
    return 'started';
  }

  /** BGREWRITEAOF inside of MULTI: what it reads is not complete before EXEC has run. */
  rewriteLater(): 'scheduled' | 'running' {
    if (this.rewriting !== null) return 'running';
    this.isRewriteScheduled = true;
    setImmediate(() => {
      if (!this.isClosed && this.isRewriteScheduled && !this.isRewriting) this.rewrite();
    });
    return 'scheduled';
  }

  /**
   * Writes and syncs what is left, holding the thread. A rewrite under way is given up.
   * @returns null, or what was in the way
   */
  endNow(): Error | null {
    this.isClosed = true;
    if (this.rewriting !== null) this.host.stopSnapshot();
    const { log } = this;
    this.leave();
    return log?.closeNow() ?? null;
  }

  /** Resolves when nothing is going on any more. */
  async settled(): Promise<void> {
    await this.rewriting?.done;
  }

  /** The same for who cannot wait. False if it cannot be made safe. */
  commitNow(): boolean {
    return this.log?.commitNow() ?? true;
  }

  get position(): number | null {
    const { log } = this;
    if (log === null || this.state !== 'on' || this.host.settings.fsync !== 'always') return null;
    return log.isSynced || log.failure !== null || this.mayNotSync() ? null : log.position;
  }

  wait(waiter: CommitWaiter): void {
    this.waiters.push(waiter);
    this.log?.hurry();
  }

  // What the log asks and tells.

  fsyncPolicy(): FsyncPolicy {
    return this.host.settings.fsync;
  }

  hasTimestamps(): boolean {
    return this.host.settings.hasTimestamps;
  }

  mayNotSync(): boolean {
    return this.host.settings.noFsyncOnRewrite && (this.isRewriting || this.host.isSnapshotting());
  }

  synced(position: number): void {
    this.release((waiter) => waiter.committed(position));
  }

  /**
   * Redis ends the process here where `appendfsync` is `always`. A server in somebody else's process must not: whoever
   * waits for an answer loses its connection, as it would then, writes are refused, and reads go on.
   */
  failed({ step, error }: AppendFailure): void {
    if (!this.isFailing)
      this.host.log(
        'warning',
        step === 'write'
          ? `Error writing to the AOF file: ${systemMessage(error)}`
          : `Fail to fsync the AOF file: ${systemMessage(error)}. It will be written anew`,
      );
    this.isFailing = true;
    this.release((waiter) => waiter.lost());
  }

  recovered(): void {
    this.isFailing = false;
    this.host.log('warning', 'AOF write error looks solved. The server can write again.');
  }

  private release(tell: (waiter: CommitWaiter) => void): void {
    const { waiters } = this;
    this.waiters = [];
    for (const waiter of waiters) tell(waiter);
  }

  private async isFromBefore(manifest: AofManifest | null, place: AofPlace): Promise<boolean> {
    if (manifest === null) return (await this.files.size(`${place.parent}/${place.fileName}`)) !== null;
    const { base, incrs, history } = manifest;
    if (base?.name !== place.fileName || incrs.length > 0 || history.length > 0) return false;
    return (await this.files.size(`${place.folder}/${place.fileName}`)) === null;
  }

  private connect(): void {
    const { log } = this;
    if (log === null) return;
    if (this.propagation === null) {
      this.propagation = new Propagation(this.host.statistics, log);
      this.host.connect(this.propagation);
    } else this.propagation.forgetSelected();
  }

  private disconnect(): void {
    this.propagation = null;
    this.host.connect(null);
  }

  private keepWatch(): void {
    this.timer ??= this.clock.after(CYCLE_MS, () => {
      this.timer = null;
      if (this.isClosed || this.state === 'off') return;
      this.rewriteIfDue();
      this.keepWatch();
    });
  }

  /** Whether it is time to write everything anew. */
  private rewriteIfDue(): void {
    if (this.rewriting !== null || this.host.isSnapshotting()) return;
    if (this.isRewriteScheduled || this.failure?.step === 'sync') {
      this.rewrite();
      return;
    }
    const { rewritePercentage, rewriteBytesMin } = this.host.settings;
    const { current, base } = this.sizes;
    if (rewritePercentage === 0 || current <= rewriteBytesMin) return;
    const growth = Math.floor((current * 100) / (base || 1)) - 100;
    if (growth < rewritePercentage || this.limit.isTooEarly()) return;
    this.host.log('notice', `Starting automatic rewriting of AOF on ${growth}% growth`);
    this.rewrite();
  }

  private rewriteOnce(): Promise<void> {
    const startMs = this.clock.monotonicMs();
    const done = this.writeAnew().then(
      () => this.rewritten(startMs, null),
      (error: unknown) => {
        this.rewritten(startMs, error);
        throw error;
      },
    );
    this.rewriting = { startMs, done: done.catch(() => undefined) }; // whoever began it is told
    return done;
  }

  private rewritten(startMs: number, error: unknown): void {
    this.rewriting = null;
    this.rewriteSeconds = Math.floor((this.clock.monotonicMs() - startMs) / 1000);
    this.rewriteStatus = error === null ? 'ok' : 'err';
    if (error === null) {
      this.limit.succeeded();
      this.rewrites++;
      this.host.log('notice', 'Background AOF rewrite finished successfully');
    } else {
      this.limit.failed();
      // Until it succeeds once, what is written does not count.
      this.isRewriteScheduled ||= this.state === 'turning on';
      this.host.log('warning', `Background AOF rewrite terminated with error: ${systemMessage(error)}`);
    }
  }

  private async writeAnew(): Promise<void> {
    const { files, settings } = this.host;
    const place = this.host.place();
    const { folder, fileName } = place;
    await files.makeFolder(folder);
    const { log } = this;
    const incr = log === null ? null : nextIncr(this.manifest, fileName);
    const incrFile = incr === null ? null : await openEmpty(files, `${folder}/${incr.name}`);
    // While it is turned on, an earlier manifest may still stand for what was there when it was turned off.
    if (incr !== null && this.state === 'on') {
      const next = withIncr(this.manifest, incr);
      await writeManifest(files, place, next);
      this.manifest = next;
    }
    const format = settings.usesRdbPreamble ? 'rdb' : 'aof';
    const { base, manifest } = withBase(this.manifest, fileName, format, incr === null ? [] : [incr]);
    const temporary = `temp-rewriteaof-bg-${this.host.processId}.aof`;
    let baseBytes = 0;
    await replaceFile(files, { folder, name: base.name, temporary }, async (file) => {
      const sink = this.sinkOf(format, file);
      // In one turn: what comes after the snapshot's moment goes to the new file, and nothing else does.
      if (log !== null && incrFile !== null && log === this.log) this.goOnIn(log, incrFile);
      await this.host.snapshot(sink);
      sink.end();
      baseBytes = file.bytes;
    });
    await writeManifest(files, place, manifest);
    this.manifest = manifest;
    if (this.isClosed) return;
    if (this.state === 'turning on' && log === this.log) this.state = 'on';
    this.otherBytes = baseBytes;
    this.rewrittenBytes = baseBytes + (log?.fileBytes ?? 0);
    log?.isReplaced();
    this.manifest = await removeHistory(files, place, manifest);
  }

  private goOnIn(log: AppendLog, file: number): void {
    this.otherBytes += log.fileBytes;
    log.goOnIn(file, 0);
    this.connect();
  }

  private sinkOf(format: 'rdb' | 'aof', file: BlockFile): RdbFile | CommandFile {
    return format === 'rdb' ? new RdbFile(file, this.host.rdbFacts()) : new CommandFile(file);
  }
}

/** To be appended to: a file of this name that is there was never named by a manifest. */
async function openEmpty(files: Files, path: string): Promise<number> {
  await files.close(await files.open(path, 'fresh'));
  return files.open(path, 'append');
}
