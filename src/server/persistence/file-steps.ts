/**
 * Decides how one text reads files in two ways: beside others, who have their turn meanwhile, and holding the thread, for a
 * command that answers when all is loaded. The text yields each call that it makes, and is handed what came of it. Knows
 * nothing of what is read.
 */
import type { Files, OpenMode } from './files.js';

/** One call, in both ways. */
interface FileStep {
  beside(files: Files): Promise<unknown>;
  now(files: Files): unknown;
}

export type FileSteps<Result> = Generator<FileStep, Result, unknown>;

/** @throws what a call fails with, or what the text makes of it */
export async function besideOthers<Result>(files: Files, steps: FileSteps<Result>): Promise<Result> {
  let next = steps.next();
  while (next.done !== true) {
    const outcome = await attempt(next.value.beside(files));
    next = outcome.isDone ? steps.next(outcome.value) : steps.throw(outcome.error);
  }
  return next.value;
}

/** The same, while nobody else has a turn. */
export function holdingTheThread<Result>(files: Files, steps: FileSteps<Result>): Result {
  let next = steps.next();
  while (next.done !== true) {
    let value: unknown;
    try {
      value = next.value.now(files);
    } catch (error) {
      next = steps.throw(error);
      continue;
    }
    next = steps.next(value);
  }
  return next.value;
}

type Outcome =
  | { readonly isDone: true; readonly value: unknown }
  | { readonly isDone: false; readonly error: unknown };

async function attempt(call: Promise<unknown>): Promise<Outcome> {
  try {
    return { isDone: true, value: await call };
  } catch (error) {
    return { isDone: false, error };
  }
}

/** Lends an open file, and closes it whatever comes of it. */
export function* withFile<Result>(
  path: string,
  mode: OpenMode,
  use: (file: number) => FileSteps<Result>,
): FileSteps<Result> {
  const file = Number(
    yield { beside: (files) => files.open(path, mode), now: (files) => files.openNow(path, mode) },
  );
  try {
    return yield* use(file);
  } finally {
    yield { beside: (files) => files.close(file), now: (files) => files.closeNow(file) };
  }
}

/** How long a file is; null when it is not there. */
export function* sizeOf(path: string): FileSteps<number | null> {
  const size = yield { beside: (files) => files.size(path), now: (files) => files.sizeNow(path) };
  return size === null ? null : Number(size);
}

export interface Part {
  readonly bytes: Buffer;
  readonly offset: number;
  readonly length: number;
  /** Where in the file. */
  readonly position: number;
}

/** How many bytes were read; 0 at the end of the file. */
export function* readPart(file: number, { bytes, offset, length, position }: Part): FileSteps<number> {
  return Number(
    yield {
      beside: (files) => files.read(file, bytes, offset, length, position),
      now: (files) => files.readNow(file, bytes, offset, length, position),
    },
  );
}

/** Cuts a file back, and makes that last. */
export function* cutBack(path: string, length: number): FileSteps<void> {
  yield* withFile(path, 'update', function* (file) {
    yield {
      beside: (files) => files.truncate(file, length),
      now: (files) => files.truncateNow(file, length),
    };
    yield { beside: (files) => files.sync(file), now: (files) => files.syncNow(file) };
  });
}

/** Others have their turn, where they may. */
export function* turnOfOthers(pause: () => Promise<void>): FileSteps<void> {
  yield { beside: pause, now: () => undefined };
}
