/**
 * Decides how a few neighbouring entries of a stream are packed: a listpack whose first elements are the counts and the
 * fields that most entries share, byte for byte as Redis keeps it. Knows no other nodes.
 * (Redis: `t_stream.c`, "master entry".)
 */
import { type Bytes, byteString } from '../byte-string.js';
import { LISTPACK_HEADER_BYTES, Listpack } from '../listpack.js';
import { compareIds, difference, FIRST_ID, plus, type StreamId } from './stream-id.js';

const DELETED = 1;
const SAME_FIELDS = 2;
/** Flags and the two parts of the ID. */
const FIXED_ELEMENTS = 3;

/** An entry where it lies. */
export interface PackedEntry {
  readonly id: StreamId;
  readonly isDeleted: boolean;
  readonly hasSameFields: boolean;
  readonly fieldCount: number;
  /** Where its flags lie. */
  readonly at: number;
  /** Where its fields and values begin. */
  readonly contentAt: number;
  /** Where the next entry begins. */
  readonly nextAt: number;
}

export class StreamNode {
  /** The entry that was looked at last: readers go on from there. Null once bytes have moved. */
  private hint: PackedEntry | null = null;
  /** A snapshot still reads it: a change is made to a copy. */
  isShared = false;

  private constructor(
    /** The ID of the first entry that was ever in here: the others are told by their distance. */
    readonly master: StreamId,
    private readonly pack: Listpack,
    private live: number,
    private deleted: number,
    /** How many fields most entries share. */
    private readonly sharedFieldCount: number,
  ) {}

  /** A node for a first entry, which is still to be appended. */
  static begin(master: StreamId, pairs: readonly Bytes[]): StreamNode {
    const pack = new Listpack();
    pack.appendInteger(0);
    pack.appendInteger(0);
    pack.appendInteger(pairs.length / 2);
    for (let index = 0; index < pairs.length; index += 2) pack.append(pairs[index] ?? '');
    pack.appendInteger(0);
    return new StreamNode(master, pack, 0, 0, pairs.length / 2);
  }

  /** One that was written down; the bytes are owned from here on and have been checked. */
  static restore(master: StreamId, bytes: Buffer): StreamNode {
    const pack = new Listpack(bytes, bytes.length);
    const deletedAt = pack.next(LISTPACK_HEADER_BYTES);
    return new StreamNode(
      master,
      pack,
      Number(pack.integerAt(LISTPACK_HEADER_BYTES)),
      Number(pack.integerAt(deletedAt)),
      Number(pack.integerAt(pack.next(deletedAt))),
    );
  }

  get bytes(): Buffer {
    return this.pack.bytes;
  }

  /** One of its own with the same entries at the same places. */
  copy(): StreamNode {
    const bytes = Buffer.from(this.pack.bytes);
    const pack = new Listpack(bytes, bytes.length);
    return new StreamNode(this.master, pack, this.live, this.deleted, this.sharedFieldCount);
  }

  get byteLength(): number {
    return this.pack.byteLength;
  }

  get weightBytes(): number {
    return this.pack.capacityBytes + 200;
  }

  /** Entries that are not deleted. */
  get liveCount(): number {
    return this.live;
  }

  /** Those that are deleted counted as well. */
  get entryCount(): number {
    return this.live + this.deleted;
  }

  append(id: StreamId, pairs: readonly Bytes[]): void {
    const { pack } = this;
    const count = pairs.length / 2;
    this.recount(1, 0);
    const isSame = this.hasFields(pairs);
    pack.appendInteger(isSame ? SAME_FIELDS : 0);
    pack.appendInteger(difference(id.ms, this.master.ms));
    pack.appendInteger(difference(id.sequence, this.master.sequence));
    if (!isSame) pack.appendInteger(count);
    for (let index = 0; index < pairs.length; index += 2) {
      if (!isSame) pack.append(pairs[index] ?? '');
      pack.append(pairs[index + 1] ?? '');
    }
    pack.appendInteger(count + FIXED_ELEMENTS + (isSame ? 0 : count + 1));
  }

