/**
 * Decides how the engine talks to whatever keeps its state: pipelines of plain Redis commands on one
 * connection. Knows neither which server answers nor whether it is in this process.
 */

export type CommandArgument = string | Buffer;
export type Command = readonly CommandArgument[];
export type Replies = readonly Reply[];
export type Reply = null | number | string | Buffer | ReplyError | readonly Reply[];

/** An error reply of the server to one command; the connection is fine. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
}

export interface Executor {
  /**
   * Runs the commands in order on one connection, once: never sent again, never queued while disconnected.
   * A server in this process answers at once, without a promise. Rejects or throws when the outcome of any
   * command is unknown; an error reply is a value.
   */
  run(commands: readonly Command[]): Replies | Promise<Replies>;
  /** The same, with bulk strings as the bytes they are. `run` gives them as text. */
  runBinary(commands: readonly Command[]): Replies | Promise<Replies>;
  /** The replication id of the node that answers now: who vouches for the tokens (CONSISTENCY §2, `T.r`). */
  voucher(): string;
  /**
   * Calls `onTouch` for each key under `prefix` that changes from now on, before the command that changed it
   * is answered; `null` for all keys at once. Undefined where the server is not in this process: only a
   * synchronous call makes what was read once safe to keep.
   */
  readonly watch?: (prefix: string, onTouch: (key: string | null) => void) => () => void;
}

/** A protocol step as a conversation: yields pipelines, is handed their replies, returns what it found out. */
export type Conversation<T> = Generator<readonly Command[], T, Replies>;

/** Holds a conversation with a server; synchronous as long as the server is. */
export function converse<T>(executor: Executor, conversation: Conversation<T>): T | Promise<T> {
  let step = conversation.next();
  while (step.done !== true) {
    const replies = executor.run(step.value);
    if (replies instanceof Promise) return converseLater(executor, conversation, replies);
    step = conversation.next(replies);
  }
  return step.value;
}

async function converseLater<T>(
  executor: Executor,
  conversation: Conversation<T>,
  first: Promise<Replies>,
): Promise<T> {
  let step = conversation.next(await first);
  while (step.done !== true) step = conversation.next(await executor.run(step.value));
  return step.value;
}

/** A reply that must be text, or null. */
export function textOf(reply: Reply | undefined): string | null {
  if (reply === null || reply === undefined) return null;
  if (typeof reply === 'string') return reply;
  if (Buffer.isBuffer(reply)) return reply.toString();
  if (typeof reply === 'number') return String(reply);
  throw unexpected(reply);
}

/** A reply that must be an integer. */
export function integerOf(reply: Reply | undefined): number {
  if (typeof reply === 'number') return reply;
  throw unexpected(reply);
}

/** A reply that must be an array. */
export function arrayOf(reply: Reply | undefined): readonly Reply[] {
  if (Array.isArray(reply)) return reply as readonly Reply[];
  throw unexpected(reply);
}

/** Throws the first error reply of a pipeline whose commands must all have worked. */
export function expectNoError(replies: Replies): void {
  for (const reply of replies) if (reply instanceof ReplyError) throw reply;
}

function unexpected(reply: Reply | undefined): Error {
  if (reply instanceof ReplyError) return reply;
  return new ReplyError(`the store answered with an unexpected ${typeof reply}`);
}

/** An executor whose server is in this process. */
export type WatchableExecutor = Executor & Required<Pick<Executor, 'watch'>>;

export const isWatchable = (executor: Executor): executor is WatchableExecutor =>
  executor.watch !== undefined;
