/**
 * Decides what of the data outlives the process, and the order in which it comes back: the folder is locked, then loaded
 * while others are told so, then saving begins. Knows no command.
 */
import { join } from 'node:path';
import type { Clock } from '../../clock.js';
import type { EncodingLimits } from '../encoding-limits.js';
import { ErrorReply, fail } from '../resp/reply.js';
import { besideOthers, holdingTheThread, sizeOf } from './file-steps.js';
import { type Files, systemFiles } from './files.js';
import { type FolderLock, lockFolder } from './folder-lock.js';
import { checkRdb, type LoadCounts, type LoadOptions, loadRdb, newCounts } from './load-keyspace.js';
import { RdbSaves, type SavesHost } from './rdb-saves.js';

export interface PersistenceHost extends SavesHost {
  readonly settings: SavesHost['settings'] & { readonly encodings: EncodingLimits };
}

/** What else outlives the process: every change, as it is made. */
export interface ChangeLog {
  /** Whether the data comes from it, and not from the RDB file. */
  readonly isOn: boolean;
  /** Whether it reads the whole keyspace just now. */
  readonly isRewriting: boolean;
  /** Loads what is there; false if nothing is. @throws LookasideError `LOOKASIDE_FILE_BROKEN` */
  load(loading: Loading): Promise<boolean>;
  /** Makes what it says take the place of what is there. @throws what is in the way; then nothing has changed */
  loadNow(): void;
  /** What has been loaded is there, and changes are to be written from now on. */
  start(): Promise<void>;
  /** Nothing of it keeps any command from running. */
  readonly isCalm: boolean;
  /** Why writes are refused; null: they are not. */
  refusal(): ErrorReply | null;
  /** Everything is made safe and the files are closed. @returns null, or what was in the way */
  endNow(): string | null;
  /** Resolves when nothing is going on any more. */
  settled(): Promise<void>;
  /** From now on every change is written, or none. */
  turn(isOn: boolean): void;
  /** Writes everything anew while commands go on. */
  rewrite(): 'started' | 'scheduled' | 'running';
  /** The same once nobody is at work. */
  rewriteLater(): 'scheduled' | 'running';
  /** For INFO. */
  fields(): Readonly<Record<string, string | number>>;
}

/** What is told of a file while it is loaded. */
export interface Loading {
  readonly startedMs: number;
  bytesTotal: number;
  counts: LoadCounts;
}

export interface ReloadOptions {
  /** What is in the file takes the place of all that is there. Otherwise it comes to it. */
  readonly flushes: boolean;
  /** A key that is there already is replaced. Otherwise it is in the way. */
  readonly merges: boolean;
}

const MISCONF = new ErrorReply(
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.",
);

export interface PersistenceParts {
  readonly host: PersistenceHost;
  readonly files?: Files | undefined;
  readonly pause?: (() => Promise<void>) | undefined;
}

export class Persistence {
  readonly rdb: RdbSaves;
  readonly files: Files;
  /** Lets others have their turn. */
  readonly pause: () => Promise<void>;
  /** Null while every change is not written. */
  log: ChangeLog | null = null;
  /** Null once what was on disk is there. */
  loading: Loading | null = null;
  /** Of the last load. */
  loaded: LoadCounts = newCounts();
  private readonly host: PersistenceHost;
  private readonly clock: Clock;
  private lock: FolderLock | null = null;
  /** Nothing is read or written any more. */
  isEnded = false;
  /** Settles when the folder's files are there, or cannot be. */
  private starting: Promise<unknown> = Promise.resolve();
  /** Where the files are cannot be changed any more. */
  hasStarted = false;

  constructor({ host, files = systemFiles, pause = nextTurn }: PersistenceParts) {
    this.host = host;
    this.clock = host.clock;
    this.files = files;
    this.pause = pause;
    this.rdb = new RdbSaves(host, files, pause, () => this.isBusy);
  }

  /** Whether somebody reads the whole keyspace just now, or it is not all there. */
  get isBusy(): boolean {
    return this.loading !== null || this.rdb.running !== null || this.log?.isRewriting === true;
  }

  get isOn(): boolean {
    return this.host.settings.persistence.isOn;
  }

  /**
   * Locks the folder and loads what is in it. Until it resolves, commands are refused.
   * @throws LookasideError `LOOKASIDE_FOLDER_IN_USE`, `LOOKASIDE_FILE_BROKEN`; what the system says
   */
  start(): Promise<void> {
    this.hasStarted = true;
    const started = this.isOn ? this.begin() : Promise.resolve();
    this.starting = started.catch(() => undefined); // whoever called is told; here it only matters that it is over
    return started;
  }

