/**
 * Decides how a stream's entries and groups are kept: a row of packed nodes in the order of their IDs. Knows nothing of
 * keys or commands. (Redis: `t_stream.c`.)
 */
import type { Bytes } from '../byte-string.js';
import type { EncodingLimits } from '../encoding-limits.js';
import { type Integer, narrow } from '../integers.js';
import { Container } from './container.js';
import type { StreamGroup } from './stream-group.js';
import { compareIds, FIRST_ID, isZero, LAST_ID, plus, type StreamId } from './stream-id.js';
import { type PackedEntry, StreamNode } from './stream-node.js';

const STREAM_OVERHEAD_BYTES = 400;
const GROUP_OVERHEAD_BYTES = 600;
const CONSUMER_OVERHEAD_BYTES = 500;
const PENDING_OVERHEAD_BYTES = 150;
/** Whatever the configuration says. */
const NODE_BYTES_MAX = 2 ** 30;

export interface StreamEntry {
  readonly id: StreamId;
  /** Fields and values, flat. */
  readonly pairs: readonly Bytes[];
}

/** What is trimmed away: all that is older than an ID, or than the newest so many. */
export type TrimLimit = { readonly maxLength: Integer } | { readonly minId: StreamId };

export interface TrimOptions {
  readonly limit: TrimLimit;
  /** Only whole nodes. */
  readonly isApproximate: boolean;
  /** 0 is no limit. */
  readonly entriesMax: Integer;
}

export class StreamValue extends Container {
  readonly type = 'stream';
  readonly encoding = 'stream';
  override weightBytes = STREAM_OVERHEAD_BYTES;
  readonly nodes: StreamNode[] = [];
  readonly groups = new Map<string, StreamGroup>();
  lastId: StreamId = FIRST_ID;
  firstId: StreamId = FIRST_ID;
  maxDeletedId: StreamId = FIRST_ID;
  /** Ever. */
  entriesAdded: Integer = 0;
  private length = 0;
  private nodesBytes = 0;
  private groupsBytes = 0;

  get size(): number {
    return this.length;
  }

