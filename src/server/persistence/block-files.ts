/** Decides how blocks of bytes become a file, in their order, with few of them in memory. Knows nothing of what they say. */
import { join } from 'node:path';
import { messageOf } from '../../errors.js';
import { type Files, syncFolder, syncFolderNow, writeAll, writeAllNow } from './files.js';

/** Blocks that may wait to be written before whoever makes them is to wait. */
const WAITING_BYTES_MAX = 2 * 1024 * 1024;
/** As many as may wait: making room for a block anew costs more than filling it. */
const RECYCLED_MAX = 8;
const RECYCLED_BYTES_MIN = 64 * 1024;

/** A file that is written while its maker goes on making: blocks wait for each other. */
export class BlockFile {
  /** What has been handed over. */
  bytes = 0;
  private waitingBytes = 0;
  private last: Promise<void> = Promise.resolve();
  private failure: { readonly error: unknown } | null = null;
  private readonly free: Buffer[] = [];

  constructor(
    private readonly files: Files,
    /** Blocks may come before it is open. */
    private readonly file: Promise<number>,
  ) {}

  write(block: Buffer): void {
    this.bytes += block.length;
    this.waitingBytes += block.length;
    this.last = this.last.then(async () => {
      if (this.failure === null) {
        try {
          await writeAll(this.files, await this.file, block);
        } catch (error) {
          this.failure = { error };
        }
      }
      this.waitingBytes -= block.length;
      this.recycle(block);
    });
  }

  recycled(): Buffer | null {
    return this.free.pop() ?? null;
  }

  /** Null while more is welcome. @throws what a write failed with */
  room(): Promise<void> | null {
    if (this.failure !== null) return this.failed();
    return this.waitingBytes < WAITING_BYTES_MAX ? null : this.last;
  }

  /** Resolves when all has been written and the system says that it will last. @throws what failed */
  async end(): Promise<void> {
    await this.last;
    if (this.failure !== null) await this.failed();
    await this.files.sync(await this.file);
  }

  private recycle(block: Buffer): void {
    if (isWhole(block) && this.free.length < RECYCLED_MAX) this.free.push(Buffer.from(block.buffer));
  }

  /** Resolves when nothing is being written any more. */
  async settled(): Promise<void> {
    await this.last;
  }

  private failed(): Promise<never> {
    return Promise.reject(asError(this.failure?.error));
  }
}

/** The same, holding the thread: a block has been written when `write` returns. */
export class BlockFileNow {
  bytes = 0;
  private lastBlock: Buffer | null = null;

  constructor(
    private readonly files: Files,
    private readonly file: number,
  ) {}

  write(block: Buffer): void {
    this.bytes += block.length;
    writeAllNow(this.files, this.file, block);
    if (isWhole(block)) this.lastBlock = block;
  }

  recycled(): Buffer | null {
    const block = this.lastBlock;
    this.lastBlock = null;
    return block === null ? null : Buffer.from(block.buffer);
  }

  room(): null {
    return null;
  }

  end(): void {
    this.files.syncNow(this.file);
  }
}

export interface FileNames {
  readonly folder: string;
  readonly name: string;
  /** What it is called until it is whole. */
  readonly temporary: string;
}

/**
 * Makes a file that is there as a whole or not at all: written under another name, made to last, then renamed. `make` is
 * called at once and gets the file to write to. What nobody wants any more is not renamed.
 */
export async function replaceFile(
  files: Files,
  { folder, name, temporary }: FileNames,
  make: (file: BlockFile) => Promise<void>,
  isWanted: () => boolean = () => true,
): Promise<void> {
  const path = join(folder, temporary);
  const opening = files.open(path, 'fresh');
  const blocks = new BlockFile(files, opening);
  try {
    const made = make(blocks);
    const [opened, outcome] = await Promise.allSettled([opening, made]);
    if (opened.status === 'rejected') throw asError(opened.reason);
    try {
      if (outcome.status === 'rejected') {
        await blocks.settled();
        throw asError(outcome.reason);
      }
      await blocks.end();
    } finally {
      await files.close(opened.value);
    }
    const before = await openedIfThere(files, join(folder, name));
    try {
      if (!isWanted()) throw new Error('it was stopped');
      // At once: whoever saves what is newer meanwhile renames behind this.
      files.renameNow(path, join(folder, name));
    } finally {
      if (before !== null) await files.close(before);
    }
  } catch (error) {
    try {
      await files.remove(path);
    } catch (second) {
      throw bothOf(error, second);
    }
    throw error;
  }
  await syncFolder(files, folder);
}

/**
 * The file whose name is about to be given to another, opened: the system gives its room back when the last one closes it,
 * which takes milliseconds for a large one, and so happens beside and not while it is renamed.
 */
async function openedIfThere(files: Files, path: string): Promise<number | null> {
  try {
    return await files.open(path, 'read');
  } catch {
    // It is not there, or may not be read: whether its name can be given away is for the renaming to say.
    return null;
  }
}

/** The same, holding the thread. */
export function replaceFileNow(
  files: Files,
  { folder, name, temporary }: FileNames,
  make: (file: BlockFileNow) => void,
): void {
  const path = join(folder, temporary);
  const file = files.openNow(path, 'fresh');
  try {
    try {
      const blocks = new BlockFileNow(files, file);
      make(blocks);
      blocks.end();
    } finally {
      files.closeNow(file);
    }
    files.renameNow(path, join(folder, name));
  } catch (error) {
    try {
      files.removeNow(path);
    } catch (second) {
      throw bothOf(error, second);
    }
    throw error;
  }
  syncFolderNow(files, folder);
}

/** Whether it begins a block of its own, which can be filled again. */
function isWhole({ buffer, byteOffset }: Buffer): boolean {
  return byteOffset === 0 && buffer.byteLength >= RECYCLED_BYTES_MIN;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** What went wrong, and that cleaning up went wrong as well. */
function bothOf(error: unknown, second: unknown): Error {
  return new AggregateError([error, second], messageOf(error), { cause: error });
}
