/**
 * Decides when the bytes of a long string may be changed where they lie: while nobody else has been given them. What is
 * given out stays what it was, since replies, snapshots and callers in this process refer to it; then a change is made to a
 * copy, which has room to grow in, so that many small changes of a long string cost what they change and not its length.
 */
import { invariant } from '../../errors.js';
import { Container } from './container.js';
import { ObjectTable } from './object-table.js';

/** A string that grows gets as much room again, up to here. (Redis: SDS_MAX_PREALLOC.) */
const SPARE_BYTES_MAX = 1024 * 1024;

/** The strings that nobody else has been given, and all the room that each has. Behind its end there are zeros. */
const rooms = new WeakMap<Buffer, Buffer>();

export class ValueTable extends ObjectTable<Container | Buffer> {
  /** To be kept by whoever asks. */
  override at(number: number): Container | Buffer {
    const value = super.at(number);
    if (!(value instanceof Container)) rooms.delete(value);
    return value;
  }

  /** To be looked at, and not kept. */
  peek(number: number): Container | Buffer {
    return super.at(number);
  }

  /** A string's bytes, to be changed, with zeros behind them up to so many. */
  edit(number: number, lengthMin: number): Buffer {
    const old = super.at(number);
    invariant(!(old instanceof Container), 'only a string is edited');
    const length = Math.max(old.length, lengthMin);
    const known = rooms.get(old);
    if (known !== undefined && length === old.length) return old;
    const room = known !== undefined && known.length >= length ? known : roomFor(old, length);
    const own = room.subarray(0, length);
    rooms.delete(old);
    rooms.set(own, room);
    this.replace(number, own);
    return own;
  }
}

function roomFor(old: Buffer, length: number): Buffer {
  const spare = length > old.length ? Math.min(length, SPARE_BYTES_MAX) : 0;
  const room = Buffer.allocUnsafeSlow(length + spare);
  room.fill(0, old.copy(room));
  return room;
}
