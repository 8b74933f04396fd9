/** Decides what the hash commands share: finding a hash, changing a field of one. Knows no command's arguments. */
import { argumentAt, keyAt, WRONG_TYPE } from './call.js';
import type { Call } from './command.js';
import { type Entry, NEVER } from './keyspace/entry.js';
import { HashValue } from './keyspace/hash-value.js';
import type { ErrorReply } from './resp/reply.js';

/** A hash to be changed; it may be new, and belongs to no key yet then. */
export interface HashToChange {
  readonly entry: Entry | undefined;
  readonly hash: HashValue;
}

/** That of the first argument, for a command that changes it or makes it. */
export function hashToChange(call: Call): HashToChange | ErrorReply {
  const entry = call.db.write(argumentAt(call.args, 1));
  if (entry === undefined) return { entry, hash: new HashValue() };
  const hash = entry.value;
  return hash instanceof HashValue ? { entry, hash } : WRONG_TYPE;
}

/** Told after fields were set. */
export function hashChanged(call: Call, { entry, hash }: HashToChange, event: string): void {
  if (entry === undefined) call.db.set(keyAt(call.args, 1), hash, NEVER);
  else call.db.changed(entry);
  call.notify('hash', event, keyAt(call.args, 1));
}

/** That of the first argument, for a command that reads it. */
export function hashToRead(call: Call): HashValue | undefined | ErrorReply {
  const hash = call.db.read(argumentAt(call.args, 1))?.value;
  return hash === undefined || hash instanceof HashValue ? hash : WRONG_TYPE;
}
