/**
 * Decides how the files of an append only file become data again: which in which order, what is done about a tail that is
 * cut off, and what is refused. Knows no particular command. (Redis: `aof.c`, loadAppendOnlyFiles.)
 */
import { LookasideError } from '../../../errors.js';
import { type Bytes, byteString, copyOf } from '../../byte-string.js';
import { cutBack, type FileSteps, readPart, sizeOf, withFile } from '../file-steps.js';
import { CommandReader, type ReadOutcome } from './command-reader.js';
import type { AofFile, AofManifest } from './manifest.js';

/** A file that is not what it should be, and where in it. */
export function brokenAof(path: string, offset: number | null, problem: string): LookasideError {
  return new LookasideError(
    'FILE_BROKEN',
    `${path}${offset === null ? '' : `, at byte ${offset}`}: ${problem}`,
  );
}

export interface AofLoadHost {
  /** Runs a command as it was; what is in the way, if it cannot be run at all. */
  run(args: readonly Bytes[]): string | null;
  /** Loads what is in the form of an RDB file and says where that ends. @throws LookasideError `LOOKASIDE_FILE_BROKEN` */
  loadRdb(path: string): FileSteps<number>;
  /** The tail of the last file may be cut off (`aof-load-truncated`). */
  mayBeCut(): boolean;
  log(level: 'notice' | 'warning', message: string): void;
  /** So many bytes more have been read. Others have their turn, where they may. */
  progress(bytes: number): FileSteps<void>;
}

/** What was there: sizes, for when it will be rewritten. */
export interface LoadedAof {
  readonly bytes: number;
  readonly commands: number;
}

const RDB_MAGIC = 'REDIS';

/** @throws LookasideError `LOOKASIDE_FILE_BROKEN` */
export function* loadAppendOnlyFiles(
  host: AofLoadHost,
  folder: string,
  manifest: AofManifest,
): FileSteps<LoadedAof> {
  const { base, incrs } = manifest;
  const all = [...(base === null ? [] : [base]), ...incrs];
  const sizes = yield* sizesOf(folder, all);
  let commands = 0;
  for (const [index, file] of all.entries())
    commands += yield* loadOne(host, `${folder}/${file.name}`, file === base, index === all.length - 1);
  return {
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    commands,
  };
}

function* sizesOf(folder: string, all: readonly AofFile[]): FileSteps<number[]> {
  const sizes: number[] = [];
  for (const { name } of all) {
    const size = yield* sizeOf(`${folder}/${name}`);
    if (size === null)
      throw brokenAof(`${folder}/${name}`, null, 'it is in the manifest and not in the folder');
    sizes.push(size);
  }
  return sizes;
}

function loadOne(host: AofLoadHost, path: string, isBase: boolean, isLast: boolean): FileSteps<number> {
  return withFile(path, 'read', function* (file) {
    const head = Buffer.alloc(RDB_MAGIC.length);
    const count = yield* readPart(file, { bytes: head, offset: 0, length: head.length, position: 0 });
    const isRdb = isBase && count === head.length && head.toString('latin1') === RDB_MAGIC;
    const start = isRdb ? yield* host.loadRdb(path) : 0;
    return yield* new FileLoading(host, path, isLast).load(new CommandReader(file, start));
  });
}

class FileLoading {
  private commands = 0;
  /** Commands between MULTI and EXEC, and where the MULTI is. */
  private transaction: { readonly offset: number; readonly queue: Bytes[][] } | null = null;

  constructor(
    private readonly host: AofLoadHost,
    private readonly path: string,
    private readonly isLast: boolean,
  ) {}

  *load(reader: CommandReader): FileSteps<number> {
    let reported = reader.offset;
    for (;;) {
      const outcome = reader.next();
      if (outcome === null) {
        yield* this.host.progress(reader.offset - reported);
        reported = reader.offset;
        yield* reader.read();
      } else if (outcome.kind === 'command') this.take(outcome);
      else {
        yield* this.host.progress(reader.offset - reported);
        yield* this.finish(outcome, reader);
        return this.commands;
      }
    }
  }

  private take({ offset, args }: { readonly offset: number; readonly args: readonly Bytes[] }): void {
    const name = byteString(args[0] ?? '').toUpperCase();
    const { transaction } = this;
    if (name === 'MULTI') {
      if (transaction !== null) throw this.error(offset, 'MULTI inside of MULTI');
      this.transaction = { offset, queue: [] };
    } else if (name === 'EXEC') {
      if (transaction === null) throw this.error(offset, 'EXEC without MULTI');
      this.transaction = null;
      for (const queued of transaction.queue) this.run(offset, queued);
    } else if (transaction !== null) transaction.queue.push(args.map(copyOf));
    else this.run(offset, args);
  }

  private run(offset: number, args: readonly Bytes[]): void {
    const problem = this.host.run(args);
    if (problem !== null) throw this.error(offset, problem);
    this.commands++;
  }

  private *finish(
    outcome: Exclude<ReadOutcome, { kind: 'command' }>,
    reader: CommandReader,
  ): FileSteps<void> {
    const { transaction } = this;
    if (outcome.kind === 'malformed') throw this.error(outcome.offset, `bad file format: ${outcome.problem}`);
    if (outcome.kind === 'cut' && reader.hasMoreBehind())
      throw this.error(
        outcome.offset,
        'bad file format: a length of this command is wrong, since more commands follow it; see redis-check-aof --fix',
      );
    if (outcome.kind === 'end' && transaction === null) return;
    const offset = transaction?.offset ?? outcome.offset;
    const what =
      outcome.kind === 'cut' ? 'the file ends within a command' : 'the file ends between MULTI and EXEC';
    if (!this.isLast) throw this.error(offset, `${what}, and it is not the last one`);
    if (!this.host.mayBeCut()) throw this.error(offset, `${what}, and aof-load-truncated is no`);
    yield* this.cut(offset, what);
  }

  private *cut(offset: number, what: string): FileSteps<void> {
    this.host.log('warning', `!!! Warning: short read while loading the AOF file ${this.path}: ${what} !!!`);
    yield* cutBack(this.path, offset);
    this.host.log(
      'warning',
      `AOF ${this.path} loaded anyway because aof-load-truncated is enabled; truncated to ${offset} bytes`,
    );
  }

  private error(offset: number, problem: string): LookasideError {
    return brokenAof(this.path, offset, problem);
  }
}
