/**
 * Decides which keyspace events are told on which channels (`notify-keyspace-events`). Knows neither who listens
 * nor what commands do. (Redis: https://redis.io/docs/manual/keyspace-notifications)
 */
import { type Bytes, byteString } from './byte-string.js';
import type { ChangeFeed } from './change-feed.js';
import type { ChangeCause, KeyspaceObserver } from './keyspace/keyspace-core.js';

const classBits = {
  generic: 1 << 2,
  string: 1 << 3,
  list: 1 << 4,
  set: 1 << 5,
  hash: 1 << 6,
  zset: 1 << 7,
  expired: 1 << 8,
  evicted: 1 << 9,
  stream: 1 << 10,
  keymiss: 1 << 11,
  module: 1 << 13,
  new: 1 << 14,
} as const;

/** What kind of event: its letter decides whether anybody wants it. */
export type EventClass = keyof typeof classBits;

const KEYSPACE = 1 << 0;
const KEYEVENT = 1 << 1;

/** In the order in which Redis writes them; `A` stands for the first ten. */
const letters: readonly (readonly [string, number])[] = [
  ['g', classBits.generic],
  ['$', classBits.string],
  ['l', classBits.list],
  ['s', classBits.set],
  ['h', classBits.hash],
  ['z', classBits.zset],
  ['x', classBits.expired],
  ['e', classBits.evicted],
  ['t', classBits.stream],
  ['d', classBits.module],
];
const ALL = letters.reduce((bits, [, bit]) => bits | bit, 0);
/** What happens without a command saying so. */
const OF_THE_KEYSPACE = classBits.expired | classBits.evicted | classBits.keymiss | classBits.new;
const NEW: readonly [string, number] = ['n', classBits.new];
const separateLetters: readonly (readonly [string, number])[] = [
  ['K', KEYSPACE],
  ['E', KEYEVENT],
  ['m', classBits.keymiss],
];

export class Notifications implements KeyspaceObserver {
  private bits = 0;

  constructor(
    private readonly feed: ChangeFeed,
    private readonly publish: (channel: string, message: string) => void,
  ) {}

  get isOn(): boolean {
    return this.bits !== 0;
  }

  /** Whether an event of this class would be told to anybody who subscribes. */
  wants(eventClass: EventClass): boolean {
    return (this.bits & classBits[eventClass]) !== 0;
  }

  /** Costs one comparison while it is off. */
  notify(eventClass: EventClass, event: string, key: Bytes, database: number): void {
    const { bits } = this;
    if ((bits & classBits[eventClass]) === 0) return;
    const name = byteString(key);
    if ((bits & KEYSPACE) !== 0) this.publish(`__keyspace@${database}__:${name}`, event);
    if ((bits & KEYEVENT) !== 0) this.publish(`__keyevent@${database}__:${event}`, name);
  }

  /** The value of `notify-keyspace-events`, in Redis' spelling. */
  get flags(): string {
    const { bits } = this;
    const named = (list: typeof letters): string =>
      list.map(([letter, bit]) => ((bits & bit) === 0 ? '' : letter)).join('');
    // Redis does not write the `n` beside an `A`.
    return ((bits & ALL) === ALL ? 'A' : named([...letters, NEW])) + named(separateLetters);
  }

  /** False when a letter is unknown: then nothing is changed. */
  setFlags(text: string): boolean {
    let bits = 0;
    for (const letter of text) {
      const bit =
        letter === 'A' ? ALL : [...letters, NEW, ...separateLetters].find(([known]) => known === letter)?.[1];
      if (bit === undefined) return false;
      bits |= bit;
    }
    this.bits = bits;
    this.feed.tell(this, (bits & OF_THE_KEYSPACE) !== 0);
    return true;
  }

  changed(database: number, key: string, cause: ChangeCause): void {
    if (cause !== 'written') this.notify(cause, cause, key, database);
  }

  missed(database: number, key: string): void {
    this.notify('keymiss', 'keymiss', key, database);
  }

  created(database: number, key: string): void {
    this.notify('new', 'new', key, database);
  }

  /** The command tells that it flushed; there is no event for each key. */
  flushed(): void {
    return;
  }
}
