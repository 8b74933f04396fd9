/**
 * Decides what becomes of a result: stamped with the tokens captured before its query, kept decoded, written to the
 * store, or neither (FILL, CONSISTENCY §2). Knows no flow of reads.
 */
import type { Clock, Random } from '../clock.js';
import type { Dependencies, PayloadCodec } from './entry.js';
import { type Near, NearEntry } from './near.js';
import type { Execution, ReadRequest, Stamp } from './request.js';
import type { Counters } from './stats.js';
import type { EntryStore } from './store.js';
import type { Cell, Tokens } from './tokens/tokens.js';
import type { WriteHeat } from './write-heat.js';

export interface FillsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly mode: 'on' | 'observe';
  readonly isStoreShared: boolean;
  readonly limits: { readonly entryBytesMax: number };
  readonly near: Near<unknown, Stamp>;
  readonly tokens: Tokens;
  readonly entries: EntryStore;
  readonly counters: Counters;
  readonly heat: WriteHeat;
  readonly onFailure: (error: unknown) => void;
}

/** Entries of one statement die within this share of the time to live of each other, not all at once. */
const TTL_JITTER = 0.1;

export class Fills {
  /** When the last result stored so far has died, on the monotonic clock. */
  liveUntilMs = Number.NEGATIVE_INFINITY;

  private readonly underWay = new Set<Promise<void>>();

  constructor(private readonly options: FillsOptions) {}

  /**
   * Stored with the captured vector, never re-stamped. One that lost a race is stored dead.
   *
   * @param held cells of the first of the dependencies' references
   * @param taken how many readers were waiting for it
   */
  fill<P, R>(
    request: ReadRequest<P, R>,
    dependencies: Dependencies,
    held: readonly Cell[],
    { payload, reason }: Execution<P, R>,
    taken = 0,
  ): void {
    const { limits, random, counters, mode, isStoreShared } = this.options;
    if (payload === null) return this.notFilled(reason ?? 'not-storable');
    if (request.codec.bytesOf(payload) > limits.entryBytesMax) return this.notFilled('too-large');
    this.judgeInvalidation(request, payload, dependencies);
    if (this.overtaken(held, dependencies)) return this.notFilled('overtaken-by-a-write');
    const jitter = 1 - TTL_JITTER * random.fraction();
    const ttlMs = Math.max(1, Math.round(request.ttlMs * jitter));
    counters.fills++;
    const isKept = this.keepNear(request, payload, dependencies, ttlMs, held);
    const kept = isKept ? request.group.entries.get(request.key) : undefined;
    if (kept !== undefined) kept.hits = taken;
    if (mode === 'on' && (isStoreShared || !isKept))
      this.put(request, dependencies, request.codec.encode(payload), ttlMs);
  }

  /**
   * Whether there is room for it at all.
   *
   * @param held cells of the first of the dependencies' references, if they are held already
   */
  keepNear<P>(
    { group, key, codec, identity }: ReadRequest<P, unknown>,
    payload: P,
    dependencies: Dependencies,
    ttlMs: number,
    held: readonly Cell[] = [],
  ): boolean {
    const { clock, near, tokens } = this.options;
    const expiresAtMs = clock.monotonicMs() + ttlMs;
    if (expiresAtMs > this.liveUntilMs) this.liveUntilMs = expiresAtMs;
    const bytes = codec.bytesOf(payload);
    if (!near.accepts(bytes)) return false;
    const { refs } = dependencies;
    const isAll = held.length === refs.length && held.every((cell, index) => cell.ref === refs[index]);
    if (isAll) tokens.share(held);
    const cells = isAll ? held : tokens.hold(refs);
    const stamp: Stamp = { dependencies, cells, identity, codec: codec as PayloadCodec<never> };
    near.put(new NearEntry<P, Stamp>(group, key, payload, bytes, expiresAtMs, stamp));
    return true;
  }

  /** What the decoded results have no room for goes on in a store of this process. A shared one has it already. */
  spill(entry: NearEntry<unknown, Stamp>): void {
    const { mode, clock, entries, isStoreShared } = this.options;
    if (mode === 'observe' || isStoreShared || !entries.takesSpilled()) return;
    const { dependencies, codec } = entry.stamp;
    const remainingMs = entry.expiresAtMs - clock.monotonicMs();
    this.put(entry.stamp, dependencies, codec.encode(entry.payload as never), remainingMs);
  }

  /** Settles when what was filled so far is in the store, or was not to be. */
  async stored(): Promise<void> {
    await Promise.all(this.underWay);
  }

  /** Nobody waits for it: the caller has the result. */
  private put(
    { identity }: Pick<Stamp, 'identity'>,
    dependencies: Dependencies,
    payload: Buffer,
    ttlMs: number,
  ): void {
    const putting = this.options.entries
      .put(identity, dependencies, payload, ttlMs)
      .catch((error: unknown) => this.options.onFailure(error))
      .finally(() => this.underWay.delete(putting));
    this.underWay.add(putting);
  }

  private notFilled(reason: string): void {
    const { counters } = this.options;
    counters.count(counters.notFilled, reason);
  }

  /** A fill that is known to have lost a race would only push out a newer one. */
  private overtaken(held: readonly Cell[], { vector }: Dependencies): boolean {
    const { tokens } = this.options;
    return tokens.answersAtOnce && held.some((cell, index) => tokens.tokenOf(cell) !== vector[index]);
  }

  /** Was the invalidation that made this read a miss needed? Told by the entry that it killed. */
  private judgeInvalidation<P>(request: ReadRequest<P, unknown>, payload: P, now: Dependencies): void {
    const killed = request.group.entries.get(request.key);
    if (killed === undefined) return;
    const before = killed.stamp.dependencies;
    const same = request.codec.same(killed.payload, payload);
    let isInvalidated = false;
    now.refs.forEach((ref, index) => {
      if (before.vector[index] === now.vector[index]) return;
      isInvalidated = true;
      const stats = this.options.counters.table(ref.table);
      stats.reread++;
      if (same) stats.needless++;
      this.options.heat.noteReread(ref, killed.hits);
    });
    if (!isInvalidated) return;
    request.group.reread++;
    if (same) request.group.needless++;
  }
}
