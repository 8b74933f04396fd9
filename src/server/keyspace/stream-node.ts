/**
 * Decides how a few neighbouring entries of a stream are packed: a listpack whose first elements are the counts and the
 * fields that most entries share, byte for byte as Redis keeps it. Knows no other nodes.
 * (Redis: `t_stream.c`, "master entry".)
 */
import { type Bytes, byteString } from '../byte-string.js';
import { LISTPACK_HEADER_BYTES, Listpack } from '../listpack.js';
import { compareIds, difference, plus, type StreamId } from './stream-id.js';

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
  private constructor(
    /** The ID of the first entry that was ever in here: the others are told by their distance. */
    readonly master: StreamId,
    private readonly pack: Listpack,
    private live: number,
    private deleted: number,
  ) {}

  /** A node for a first entry, which is still to be appended. */
  static begin(master: StreamId, pairs: readonly Bytes[]): StreamNode {
    const pack = new Listpack();
    pack.appendInteger(0);
    pack.appendInteger(0);
    pack.appendInteger(pairs.length / 2);
    for (let index = 0; index < pairs.length; index += 2) pack.append(pairs[index] ?? '');
    pack.appendInteger(0);
    return new StreamNode(master, pack, 0, 0);
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
    );
  }

  get bytes(): Buffer {
    return this.pack.bytes;
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

  /** All entries in order, deleted ones too. Nothing may change meanwhile but by `remove` of the one just given. */
  *entries(): IterableIterator<PackedEntry> {
    for (let at = this.firstEntryAt(); at < this.pack.end; ) {
      const entry = this.entryAt(at);
      yield entry;
      at = entry.nextAt;
    }
  }

  /** The last one that was ever added. */
  lastEntry(): PackedEntry | undefined {
    let last: PackedEntry | undefined;
    for (const entry of this.entries()) last = entry;
    return last;
  }

  find(id: StreamId): PackedEntry | undefined {
    for (const entry of this.entries()) {
      const order = compareIds(entry.id, id);
      if (order === 0) return entry.isDeleted ? undefined : entry;
      if (order > 0) return undefined;
    }
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
    if (hasSameFields) fieldCount = this.masterFieldCount();
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
    if (pairs.length / 2 !== this.masterFieldCount()) return false;
    let at = this.masterFieldsAt();
    for (let index = 0; index < pairs.length; index += 2) {
      if (byteString(this.pack.bytesAt(at)) !== byteString(pairs[index] ?? '')) return false;
      at = this.pack.next(at);
    }
    return true;
  }

  private recount(live: number, deleted: number): void {
    const { pack } = this;
    this.live += live;
    this.deleted += deleted;
    pack.replaceInteger(LISTPACK_HEADER_BYTES, this.live);
    if (deleted !== 0) pack.replaceInteger(pack.next(LISTPACK_HEADER_BYTES), this.deleted);
  }

  private masterFieldCountAt(): number {
    return this.pack.next(this.pack.next(LISTPACK_HEADER_BYTES));
  }

  private masterFieldCount(): number {
    return Number(this.pack.integerAt(this.masterFieldCountAt()));
  }

  private masterFieldsAt(): number {
    return this.pack.next(this.masterFieldCountAt());
  }

  private firstEntryAt(): number {
    let at = this.masterFieldsAt();
    for (let left = this.masterFieldCount(); left >= 0; left--) at = this.pack.next(at);
    return at;
  }
}
