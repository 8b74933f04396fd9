/**
 * Decides when the data is saved to an RDB file and what is remembered of it: on demand, at save points, before the end.
 * Knows nothing of commands, nor of the append only file.
 */
import type { Clock, Timer } from '../../clock.js';
import { invariant, messageOf } from '../../errors.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import type { LogLevel } from '../log-level.js';
import { type BlockFile, type FileNames, replaceFile, replaceFileNow } from './block-files.js';
import type { Files } from './files.js';
import { type RdbFacts, RdbFile } from './rdb/rdb-file.js';
import type { PersistenceSettings } from './settings.js';
import { Snapshot, type TellsUsage } from './snapshot.js';

/** How often the save points are looked at. */
const LOOK_MS = 100;
/** After a failure it is tried again only then. (Redis: CONFIG_BGSAVE_RETRY_DELAY.) */
const RETRY_MS = 5_000;

export interface SavesHost {
  readonly clock: Clock;
  readonly keyspace: Keyspace;
  readonly settings: {
    readonly persistence: PersistenceSettings;
    readonly memory: { readonly policy: string };
  };
  log(level: LogLevel, message: string): void;
}

export interface RunningSave {
  readonly snapshot: Snapshot;
  readonly startedMs: number;
  readonly done: Promise<void>;
}

export class RdbSaves {
  /** By the wall clock. */
  lastSaveMs: number;
  lastFailed = false;
  /** How long the last one took; null: there was none. */
  lastDurationMs: number | null = null;
  count = 0;
  /** Records that had to be told early in the last one. */
  lastToldEarly = 0;
  running: RunningSave | null = null;
  /** One is wanted as soon as nothing else is being written. */
  isScheduled = false;
  /** Libraries of functions that the file brought. */
  functions: readonly Buffer[] = [];
  private changesAtSave: number;
  private lastTryMs = Number.NEGATIVE_INFINITY;
  private timer: Timer | null = null;

  constructor(
    private readonly host: SavesHost,
    private readonly files: Files,
    private readonly pause: () => Promise<void>,
    /** Whether something else reads the whole keyspace just now. */
    private readonly isBusy: () => boolean,
  ) {
    this.lastSaveMs = host.clock.wallMs();
    this.changesAtSave = host.keyspace.statistics.changes;
  }

  /** Changes since what is on disk. */
  get changes(): number {
    return this.host.keyspace.statistics.changes - this.changesAtSave;
  }

  /** The data is what is on disk. */
  isSaved(): void {
    this.hasChanges(0);
  }

  /** So many of what is there are not on disk. */
  hasChanges(count: number): void {
    this.changesAtSave = this.host.keyspace.statistics.changes - count;
  }

  /** From now on the save points count. */
  start(): void {
    this.timer ??= this.host.clock.after(LOOK_MS, () => {
      this.timer = null;
      this.look();
      this.start();
    });
  }

  stop(): void {
    this.isScheduled = false;
    this.timer?.cancel();
    this.timer = null;
    this.running?.snapshot.stop();
  }

  /** Begins to save while commands go on. Nothing else must be reading the keyspace. */
  begin(): RunningSave {
    const { clock, keyspace } = this.host;
    const facts = this.facts();
    const changes = keyspace.statistics.changes;
    const startedMs = clock.wallMs();
    this.lastTryMs = startedMs;
    this.isScheduled = false;
    const started: { snapshot?: Snapshot } = {};
    const make = async (output: BlockFile): Promise<void> => {
      const sink = new RdbFile(output, facts);
      const tellsUsage = this.tellsUsage();
      const snapshot = new Snapshot({ keyspace, sink, clock, tellsUsage, pause: this.pause });
      started.snapshot = snapshot;
      if (await snapshot.run()) sink.end();
    };
    const isWanted = (): boolean => started.snapshot?.isStopped !== true;
    const saved = replaceFile(this.files, this.names('background'), make, isWanted);
    const { snapshot } = started;
    invariant(snapshot !== undefined, 'a file is begun at once');
    const done = this.finish(saved, { snapshot, changes, startedMs });
    this.running = { snapshot, startedMs, done };
    this.host.log('notice', 'Background saving started');
    return this.running;
  }

  /** Saves and holds the thread. @returns null, or what was in the way */
  saveNow(): string | null {
    const { clock, keyspace, settings } = this.host;
    const startedMs = clock.wallMs();
    this.lastTryMs = startedMs;
    try {
      replaceFileNow(this.files, this.names('now'), (output) => {
        const sink = new RdbFile(output, this.facts());
        new Snapshot({ keyspace, sink, clock, tellsUsage: this.tellsUsage(), pause: this.pause }).runNow();
        sink.end();
      });
    } catch (error) {
      this.failed(error);
      return messageOf(error);
    }
    this.succeeded(keyspace.statistics.changes);
    this.lastDurationMs = clock.wallMs() - startedMs;
    this.host.log('notice', `DB saved on disk, in ${settings.persistence.fileName}`);
    return null;
  }

  private async finish(
    saved: Promise<void>,
    { snapshot, changes, startedMs }: { snapshot: Snapshot; changes: number; startedMs: number },
  ): Promise<void> {
    try {
      await saved;
      this.succeeded(changes);
      this.host.log('notice', `DB saved on disk: ${snapshot.keysTold} keys`);
      this.host.log('notice', 'Background saving terminated with success');
    } catch (error) {
      this.failed(error);
    } finally {
      this.lastDurationMs = this.host.clock.wallMs() - startedMs;
      this.lastToldEarly = snapshot.keysToldEarly;
      this.running = null;
    }
    if (this.isScheduled && !this.isBusy()) this.begin();
  }

  private succeeded(changes: number): void {
    this.changesAtSave = changes;
    this.lastSaveMs = this.host.clock.wallMs();
    this.lastFailed = false;
    this.count++;
  }

  private failed(error: unknown): void {
    this.lastFailed = true;
    this.host.log('warning', `Background saving error: ${messageOf(error)}`);
  }

  /** Begins to save if a save point says so. */
  private look(): void {
    if (this.running !== null || this.isBusy()) return;
    const { clock, settings } = this.host;
    const { changes } = this;
    const nowMs = clock.wallMs();
    if (this.lastFailed && nowMs - this.lastTryMs < RETRY_MS) return;
    const isDue = settings.persistence.savePoints.some(
      (point) => changes >= point.changes && nowMs - this.lastSaveMs > point.seconds * 1000 && changes > 0,
    );
    if (isDue) this.host.log('notice', `${changes} changes since the last save. Saving...`);
    if (isDue || this.isScheduled) this.begin();
  }

  /** What is saved now may not meet what is being saved in the background. */
  private names(how: 'background' | 'now'): FileNames {
    const { folder, fileName } = this.host.settings.persistence;
    return { folder, name: fileName, temporary: `temp-lookaside-${how}.rdb` };
  }

  private facts(): RdbFacts {
    const { clock, keyspace, settings } = this.host;
    return {
      compresses: settings.persistence.compresses,
      sums: settings.persistence.sums,
      wallMs: clock.wallMs(),
      usedBytes: keyspace.usedBytes,
      isAofBase: false,
      databases: keyspace.databases.map(({ size, volatileSize }) => ({ size, volatileSize })),
      functions: this.functions,
    };
  }

  private tellsUsage(): TellsUsage {
    const { policy } = this.host.settings.memory;
    return policy.endsWith('lru') ? 'idle time' : policy.endsWith('lfu') ? 'frequency' : 'nothing';
  }
}
