/** Decides how fast a call in the same process is: GET by `execute`, one after the other. */
import { createServer } from 'lookaside/server';
import { median } from '../lib/numbers.js';

export interface Calls {
  /** Among so many keys: those of many, as the caller holds them, are not in the processor's cache, nor is what they lead to. */
  readonly among: number;
  readonly rounds: number;
  readonly calls: number;
}

/** Calls per second, the median of the rounds. */
export async function measureCalls({ among, rounds, calls }: Calls): Promise<number> {
  const server = createServer();
  const keys = Array.from({ length: among }, (_, number) => `key:${String(number).padStart(12, '0')}`);
  for (const key of keys) server.execute('SET', key, 'x'.repeat(100));
  const figures: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const beganAtMs = performance.now();
    let bytes = 0;
    for (let call = 0; call < calls; call++) {
      const value = server.execute('GET', keys[(call * 7919) % among] ?? '');
      if (Buffer.isBuffer(value)) bytes += value.length;
    }
    const perSecond = calls / ((performance.now() - beganAtMs) / 1000);
    if (bytes !== calls * 100) throw new Error('a key was missing');
    if (round > 0) figures.push(perSecond);
  }
  await server.close();
  return median(figures);
}
