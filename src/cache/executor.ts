/**
 * Decides how the engine talks to whatever keeps its state: pipelines of plain Redis commands in sessions. Knows
 * neither which servers answer nor whether they are in this process.
 */
import { detailOf, LookasideError } from '../errors.js';

export type CommandArgument = string | Buffer;
export type Command = readonly CommandArgument[];
export type Replies = readonly Reply[];
export type Reply = null | number | string | Buffer | ReplyError | readonly Reply[];

/** An error reply of the server to one command; the connection is fine. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
}

/**
 * The connections as they are at one moment. What is run in a session and what is judged by its vouchers belong to
 * the same connections; once one of them is gone, so is the session.
 */
export interface Session {
  /**
   * Runs the commands once, in order as far as they share a node: never sent again, never queued while
   * disconnected. A server in this process answers at once, without a promise. Rejects or throws when the outcome of
   * any command is unknown: a connection that was lost, a redirect, a time limit. An error reply is a value.
   */
  run(commands: readonly Command[]): Replies | Promise<Replies>;
  /** The same, with bulk strings as the bytes they are. `run` gives them as text. */
  runBinary(commands: readonly Command[]): Replies | Promise<Replies>;
  /** The replication id of the node that holds the key: who vouches for the tokens (CONSISTENCY §2, `T.r`). */
  voucher(key: string): string;
  /**
   * Whether the node that holds the key is known to be primary still (the lease of CONSISTENCY §2). Without it nothing
   * that it answered may be served, and what it was told counts as not told.
   */
  isTrusted(key: string): boolean;
}

/** What a reader needs to know of a session besides its replies. */
export type Vouching = Pick<Session, 'voucher' | 'isTrusted'>;

/** Reads that the store remembers, and tells of what is changed of them (`bounded`, CONSISTENCY §2). */
export interface Tracking {
  /** On connections that track what is read on them. Null while there is none: what was read counts for nothing. */
  session(): Session | null;
  /** By when the node that holds the key has told of all changes, on the monotonic clock. */
  toldAllAtMs(key: string): number;
  /** Calls `onTouch` for each key that was read and has changed, in order with the replies; `null` for all. */
  watch(onTouch: (key: string | null) => void): void;
}

export interface Store {
  /** Null while there is none to be had: `trouble` says why. */
  session(): Session | null;
  /** Why there is no session now, or null. */
  trouble(): Error | null;
  /** Where the store was asked for it. */
  readonly tracking?: Tracking;
  /** A session for each node that has a part of the state, where there are several: for what is done to all. */
  nodes?(): readonly Session[];
  /**
   * Where nodes have to be confirmed: waits for those that hold these keys, as long as there is hope that they will be
   * soon. Null when they are, or when nobody would wait for it. Rejects when hope was in vain.
   */
  settled?(keys: readonly string[]): Promise<void> | null;
  /**
   * Calls `onTouch` for each key under `prefix` that changes from now on, before the command that changed it
   * is answered; `null` for all keys at once. Undefined where the server is not in this process: only a
   * synchronous call makes what was read once safe to keep.
   */
  readonly watch?: (prefix: string, onTouch: (key: string | null) => void) => () => void;
}

/** A protocol step as a conversation: yields pipelines, is handed their replies, returns what it found out. */
export type Conversation<T> = Generator<readonly Command[], T, Replies>;

/** Holds a conversation in a session; synchronous as long as its server is. */
export function converse<T>(session: Session, conversation: Conversation<T>): T | Promise<T> {
  let step = conversation.next();
  while (step.done !== true) {
    const replies = session.run(step.value);
    if (replies instanceof Promise) return converseLater(session, conversation, replies);
    step = conversation.next(replies);
  }
  return step.value;
}

async function converseLater<T>(
  session: Session,
  conversation: Conversation<T>,
  first: Promise<Replies>,
): Promise<T> {
  let step = conversation.next(await first);
  while (step.done !== true) step = conversation.next(await session.run(step.value));
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

/** A store whose server is in this process: its one session never ends. */
export interface WatchableStore extends Store {
  session(): Session;
  readonly watch: NonNullable<Store['watch']>;
}

export const isWatchable = (store: Store): store is WatchableStore => store.watch !== undefined;

/**
 * A session, now.
 *
 * @throws LookasideError `STORE_AWAY`
 */
export function openSession(store: Store): Session {
  const session = store.session();
  if (session !== null) return session;
  const cause = store.trouble();
  const detail = cause === null ? 'there is no connection to it' : detailOf(cause);
  throw new LookasideError('STORE_AWAY', detail, { cause });
}

/**
 * What was told to a node that is not known to be primary any more was told to nobody.
 *
 * @throws LookasideError `STORE_AWAY`
 */
export function expectTrust(session: Vouching, targets: readonly { readonly table: string }[]): void {
  for (const { table } of targets)
    if (!session.isTrusted(table))
      throw new LookasideError('STORE_AWAY', 'the node that answered is not known to be primary still');
}
