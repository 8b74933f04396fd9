/**
 * Decides when what was done is written to the file at hand, when it is safe there, and what happens when it cannot be.
 * Knows neither what is written nor which file it is. (Redis: `aof.c`, flushAppendOnlyFile.)
 *
 * Whoever must not be answered before its changes are safe waits for `position` to be synced: all that came while one
 * fdatasync was under way share the next.
 */
import type { Clock, Timer } from '../../../clock.js';
import { CommandBuffer } from '../../command-buffer.js';
import type { PropagationSink } from '../../propagation.js';
import type { Files } from '../files.js';
import { SyncPace } from './sync-pace.js';

export const fsyncPolicies = ['always', 'everysec', 'no'] as const;
export type FsyncPolicy = (typeof fsyncPolicies)[number];

export interface AppendLogHost {
  readonly clock: Clock;
  readonly files: Files;
  /** Asked each time: they may change. */
  fsyncPolicy(): FsyncPolicy;
  hasTimestamps(): boolean;
  /** No fdatasync now, because a rewrite keeps the disk busy (`no-appendfsync-on-rewrite`). */
  mayNotSync(): boolean;
  /** Everything before `position` is safe. */
  synced(position: number): void;
  /** Nothing more can be written, or what was written may not be there. */
  failed(failure: AppendFailure): void;
  /** It can be written again. */
  recovered(): void;
}

export interface AppendFailure {
  readonly step: 'write' | 'sync';
  readonly error: Error;
}

const SYNC_EVERY_MS = 1000;
/** How long a write may wait for an fdatasync under way (Redis' two seconds). */
const POSTPONED_MS_MAX = 2000;
const RETRY_MS = 1000;
/** More than this is not kept back for an fdatasync. */
const BUFFER_BYTES_MAX = 32 * 1024 * 1024;

export class AppendLog implements PropagationSink {
  readonly buffer = new CommandBuffer();
  failure: AppendFailure | null = null;
  /** How often a write did not wait any longer for an fdatasync. */
  delayedSyncs = 0;
  /** Of the file at hand. */
  fileBytes = 0;
  private file: number | null = null;
  /** Files before the one at hand that are still to be synced and closed. */
  private earlier: number[] = [];
  private written = 0;
  private syncedTo = 0;
  private isScheduled = false;
  private syncing: Promise<void> | null = null;
  private lastSyncMs: number;
  private postponedSinceMs: number | null = null;
  private timer: Timer | null = null;
  private readonly pace = new SyncPace();
  private lastSecond = 0;
  /** A part of a command is being taken out of the file: nothing may be written behind it. */
  private isTakingBack = false;

  constructor(private readonly host: AppendLogHost) {
    this.lastSyncMs = host.clock.monotonicMs();
  }

  /** How much has been written down since the start, in whatever files. */
  get position(): number {
    return this.written + this.buffer.length;
  }

  get isSynced(): boolean {
    return this.syncedTo >= this.position;
  }

  get isSyncing(): boolean {
    return this.syncing !== null;
  }

  /**
   * From now on it goes here; what came before is in the file before, and is made safe there. Where that cannot be, it is
   * lost unless everything is written anew, of which `isReplaced` is told.
   */
  goOnIn(file: number, fileBytes: number): void {
    const { file: before, host, buffer } = this;
    if (before !== null && this.failure === null) this.writeNow();
    if (this.failure !== null) {
      this.failure = { ...this.failure, step: 'sync' };
      this.written += buffer.length;
      buffer.drop(buffer.length);
      for (const each of [...this.earlier, before ?? []].flat()) void host.files.close(each);
      this.earlier = [];
    } else if (before !== null) this.earlier.push(before);
    this.file = file;
    this.fileBytes = fileBytes;
    if (this.earlier.length > 0) void this.sync();
  }

  begins(): void {
    if (!this.host.hasTimestamps()) return;
    const second = Math.floor(this.host.clock.wallMs() / 1000);
    if (second <= this.lastSecond) return;
    this.lastSecond = second;
    this.buffer.text(`#TS:${second}\r\n`);
  }

  ended(): void {
    if (this.buffer.length > BUFFER_BYTES_MAX && this.failure === null) this.writeNow();
    this.hurry();
  }

  /** Somebody waits, or there is something new. */
  hurry(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(this.flush);
  }

  /** Holds the thread until all is safe. False if it cannot be made so. */
  commitNow(): boolean {
    const { file, host } = this;
    if (file === null) return true;
    if (this.failure === null) this.writeNow();
    if (this.failure !== null) return false;
    try {
      const { files } = host;
      for (const each of [...this.earlier, file])
        if (files.datasyncNow === undefined) files.syncNow(each);
        else files.datasyncNow(each);
      this.isSafe(this.position);
      return true;
    } catch (error) {
      this.fail('sync', error);
      return false;
    }
  }

  /** The same as `close`, holding the thread. @returns null, or what was in the way */
  closeNow(): Error | null {
    const { host, file, earlier } = this;
    this.timer?.cancel();
    if (file === null) return null;
    if (this.failure?.step === 'write' && !this.isTakingBack) this.retry();
    this.commitNow();
    this.file = null;
    this.earlier = [];
    for (const each of [...earlier, file]) host.files.closeNow(each);
    return this.failure?.error ?? null;
  }

