/**
 * Decides how a snapshot is written as commands that make it anew, in the words of Redis 7.0. Knows nothing of manifests.
 * (Redis: `aof.c`, rewriteAppendOnlyFileRio.)
 */
import { type Bytes, byteString, latin1Text } from '../../byte-string.js';
import { CommandBuffer } from '../../command-buffer.js';
import { doubleText } from '../../double-text.js';
import type { Integer } from '../../integers.js';
import type { Container } from '../../keyspace/container.js';
import { NEVER } from '../../keyspace/entry.js';
import { HashValue } from '../../keyspace/hash-value.js';
import { ListValue } from '../../keyspace/list-value.js';
import { SetValue } from '../../keyspace/set-value.js';
import { SortedSetValue } from '../../keyspace/sorted-set-value.js';
import { StreamValue } from '../../keyspace/stream-value.js';
import { StreamFacts } from '../held-groups.js';
import type { BlockOutput } from '../rdb/rdb-file.js';
import type { LargeValue, SnapshotEntry, SnapshotSink } from '../snapshot-sink.js';
import { streamCommands } from './stream-commands.js';

/** Elements of one command (Redis' AOF_REWRITE_ITEMS_PER_CMD). */
const ITEMS_PER_COMMAND = 64;
const BLOCK_BYTES = 256 * 1024;

/** Hears a snapshot and writes it. After the last key: `end`. */
export class CommandFile implements SnapshotSink {
  private readonly buffer = new CommandBuffer();
  private database = -1;

  constructor(private readonly output: BlockOutput) {}

  string(entry: SnapshotEntry, bytes: Buffer, start: number, end: number): void {
    this.plain(entry, bytes.subarray(start, end));
  }

  integer(entry: SnapshotEntry, value: Integer): void {
    this.plain(entry, String(value));
  }

  container(entry: SnapshotEntry, value: Container): void {
    this.select(entry);
    const key = keyOf(entry);
    if (value instanceof StreamValue)
      for (const command of streamCommands(key, value.nodes, new StreamFacts(value)))
        this.buffer.command(command);
    else {
      const [command, width] = formOf(value);
      const items = [...itemsOf(value)];
      for (let at = 0; at < items.length; at += ITEMS_PER_COMMAND * width)
        this.buffer.command([command, key, ...items.slice(at, at + ITEMS_PER_COMMAND * width)]);
    }
    this.expiry(entry, key);
    this.settle();
  }

  *large(entry: SnapshotEntry, value: LargeValue): Iterator<void> {
    const key = keyOf(entry);
    const own: SnapshotEntry = { ...entry };
    if (value.type === 'string') {
      this.plain(own, value.bytes);
      return;
    }
    if (value.type === 'stream') {
      for (const command of streamCommands(key, value.nodes, value.facts)) {
        this.part(own, command);
        yield;
      }
      this.ends(own, key);
      return;
    }
    let items: Bytes[] = [];
    const [command, width] = largeForms[value.type];
    for (const part of partsOf(value)) {
      items.push(...part);
      if (items.length < ITEMS_PER_COMMAND * width) continue;
      this.part(own, [command, key, ...items]);
      items = [];
      yield;
    }
    if (items.length > 0) this.part(own, [command, key, ...items]);
    this.ends(own, key);
  }

  room(): Promise<void> | null {
    return this.output.room();
  }

  /** Hands over the rest. */
  end(): void {
    if (this.buffer.length > 0) this.write();
  }

  private plain(entry: SnapshotEntry, value: Bytes): void {
    this.select(entry);
    const key = keyOf(entry);
    this.buffer.command(['SET', key, value]);
    this.expiry(entry, key);
    this.settle();
  }

  private part(entry: SnapshotEntry, command: readonly Bytes[]): void {
    this.select(entry);
    this.buffer.command(command);
    this.settle();
  }

  private ends(entry: SnapshotEntry, key: string): void {
    if (entry.expireAtMs === NEVER) return;
    this.select(entry);
    this.expiry(entry, key);
    this.settle();
  }

  private select({ database }: SnapshotEntry): void {
    if (database === this.database) return;
    this.database = database;
    this.buffer.command(['SELECT', String(database)]);
  }

  private expiry({ expireAtMs }: SnapshotEntry, key: string): void {
    if (expireAtMs !== NEVER) this.buffer.command(['PEXPIREAT', key, String(expireAtMs)]);
  }

  private settle(): void {
    if (this.buffer.length >= BLOCK_BYTES) this.write();
  }

  private write(): void {
    this.output.write(Buffer.from(this.buffer.bytes));
    this.buffer.drop(this.buffer.length);
  }
}

function keyOf({ keyBytes, keyStart, keyEnd }: SnapshotEntry): string {
  return latin1Text(keyBytes, keyStart, keyEnd);
}

type Form = readonly [command: string, itemsPerElement: 1 | 2];

const largeForms: Readonly<Record<'set' | 'hash' | 'zset' | 'list', Form>> = {
  set: ['SADD', 1],
  hash: ['HMSET', 2],
  zset: ['ZADD', 2],
  list: ['RPUSH', 1],
};

function formOf(value: Container): Form {
  if (value instanceof SetValue) return largeForms.set;
  if (value instanceof HashValue) return largeForms.hash;
  return value instanceof SortedSetValue ? largeForms.zset : largeForms.list;
}

function itemsOf(value: Container): Iterable<Bytes> {
  if (value instanceof SetValue) return value.members();
  if (value instanceof ListValue) return value.elements();
  const items: Bytes[] = [];
  if (value instanceof HashValue) value.visit((field, content) => items.push(field, content));
  else if (value instanceof SortedSetValue)
    value.visit(0, value.size, (member, score) => items.push(doubleText(score), member));
  return items;
}

function* partsOf(value: Exclude<LargeValue, { type: 'string' | 'stream' }>): IterableIterator<Bytes[]> {
  if (value.type === 'set') for (let at = 0; at < value.size; at++) yield [value.memberAt(at)];
  else if (value.type === 'hash')
    for (let at = 0; at < value.size; at++) yield [value.fieldAt(at), value.valueAt(at)];
  else if (value.type === 'list')
    for (let chunk = 0; chunk < value.chunkCount; chunk++)
      for (const element of value.elementsOf(chunk)) yield [byteString(element)];
  else {
    const members = value.descending();
    for (let next = members.next(); next.done !== true; next = members.next())
      yield [doubleText(next.value.score), next.value.member];
  }
}