  /** By name, in the order of bytes. */
  sortedGroups(): StreamGroup[] {
    return [...this.groups.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** Weighs everything again. Called once a command is through with groups. */
  weigh(): void {
    let bytes = 0;
    for (const group of this.groups.values())
      bytes +=
        GROUP_OVERHEAD_BYTES +
        group.consumerCount * CONSUMER_OVERHEAD_BYTES +
        group.pending.size * PENDING_OVERHEAD_BYTES;
    this.groupsBytes = bytes;
    this.weighNodes();
  }

  /** The same for a command that left the groups alone. */
  weighNodes(): void {
    this.weightBytes = STREAM_OVERHEAD_BYTES + this.nodesBytes + this.groupsBytes;
  }

  /** The ID is greater than the last one. */
  append(id: StreamId, pairs: readonly Bytes[], limits: EncodingLimits): void {
    let node = this.nodes.at(-1);
    const bytes = pairs.reduce((sum, part) => sum + part.length, 0);
    if (node !== undefined && isFull(node, bytes, limits)) {
      this.change(node, (own) => own.shrink());
      node = undefined;
    }
    if (node === undefined) {
      node = StreamNode.begin(id, pairs);
      this.addNode(node);
    }
    this.change(node, (own) => own.append(id, pairs));
    this.length++;
    this.entriesAdded = plus(this.entriesAdded, 1);
    this.lastId = id;
    if (this.length === 1) this.firstId = id;
  }

  /** A node that was written down, behind the others. */
  addNode(node: StreamNode): void {
    this.nodes.push(node);
    this.nodesBytes += node.weightBytes;
    this.length += node.liveCount;
  }

  /** Live entries between two IDs, both included. Nothing may change meanwhile. */
  *range(start: StreamId, end: StreamId, isReverse = false): IterableIterator<StreamEntry> {
    const { nodes } = this;
    const first = Math.max(0, this.nodeAtOrBefore(start));
    const last = this.nodeAtOrBefore(end);
    for (let step = 0; step <= last - first; step++) {
      const node = nodes[isReverse ? last - step : first + step];
      if (node === undefined) return;
      for (const entry of isReverse ? [...node.entries(start)].reverse() : node.entries(start)) {
        if (entry.isDeleted) continue;
        if (compareIds(entry.id, end) > 0) {
          if (isReverse) continue;
          return;
        }
        yield { id: entry.id, pairs: node.contentOf(entry) };
      }
    }
  }

  has(id: StreamId): boolean {
    return this.nodes[this.nodeAtOrBefore(id)]?.find(id) !== undefined;
  }

  /** The ID of the oldest entry, or the newest. */
  edgeId(isFirst: boolean): StreamId | undefined {
    for (const { id } of this.range(FIRST_ID, LAST_ID, !isFirst)) return id;
    return undefined;
  }

  /** False when there is no such entry. */
  delete(id: StreamId): boolean {
    const at = this.nodeAtOrBefore(id);
    const node = this.nodes[at];
    const entry = node?.find(id);
    if (node === undefined || entry === undefined) return false;
    if (node.liveCount === 1) this.dropNodes(at, 1);
    else this.change(node, (own) => own.removeAll([entry]));
    this.length--;
    return true;
  }

  /** To be called after entries were deleted. */
  findFirst(): void {
    this.firstId = this.length === 0 ? FIRST_ID : (this.edgeId(true) ?? FIRST_ID);
  }

  /** Removes the oldest and says how many. */
  trim({ limit, isApproximate, entriesMax }: TrimOptions): number {
    let deleted = 0;
    let whole = 0;
    for (const node of this.nodes) {
      if ('maxLength' in limit && this.length <= limit.maxLength) break;
      if (entriesMax !== 0 && deleted + node.liveCount > entriesMax) break;
      if (this.isNodeBeyond(node, limit)) {
        whole++;
        this.length -= node.liveCount;
        deleted += node.liveCount;
        continue;
      }
      if (!isApproximate) deleted += this.trimNode(node, limit);
      break;
    }
    this.dropNodes(0, whole);
    if (deleted > 0 || this.length === 0) this.findFirst();
    return deleted;
  }

  private isNodeBeyond(node: StreamNode, limit: TrimLimit): boolean {
    if ('maxLength' in limit) return this.length - node.liveCount >= limit.maxLength;
    const last = node.lastEntry();
    return last !== undefined && compareIds(last.id, limit.minId) < 0;
  }

  private trimNode(node: StreamNode, limit: TrimLimit): number {
    const removed: PackedEntry[] = [];
    for (const entry of node.entries()) {
      const isKept =
        'maxLength' in limit
          ? this.length - removed.length <= limit.maxLength
          : compareIds(entry.id, limit.minId) >= 0;
      if (isKept) break;
      if (!entry.isDeleted) removed.push(entry);
    }
    this.change(node, (own) => own.removeAll(removed));
    this.length -= removed.length;
    return removed.length;
  }

  /** Its nodes as they are now, to be read while others change the stream: until `thaw`, changes are made to copies. */
  freeze(): readonly StreamNode[] {
    for (const node of this.nodes) node.isShared = true;
    return [...this.nodes];
  }

  /** What was frozen is not read any more. */
  static thaw(nodes: readonly StreamNode[]): void {
    for (const node of nodes) node.isShared = false;
  }

  private change(node: StreamNode, action: (own: StreamNode) => void): void {
    const before = node.weightBytes;
    const own = node.isShared ? node.copy() : node;
    if (own !== node) this.nodes[this.nodeAtOrBefore(node.master)] = own;
    action(own);
    this.nodesBytes += own.weightBytes - before;
  }

  private dropNodes(at: number, count: number): void {
    for (const node of this.nodes.splice(at, count)) this.nodesBytes -= node.weightBytes;
  }

  /** The last node that begins at or before an ID; -1 when none does. */
  private nodeAtOrBefore(id: StreamId): number {
    let [low, high] = [0, this.nodes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const node = this.nodes[middle];
      if (node !== undefined && compareIds(node.master, id) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

function isFull(node: StreamNode, addedBytes: number, limits: EncodingLimits): boolean {
  const { streamNodeBytesMax, streamNodeEntriesMax } = limits;
  const bytesMax =
    streamNodeBytesMax === 0 || streamNodeBytesMax > NODE_BYTES_MAX ? NODE_BYTES_MAX : streamNodeBytesMax;
  if (node.byteLength + addedBytes >= bytesMax) return true;
  return streamNodeEntriesMax !== 0 && node.entryCount >= streamNodeEntriesMax;
}

/** Whether entries may be missing between an ID and the last one. */
export function hasTombstones(stream: StreamValue, start: StreamId): boolean {
  const { maxDeletedId, firstId, size } = stream;
  if (size === 0 || isZero(maxDeletedId)) return false;
  // The last gap may lie in front of everything that is left.
  return compareIds(firstId, maxDeletedId) <= 0 && compareIds(start, maxDeletedId) <= 0;
}

/** How many entries were ever added up to an ID; null when nobody can say. */
export function entriesUpTo(stream: StreamValue, id: StreamId): Integer | null {
  const { entriesAdded, size, firstId, maxDeletedId, lastId } = stream;
  if (entriesAdded === 0) return 0;
  const order = compareIds(id, lastId);
  if (size === 0 && order <= 0) return entriesAdded;
  if (order === 0) return entriesAdded;
  if (order > 0) return null;
  if (!isZero(maxDeletedId) && compareIds(maxDeletedId, firstId) >= 0) return null;
  const orderFirst = compareIds(id, firstId);
  if (orderFirst > 0) return null;
  return narrow(BigInt(entriesAdded) - BigInt(size) + (orderFirst === 0 ? 1n : 0n));
}

/** How many entries a group has still to read; null when nobody can say. */
export function lagOf(stream: StreamValue, group: StreamGroup): Integer | null {
  if (stream.entriesAdded === 0) return 0;
  const isTracked = group.entriesRead !== null && !hasTombstones(stream, group.lastId);
  const read = isTracked ? group.entriesRead : entriesUpTo(stream, group.lastId);
  return read === null ? null : narrow(BigInt(stream.entriesAdded) - BigInt(read));
}

/** A group has just been given an entry. */
export function advanceGroup(stream: StreamValue, group: StreamGroup, id: StreamId): void {
  if (compareIds(id, group.lastId) <= 0) return;
  if (group.entriesRead !== null && !hasTombstones(stream, id))
    group.entriesRead = plus(group.entriesRead, 1);
  else if (stream.entriesAdded !== 0) group.entriesRead = entriesUpTo(stream, id);
  group.lastId = id;
}
