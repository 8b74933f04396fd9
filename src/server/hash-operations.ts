/** Decides what the hash commands share: finding a hash, changing a field of one. Knows no command's arguments. */
import { WRONG_TYPE } from './call.js';
import type { Call } from './command.js';
import { type Entry, NEVER } from './keyspace/entry.js';
import { HashValue } from './keyspace/hash-value.js';
import type { ErrorReply } from './resp/reply.js';

/** A hash to be changed; it may be new, and belongs to no key yet then. */
export interface HashToChange {
  readonly key: string;
  readonly entry: Entry | undefined;
  readonly hash: HashValue;
}

/** For a command that changes it, or makes it. */
export function hashToChange({ db }: Call, key: string): HashToChange | ErrorReply {
  const entry = db.write(key);
  if (entry === undefined) return { key, entry, hash: new HashValue() };
  const hash = entry.value;
  return hash instanceof HashValue ? { key, entry, hash } : WRONG_TYPE;
}

/** Told after fields were set. */
export function hashChanged(call: Call, { key, entry, hash }: HashToChange, event: string): void {
  if (entry === undefined) call.db.set(key, hash, NEVER);
  else call.db.changed(entry);
  call.notify('hash', event, key);
}

/** For a command that reads it. */
export function hashToRead({ db }: Call, key: string): HashValue | undefined | ErrorReply {
  const hash = db.read(key)?.value;
  return hash === undefined || hash instanceof HashValue ? hash : WRONG_TYPE;
}
