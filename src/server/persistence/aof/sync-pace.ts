/**
 * Decides whether an fdatasync is waited for or done beside, by how long the last ones took. Knows no files.
 *
 * One that is done beside costs two changes of threads, which on a quick disk take longer than itself. One that is waited
 * for holds everybody up, as it does in Redis, so it must be short.
 */

/** What everybody may be held up for, on average and at most. */
const AVERAGE_MS_MAX = 0.7;
const ONE_MS_MAX = 3;
/** So many are done beside before another one is tried. */
const BESIDE_COUNT = 32;
const WEIGHT = 0.1;

export class SyncPace {
  isQuick = false;
  private averageMs = 0;
  private beside = 0;

  /** One was waited for. */
  waited(ms: number): void {
    this.averageMs += (ms - this.averageMs) * WEIGHT;
    if (ms > ONE_MS_MAX || this.averageMs > AVERAGE_MS_MAX) this.isQuick = false;
  }

  /** One was done beside. */
  wasTold(ms: number): void {
    if (ms > ONE_MS_MAX) this.beside = 0;
    if (++this.beside < BESIDE_COUNT) return;
    this.beside = 0;
    this.averageMs = 0;
    this.isQuick = true;
  }
}
