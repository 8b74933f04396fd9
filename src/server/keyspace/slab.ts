/**
 * Decides where bytes lie outside the JavaScript heap: in pages of one megabyte, each cut into slots of one size, so
 * that a few buffers hold millions of records and the collector has nothing to trace. A page whose last slot is given
 * back serves any other size. Knows nothing of what a slot holds.
 *
 * A place is one number of 32 bits (with its sign): the page's number and the offset in it, counted in units of eight
 * bytes. 0 is no place.
 */
import { invariant } from '../../errors.js';
import { Memory } from '../byte-string.js';
import { SLOT_BYTES_MAX, sizeClassOf, slotBytes, UNIT_BYTES } from './size-classes.js';

export const PAGE_BYTES = 1024 * 1024;
/** `place >>> PAGE_SHIFT` is the page. */
export const PAGE_SHIFT = 17;
/** `place & OFFSET_MASK` is the offset in the page, in units. */
export const OFFSET_MASK = (1 << PAGE_SHIFT) - 1;
const PAGES_MAX = 1 << (32 - PAGE_SHIFT);
/** Beyond this nothing more is taken in: a little less than what a place can name. */
export const SLAB_BYTES_MAX = (PAGES_MAX - 512) * PAGE_BYTES;
/** Pages kept for reuse when nothing is left on them; more go back to the system. */
const SPARE_PAGES_MAX = 16;
/** A page that is one slot, larger than any size. */
const LARGE = -1;
const NONE = -1;

interface SizeClass {
  /** The page that slots are cut from, or NONE. */
  current: number;
  /** Other pages with slots that were given back. */
  partial: number[];
}

class Page {
  sizeClass = NONE;
  live = 0;
  /** The first slot that was given back, in units, or NONE: each names the next one in its first word. */
  free = NONE;
  /** Where slots have not been cut yet, in units. */
  untouched = 0;
  isPartial = false;
}

export class Slab {
  /** The pages, as bytes and as words. */
  readonly memory: Memory[] = [];
  readonly words: Int32Array[] = [];
  private readonly pages: Page[] = [];
  private readonly classes: SizeClass[] = slotBytes.map(() => ({ current: NONE, partial: [] }));
  private spare: number[] = [];
  /** Page numbers whose memory is gone. */
  private readonly numbers: number[] = [];

  /** What the pages take up. */
  get heldBytes(): number {
    let sum = 0;
    for (const { bytes } of this.memory) sum += bytes.length;
    return sum;
  }

  /** A place for so many bytes. What is there before is undefined. */
  allocate(bytes: number): number {
    if (bytes > SLOT_BYTES_MAX) return this.allocateLarge(bytes);
    const sizeClass = sizeClassOf(bytes);
    const own = this.classes[sizeClass];
    invariant(own !== undefined, 'every size has a class');
    let number = own.current;
    for (;;) {
      if (number !== NONE) {
        const offset = this.cut(number, sizeClass);
        if (offset !== NONE) return (number << PAGE_SHIFT) | offset;
      }
      number = own.current = this.nextPage(own, sizeClass);
    }
  }

  free(place: number): void {
    const number = place >>> PAGE_SHIFT;
    const page = this.pages[number];
    const words = this.words[number];
    invariant(page !== undefined && words !== undefined, 'a place is on a page');
    if (page.sizeClass === LARGE) return this.drop(number);
    const offset = place & OFFSET_MASK;
    words[offset << 1] = page.free;
    page.free = offset;
    page.live--;
    const own = this.classes[page.sizeClass];
    if (own === undefined || own.current === number) return;
    if (page.live === 0) this.release(number, page, own);
    else if (!page.isPartial) {
      page.isPartial = true;
      own.partial.push(number);
    }
  }

  /** Whether a slot is the one that so many bytes would be given. */
  fits(place: number, bytes: number): boolean {
    return bytes <= SLOT_BYTES_MAX && this.pages[place >>> PAGE_SHIFT]?.sizeClass === sizeClassOf(bytes);
  }

  /** How large the slot is in which a place lies. */
  slotBytesAt(place: number): number {
    const number = place >>> PAGE_SHIFT;
    const sizeClass = this.pages[number]?.sizeClass ?? NONE;
    return sizeClass === LARGE ? (this.memory[number]?.bytes.length ?? 0) : (slotBytes[sizeClass] ?? 0);
  }

  /** An offset in the page, NONE when it is full. */
  private cut(number: number, sizeClass: number): number {
    const page = this.pages[number];
    const words = this.words[number];
    invariant(page !== undefined && words !== undefined, 'a current page exists');
    const given = page.free;
    if (given !== NONE) {
      page.free = words[given << 1] ?? NONE;
      page.live++;
      return given;
    }
    const units = (slotBytes[sizeClass] ?? 0) / UNIT_BYTES;
    const offset = page.untouched;
    if (offset + units > PAGE_BYTES / UNIT_BYTES) return NONE;
    page.untouched = offset + units;
    page.live++;
    return offset;
  }

  private nextPage(own: SizeClass, sizeClass: number): number {
    const number = own.partial.pop();
    if (number !== undefined) {
      const page = this.pages[number];
      invariant(page?.isPartial === true, 'a page that is released leaves the list');
      page.isPartial = false;
      return number;
    }
    const fresh = this.spare.pop() ?? this.addPage(PAGE_BYTES);
    const page = new Page();
    page.sizeClass = sizeClass;
    // Offset 0 of page 0 would be place 0.
    page.untouched = fresh === 0 ? 1 : 0;
    this.pages[fresh] = page;
    return fresh;
  }

  private allocateLarge(bytes: number): number {
    const number = this.addPage(UNIT_BYTES + Math.ceil(bytes / UNIT_BYTES) * UNIT_BYTES);
    const page = new Page();
    page.sizeClass = LARGE;
    this.pages[number] = page;
    return (number << PAGE_SHIFT) | 1;
  }

  private addPage(bytes: number): number {
    const number = this.numbers.pop() ?? this.pages.length;
    if (number >= PAGES_MAX) throw new RangeError('the keyspace holds as much as it can address');
    const memory = new ArrayBuffer(bytes);
    this.memory[number] = new Memory(Buffer.from(memory));
    this.words[number] = new Int32Array(memory);
    this.pages[number] ??= new Page();
    return number;
  }

  /** Gives up everything at once. */
  reset(): void {
    this.memory.length = this.words.length = this.pages.length = this.numbers.length = 0;
    this.spare = [];
    for (const own of this.classes) {
      own.current = NONE;
      own.partial = [];
    }
  }

  private release(number: number, page: Page, own: SizeClass): void {
    if (page.isPartial) own.partial.splice(own.partial.indexOf(number), 1);
    if (this.spare.length >= SPARE_PAGES_MAX) return this.drop(number);
    this.pages[number] = new Page();
    this.spare.push(number);
  }

  private drop(number: number): void {
    this.pages[number] = new Page();
    this.memory[number] = NO_MEMORY;
    this.words[number] = NO_WORDS;
    this.numbers.push(number);
  }
}

const NO_MEMORY = new Memory(Buffer.alloc(0));
const NO_WORDS = new Int32Array(0);
