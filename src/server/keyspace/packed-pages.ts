/**
 * Decides where the parts of one large container lie outside the JavaScript heap: in pages of its own, cut as they are
 * needed, with what is given back listed by size. Knows nothing of what lies there.
 *
 * A place is one number: the page and the offset in it, in units of eight bytes. 0 is no place.
 */
import { invariant } from '../../errors.js';
import { Memory } from '../byte-string.js';

const PAGE_BYTES = 64 * 1024;
const FIRST_PAGE_BYTES = 1024;
const UNIT_SHIFT = 3;
const PAGE_SHIFT = 13;
const OFFSET_MASK = (1 << PAGE_SHIFT) - 1;
const PAGES_MAX = 1 << (32 - PAGE_SHIFT);
/** Anything longer gets a page of its own, which goes when it is given back. */
const SHARED_BYTES_MAX = PAGE_BYTES / 4;
/** What is given back is used again by what has the same size, up to here. */
const LISTED_BYTES_MAX = 512;
/** What a page's objects cost. */
const PAGE_OVERHEAD_BYTES = 300;
const NOTHING = new Memory(Buffer.alloc(0));

export class PackedPages {
  /** The first one grows to the full size; the others have it, or hold one long part. */
  private readonly pages: Memory[] = [];
  /** Pages that are gone. */
  private readonly numbers: number[] = [];
  /** By size in units, the place given back last; each says in its first word which was before. */
  private lists: Int32Array | null = null;
  private current = -1;
  private used = 0;
  private capacity = 0;
  /** Somebody reads what lies here: what is given back is not used again. */
  private isFrozen = false;
  /** What all pages take up. */
  heldBytes = 0;
  /** Of that, what was given back and not used again. */
  freeBytes = 0;

  memoryAt(place: number): Memory {
    // A place is on a page that exists as long as what lies there.
    return this.pages[place >>> PAGE_SHIFT] as Memory;
  }

  /** The pages as they are now: until `thaw`, what lies there stays what it is if it is not written over by who holds it. */
  freeze(): readonly Memory[] {
    this.isFrozen = true;
    this.lists = null;
    return [...this.pages];
  }

  /** What was given back meanwhile stays unused until all is packed anew. */
  thaw(): void {
    this.isFrozen = false;
  }

  /** A place for so many bytes. What is there before is undefined. */
  allocate(bytes: number): number {
    const size = roundedUp(bytes);
    if (size <= LISTED_BYTES_MAX && this.lists !== null) {
      const place = this.lists[size >>> UNIT_SHIFT] as number;
      if (place !== 0) {
        this.lists[size >>> UNIT_SHIFT] = this.memoryAt(place).view.getInt32(offsetOf(place), true);
        this.freeBytes -= size;
        return place;
      }
    }
    if (size > SHARED_BYTES_MAX) return this.add(size) << PAGE_SHIFT;
    if (this.used + size > this.capacity) this.makeRoom(size);
    const place = (this.current << PAGE_SHIFT) | (this.used >>> UNIT_SHIFT);
    this.used += size;
    return place;
  }

  /** Gives back what was allocated for so many bytes. */
  free(place: number, bytes: number): void {
    const size = roundedUp(bytes);
    if (size > SHARED_BYTES_MAX) {
      const number = place >>> PAGE_SHIFT;
      this.heldBytes -= this.memoryAt(place).bytes.length + PAGE_OVERHEAD_BYTES;
      this.pages[number] = NOTHING;
      this.numbers.push(number);
      return;
    }
    this.freeBytes += size;
    if (size > LISTED_BYTES_MAX || this.isFrozen) return;
    const lists = (this.lists ??= new Int32Array(LISTED_BYTES_MAX / 8 + 1));
    this.memoryAt(place).view.setInt32(offsetOf(place), lists[size >>> UNIT_SHIFT] as number, true);
    lists[size >>> UNIT_SHIFT] = place;
  }

  private makeRoom(size: number): void {
    if (this.current === 0 && this.capacity < PAGE_BYTES) {
      const first = this.pages[0] as Memory;
      const bytes = Math.min(PAGE_BYTES, Math.max(this.capacity * 2, roundedUp(this.used + size)));
      if (this.used + size <= bytes) {
        const larger = new Memory(Buffer.allocUnsafeSlow(bytes));
        larger.bytes.set(first.bytes.subarray(0, this.used));
        this.pages[0] = larger;
        this.heldBytes += bytes - this.capacity;
        this.capacity = bytes;
        return;
      }
    }
    this.freeBytes += this.capacity - this.used;
    const isFirst = this.pages.length === 0;
    // Place 0 is none.
    this.used = isFirst ? 1 << UNIT_SHIFT : 0;
    this.capacity = isFirst ? Math.max(FIRST_PAGE_BYTES, this.used + size) : PAGE_BYTES;
    this.current = this.add(this.capacity);
  }

  private add(bytes: number): number {
    // The first page is shared, so that place 0 is nobody's.
    if (this.pages.length === 0 && bytes > SHARED_BYTES_MAX) this.makeRoom(1 << UNIT_SHIFT);
    const number = this.numbers.pop() ?? this.pages.length;
    invariant(number < PAGES_MAX, 'a container has at most half a million pages');
    this.pages[number] = new Memory(Buffer.allocUnsafeSlow(bytes));
    this.heldBytes += bytes + PAGE_OVERHEAD_BYTES;
    return number;
  }
}

/** The page of a place, of a row of pages. */
export function memoryOf(pages: readonly Memory[], place: number): Memory {
  return pages[place >>> PAGE_SHIFT] as Memory;
}

/** Where in its page's bytes a place is. */
export function offsetOf(place: number): number {
  return (place & OFFSET_MASK) << UNIT_SHIFT;
}

function roundedUp(bytes: number): number {
  return (bytes + 7) & ~7;
}
