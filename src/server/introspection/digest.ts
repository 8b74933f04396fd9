/**
 * Decides the fingerprint of data that DEBUG DIGEST and DIGEST-VALUE answer: Redis' own, so that two servers' data
 * can be compared. Knows each type only by the command that reads all of it. (Redis: `debug.c`, xorObjectDigest.)
 */
import { createHash } from 'node:crypto';
import { type Bytes, bufferOf, byteString } from '../byte-string.js';
import { Call } from '../command.js';
import { doubleText } from '../double-text.js';
import type { TypeName } from '../keyspace/container.js';
import type { Database } from '../keyspace/database.js';
import { type Entry, NEVER, typeNameOf } from '../keyspace/entry.js';
import type { Reply } from '../resp/reply.js';

const DIGEST_BYTES = 20;

const typeNumbers: Readonly<Record<TypeName, number>> = {
  string: 0,
  list: 1,
  set: 2,
  zset: 3,
  hash: 4,
  stream: 6,
};

/** What reads a whole value of a type. */
const readers: Readonly<Record<TypeName, (key: string) => readonly string[]>> = {
  string: (key) => ['get', key],
  list: (key) => ['lrange', key, '0', '-1'],
  set: (key) => ['smembers', key],
  zset: (key) => ['zrange', key, '0', '-1', 'withscores'],
  hash: (key) => ['hgetall', key],
  stream: (key) => ['xrange', key, '-', '+'],
};

class Digest {
  readonly bytes = Buffer.alloc(DIGEST_BYTES);

  /** Whatever the order. */
  add(part: Bytes): void {
    const hash = sha1(part);
    for (let index = 0; index < DIGEST_BYTES; index++)
      this.bytes[index] = (this.bytes[index] ?? 0) ^ (hash[index] ?? 0);
  }

  /** In order. */
  mix(part: Bytes): void {
    this.add(part);
    sha1(this.bytes).copy(this.bytes);
  }

  get hex(): string {
    return this.bytes.toString('hex');
  }
}

/** The fingerprint of everything. */
export function digestOfAll(call: Call): string {
  const digest = new Digest();
  for (const db of call.server.keyspace.databases) {
    if (db.size === 0) continue;
    digest.mix(bigEndian(db.index));
    // Reading may expire a key, so the names are taken first.
    for (const key of Array.from(db.keys(), (entry) => byteString(entry.key))) {
      const entry = db.peek(key);
      if (entry === undefined) continue;
      const one = new Digest();
      one.mix(key);
      addValue(one, call, db, key, entry);
      digest.add(one.bytes);
    }
  }
  return digest.hex;
}

/** The fingerprint of one key's value and whether it expires; zeros for a key that is not there. */
export function digestOfValue(call: Call, key: string): string {
  const digest = new Digest();
  const entry = call.db.peek(key);
  if (entry !== undefined) addValue(digest, call, call.db, key, entry);
  return digest.hex;
}

function addValue(digest: Digest, call: Call, db: Database, key: string, entry: Entry): void {
  const type = typeNameOf(entry);
  const expires = entry.expireAtMs !== NEVER;
  digest.mix(bigEndian(typeNumbers[type]));
  const value = read(call, db, entry, readers[type](key));
  const items = scalarsOf(value);
  switch (type) {
    case 'string':
    case 'list':
      for (const item of items) digest.mix(textOf(item));
      break;
    case 'set':
      for (const item of items) digest.add(textOf(item));
      break;
    case 'hash':
    case 'zset':
      for (let index = 0; index < items.length; index += 2) {
        const pair = new Digest();
        pair.mix(textOf(items[index]));
        pair.mix(textOf(items[index + 1]));
        digest.add(pair.bytes);
      }
      break;
    case 'stream':
      mixStream(digest, value);
      break;
  }
  if (expires) digest.add('!!expire!!');
}

function mixStream(digest: Digest, entries: Reply): void {
  if (!Array.isArray(entries)) return;
  for (const entry of entries as readonly Reply[]) {
    const [id, ...fields] = scalarsOf(entry);
    digest.mix(textOf(id).toString('latin1').replace('-', '.'));
    for (const field of fields) digest.mix(textOf(field));
  }
}

/** Redis looks at the data itself: that is neither a hit nor a use of the key. */
function read(call: Call, db: Database, entry: Entry, args: readonly string[]): Reply {
  const { statistics } = call.server.keyspace;
  const { hits } = statistics;
  const usage = db.usageAt(entry.place);
  const run = call.server.commands.find(args[0] ?? '')?.run;
  const reply = run === undefined ? [] : run(new Call(args, db, call.client, call.server));
  statistics.hits = hits;
  db.setUsage(entry, usage);
  return reply;
}

/** The leaves of a reply, in order. */
function scalarsOf(reply: Reply): (Bytes | number)[] {
  if (typeof reply === 'string' || typeof reply === 'number' || Buffer.isBuffer(reply)) return [reply];
  if (typeof reply === 'bigint') return [String(reply)];
  if (reply === null) return [];
  if (!('kind' in reply)) return reply.flatMap(scalarsOf);
  switch (reply.kind) {
    case 'map':
      return reply.flat.flatMap(scalarsOf);
    case 'packed-array':
      return [...reply.decoded()];
    case 'set':
      return reply.items.flatMap(scalarsOf);
    case 'double':
      return [reply.value];
    default:
      return [];
  }
}

/** A score is printed as C does with `%.17g`, anything else is bytes. */
function textOf(item: Bytes | number | undefined): Buffer {
  return bufferOf(typeof item === 'number' ? doubleText(item) : (item ?? ''));
}

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function sha1(part: Bytes): Buffer {
  return createHash('sha1').update(bufferOf(part)).digest();
}