  /** Writes and syncs the rest and closes the file. @throws what was in the way */
  async close(): Promise<void> {
    this.timer?.cancel();
    await this.syncing;
    if (this.file === null) return;
    if (this.failure === null) this.writeNow();
    if (this.failure === null) await this.sync();
    const { file, failure, earlier } = this;
    this.file = null;
    this.earlier = [];
    for (const each of [...earlier, file]) await this.host.files.close(each);
    if (failure !== null) throw failure.error;
  }

  /** What was not safe is so by other means: everything up to the file at hand has been written anew. */
  isReplaced(): void {
    if (this.failure?.step === 'sync') {
      this.failure = null;
      this.host.recovered();
    }
    this.flush();
  }

  private readonly flush = (): void => {
    this.isScheduled = false;
    if (this.file === null || this.failure !== null) return;
    if (this.buffer.length > 0 && this.isPostponed()) return;
    this.writeNow();
    if (this.failure !== null || this.isSynced) return;
    const { host } = this;
    const policy = host.fsyncPolicy();
    if (policy === 'no' || host.mayNotSync()) return;
    const waitMs = policy === 'always' ? 0 : this.lastSyncMs + SYNC_EVERY_MS - host.clock.monotonicMs();
    if (this.syncing !== null) return;
    if (policy === 'always' && this.pace.isQuick && this.earlier.length === 0) this.syncNow();
    else if (waitMs <= 0) void this.sync();
    else this.after(waitMs);
  };

  /** While the disk is at work on the file, a write to it may hang: it waits, but not for ever. */
  private isPostponed(): boolean {
    const { host } = this;
    if (this.syncing === null || host.fsyncPolicy() !== 'everysec') return false;
    if (this.buffer.length > BUFFER_BYTES_MAX) return false;
    const nowMs = host.clock.monotonicMs();
    this.postponedSinceMs ??= nowMs;
    const leftMs = this.postponedSinceMs + POSTPONED_MS_MAX - nowMs;
    if (leftMs > 0) {
      this.after(leftMs);
      return true;
    }
    this.delayedSyncs++;
    return false;
  }

  private writeNow(): void {
    const { buffer, file, host } = this;
    this.postponedSinceMs = null;
    if (file === null || buffer.length === 0) return;
    const { bytes } = buffer;
    let at = 0;
    let problem: unknown = null;
    while (at < bytes.length && problem === null)
      try {
        const count = host.files.writeNow(file, bytes, at, bytes.length - at);
        if (count === 0) problem = new Error('nothing more could be written');
        at += count;
      } catch (error) {
        problem = error;
      }
    if (problem === null) {
      this.fileBytes += at;
      this.written += at;
      buffer.drop(at);
      return;
    }
    this.fail('write', problem);
    this.isTakingBack = true;
    void this.takeBack(file, at);
  }

  /** A command of which only a part is in the file is taken out again; where that fails, the rest will follow it. */
  private async takeBack(file: number, count: number): Promise<void> {
    const { host, buffer } = this;
    try {
      if (count > 0) await host.files.truncate(file, this.fileBytes);
    } catch {
      // The part stays where it is: what follows makes it whole.
      this.fileBytes += count;
      this.written += count;
      buffer.drop(count);
    }
    this.isTakingBack = false;
    this.after(RETRY_MS);
  }

  private async sync(): Promise<void> {
    if (this.syncing !== null) return this.syncing;
    this.syncing = this.syncFiles();
    await this.syncing;
  }

  private async syncFiles(): Promise<void> {
    const { host, earlier, file, written } = this;
    if (file === null) return;
    this.lastSyncMs = host.clock.monotonicMs();
    try {
      await Promise.all([...earlier, file].map((each) => host.files.datasync(each)));
      this.syncing = null;
      this.pace.wasTold(host.clock.monotonicMs() - this.lastSyncMs);
      this.earlier = this.earlier.filter((each) => !earlier.includes(each));
      for (const each of earlier) void host.files.close(each);
      if (this.failure?.step !== 'sync') this.isSafe(written);
      // Not at once: who has been answered may ask again in this turn, and shares the next one.
      this.hurry();
    } catch (error) {
      this.syncing = null;
      this.fail('sync', error);
    }
  }

  /** Where the disk is quick, waiting for it costs less than being told that it is ready. */
  private syncNow(): void {
    const { host, file } = this;
    const { files } = host;
    if (file === null || files.datasyncNow === undefined) return void this.sync();
    const startMs = host.clock.monotonicMs();
    try {
      files.datasyncNow(file);
    } catch (error) {
      this.fail('sync', error);
      return;
    }
    this.pace.waited(host.clock.monotonicMs() - startMs);
    this.isSafe(this.written);
  }

  private isSafe(position: number): void {
    if (position <= this.syncedTo) return;
    this.syncedTo = position;
    this.host.synced(position);
  }

  private fail(step: AppendFailure['step'], error: unknown): void {
    if (this.failure !== null) return;
    this.failure = { step, error: error instanceof Error ? error : new Error(String(error)) };
    this.host.failed(this.failure);
  }

  private after(delayMs: number): void {
    // Whoever it wakes looks again at what there is to do.
    this.timer ??= this.host.clock.after(Math.ceil(delayMs), () => {
      this.timer = null;
      if (this.isTakingBack) this.after(RETRY_MS);
      else if (this.failure?.step === 'write') this.retry();
      else this.flush();
    });
  }

  private retry(): void {
    this.failure = null;
    this.writeNow();
    // Failed again: the one who was told stays told.
    if (this.failure !== null) return;
    this.host.recovered();
    this.flush();
  }
}