  /** Entries in order from an ID on, deleted ones too. Nothing may change meanwhile. */
  *entries(from: StreamId = FIRST_ID): IterableIterator<PackedEntry> {
    const { hint } = this;
    let at = hint !== null && compareIds(hint.id, from) <= 0 ? hint.at : this.firstEntryAt();
    while (at < this.pack.end) {
      const entry = this.entryAt(at);
      at = entry.nextAt;
      if (compareIds(entry.id, from) < 0) continue;
      this.hint = entry;
      yield entry;
    }
  }

  /** The last one that was ever added. */
  lastEntry(): PackedEntry | undefined {
    let last: PackedEntry | undefined;
    for (const entry of this.entries()) last = entry;
    return last;
  }

  find(id: StreamId): PackedEntry | undefined {
    for (const entry of this.entries(id))
      return compareIds(entry.id, id) === 0 && !entry.isDeleted ? entry : undefined;
    return undefined;
  }

  /** Marks entries as deleted. */
  removeAll(entries: readonly PackedEntry[]): void {
    for (const { at, hasSameFields } of entries)
      this.pack.replaceInteger(at, DELETED | (hasSameFields ? SAME_FIELDS : 0));
    this.recount(-entries.length, entries.length);
  }

  /** Fields and values, flat. */
  contentOf({ contentAt, fieldCount, hasSameFields }: PackedEntry): Bytes[] {
    const { pack } = this;
    const flat: Bytes[] = [];
    let at = contentAt;
    let fieldAt = hasSameFields ? this.masterFieldsAt() : 0;
    for (let index = 0; index < fieldCount; index++) {
      if (hasSameFields) {
        flat.push(pack.bytesAt(fieldAt));
        fieldAt = pack.next(fieldAt);
      } else {
        flat.push(pack.bytesAt(at));
        at = pack.next(at);
      }
      flat.push(pack.bytesAt(at));
      at = pack.next(at);
    }
    return flat;
  }

  shrink(): void {
    this.pack.shrink();
  }

  private entryAt(at: number): PackedEntry {
    const { pack, master } = this;
    const flags = Number(pack.integerAt(at));
    const msAt = pack.next(at);
    const sequenceAt = pack.next(msAt);
    const hasSameFields = (flags & SAME_FIELDS) !== 0;
    let contentAt = pack.next(sequenceAt);
    let fieldCount: number;
    if (hasSameFields) fieldCount = this.sharedFieldCount;
    else {
      fieldCount = Number(pack.integerAt(contentAt));
      contentAt = pack.next(contentAt);
    }
    let nextAt = contentAt;
    const elements = hasSameFields ? fieldCount : fieldCount * 2;
    // One more: the count of elements at the end.
    for (let index = 0; index <= elements; index++) nextAt = pack.next(nextAt);
    const id = {
      ms: plus(master.ms, pack.integerAt(msAt)),
      sequence: plus(master.sequence, pack.integerAt(sequenceAt)),
    };
    return { id, isDeleted: (flags & DELETED) !== 0, hasSameFields, fieldCount, at, contentAt, nextAt };
  }

  private hasFields(pairs: readonly Bytes[]): boolean {
    if (pairs.length / 2 !== this.sharedFieldCount) return false;
    let at = this.masterFieldsAt();
    for (let index = 0; index < pairs.length; index += 2) {
      if (byteString(this.pack.bytesAt(at)) !== byteString(pairs[index] ?? '')) return false;
      at = this.pack.next(at);
    }
    return true;
  }

  private recount(live: number, deleted: number): void {
    const { pack } = this;
    const bytes = pack.byteLength;
    this.live += live;
    this.deleted += deleted;
    pack.replaceInteger(LISTPACK_HEADER_BYTES, this.live);
    if (deleted !== 0) pack.replaceInteger(pack.next(LISTPACK_HEADER_BYTES), this.deleted);
    if (deleted !== 0 || pack.byteLength !== bytes) this.hint = null;
  }

  private masterFieldCountAt(): number {
    return this.pack.next(this.pack.next(LISTPACK_HEADER_BYTES));
  }

  private masterFieldsAt(): number {
    return this.pack.next(this.masterFieldCountAt());
  }

  private firstEntryAt(): number {
    let at = this.masterFieldsAt();
    for (let left = this.sharedFieldCount; left >= 0; left--) at = this.pack.next(at);
    return at;
  }
}