  private async begin(): Promise<void> {
    const { folder } = this.host.settings.persistence;
    this.loading = { startedMs: this.clock.wallMs(), bytesTotal: 0, counts: newCounts() };
    try {
      this.lock = lockFolder(this.files, folder);
      // Whoever turns the log on for the first time has his data in the other file.
      if (this.log?.isOn !== true || !(await this.log.load(this.loading))) await this.loadRdb(this.loading);
      this.loaded = this.loading.counts;
      this.rdb.functions = this.loaded.functions;
      if (this.rdb.functions.length > 0)
        this.host.log(
          'warning',
          `${this.rdb.functions.length} libraries of functions are kept in the files; this version runs none`,
        );
      this.rdb.isSaved();
      await this.log?.start();
    } catch (error) {
      // A part of the data would pass for the whole.
      for (const db of this.host.keyspace.databases) db.flush();
      this.unlock();
      throw error;
    } finally {
      this.loading = null;
    }
    if (this.isEnded) this.unlock();
    else this.rdb.start();
  }

  /** Nothing of all this keeps any command from running. */
  get isCalm(): boolean {
    return this.loading === null && !this.rdb.lastFailed && (this.log === null || this.log.isCalm);
  }

  /** Why nothing may be written just now; null: it may. */
  writeRefusal(): ErrorReply | null {
    const { savePoints, stopsWritesOnError } = this.host.settings.persistence;
    if (this.rdb.lastFailed && stopsWritesOnError && savePoints.length > 0) return MISCONF;
    return this.log?.refusal() ?? null;
  }

  /** Whether the data is saved before the end, if nobody says otherwise. */
  get savesAtEnd(): boolean {
    return this.isOn && this.host.settings.persistence.savePoints.length > 0;
  }

  /**
   * Makes everything safe that has to be before the end, and holds the thread meanwhile: nothing may change any more.
   * @returns null, or what was in the way; then everything goes on as before
   */
  saveAtEnd(saves: boolean): string | null {
    // Who does not hold the folder, or has not loaded what is in it, would write over it.
    if (this.lock === null || this.loading !== null) return null;
    // What is being saved is older than what is saved now.
    this.rdb.running?.snapshot.stop();
    return saves ? this.rdb.saveNow() : null;
  }

  /** Nothing is written any more. @returns null, or what was in the way of the change log */
  end(): string | null {
    this.isEnded = true;
    this.rdb.stop();
    const problem = this.log?.endNow() ?? null;
    if (this.loading === null) this.unlock();
    return problem;
  }

  /** Resolves when nothing is going on any more. */
  async settled(): Promise<void> {
    await this.starting;
    await this.rdb.running?.done;
    await this.log?.settled();
  }

  /**
   * Loads the RDB file in one go, in place of what is there or beside it.
   * @throws what is in the way; then what was there is there still
   */
  reload({ flushes, merges }: ReloadOptions): void {
    const { keyspace } = this.host;
    const { files, rdb, rdbPath: path } = this;
    if (files.sizeNow(path) === null) throw new Error(`${path} is not there`);
    const options = { ...this.loadOptions(), merges };
    const counts = newCounts();
    const { changes } = rdb;
    const load = (): unknown => holdingTheThread(files, loadRdb(path, options, counts));
    try {
      if (flushes) keyspace.replaceAll(load);
      else {
        holdingTheThread(files, checkRdb(path, options));
        load();
      }
    } finally {
      rdb.hasChanges(changes);
    }
    const isNew = (library: Buffer): boolean => !rdb.functions.some((known) => known.equals(library));
    rdb.functions = flushes ? counts.functions : [...rdb.functions, ...counts.functions.filter(isNew)];
    this.tellLoaded(counts);
  }

  /** Loads the RDB file, if there is one. */
  private async loadRdb(loading: Loading): Promise<void> {
    const { rdbPath: path, files } = this;
    const size = await besideOthers(files, sizeOf(path));
    if (size === null) return;
    loading.bytesTotal = size;
    this.host.log('notice', `Loading ${path}, ${size} bytes`);
    await besideOthers(files, loadRdb(path, this.loadOptions(), loading.counts));
    this.tellLoaded(loading.counts);
    const seconds = (this.clock.wallMs() - loading.startedMs) / 1000;
    this.host.log('notice', `DB loaded from disk: ${seconds.toFixed(3)} seconds`);
  }

  private get rdbPath(): string {
    const { folder, fileName } = this.host.settings.persistence;
    return join(folder, fileName);
  }

  private loadOptions(): LoadOptions {
    const { keyspace, settings } = this.host;
    return {
      keyspace,
      limits: settings.encodings,
      checks: settings.persistence.sums,
      dropsExpired: true,
      isStopped: () => this.isEnded,
    };
  }

  private tellLoaded({ keysLoaded, keysExpired, keysEmpty }: LoadCounts): void {
    this.host.log(
      'notice',
      `Done loading RDB, keys loaded: ${keysLoaded}, keys expired: ${keysExpired}, empty keys skipped: ${keysEmpty}.`,
    );
  }

  private unlock(): void {
    this.lock?.release();
    this.lock = null;
  }
}

/** What is due, sockets and timers, before what comes next. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** For who asks to keep what is not kept. */
export const NOT_KEPT = fail(
  'this server keeps nothing on disk: it was made without a folder (persistence.dir)',
);

/** For who asks while data is loaded. */
export const LOADING = new ErrorReply('LOADING Redis is loading the dataset in memory');
