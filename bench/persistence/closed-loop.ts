/** Decides how long callers wait who each send one request after the other. Knows nothing of why. */
import { setTimeout as sleep } from 'node:timers/promises';
import { exchange, open } from '../server/loader.js';

export interface Waited {
  readonly atMs: number;
  readonly ms: number;
  readonly command: 'GET' | 'SET';
}

export interface ClosedLoop {
  /** All that was measured so far. */
  readonly waited: Waited[];
  stop(): Promise<void>;
}

export interface LoopOptions {
  readonly port: number;
  readonly clients: number;
  readonly keys: number;
  readonly valueBytes: number;
}

/** Random keys; every second request is a SET. */
export async function startLoop({ port, clients, keys, valueBytes }: LoopOptions): Promise<ClosedLoop> {
  const waited: Waited[] = [];
  const state = { isOn: true };
  const reads = `$${valueBytes}\r\n${'x'.repeat(valueBytes)}\r\n`;
  const keyOf = (): string => `key:${String(Math.floor(Math.random() * keys)).padStart(12, '0')}`;
  const sockets = await Promise.all(Array.from({ length: clients }, () => open(port)));
  const callers = sockets.map(async (socket) => {
    for (let count = 0; state.isOn; count++) {
      const command = count % 2 === 0 ? 'GET' : 'SET';
      const atMs = performance.now();
      if (command === 'GET') await exchange(socket, `*2\r\n$3\r\nGET\r\n$16\r\n${keyOf()}\r\n`, reads.length);
      else await exchange(socket, `*3\r\n$3\r\nSET\r\n$16\r\n${keyOf()}\r\n${reads}`, 5);
      waited.push({ atMs, ms: performance.now() - atMs, command });
    }
    socket.destroy();
  });
  return {
    waited,
    async stop() {
      state.isOn = false;
      await Promise.race([Promise.all(callers), sleep(5_000)]);
    },
  };
}

export function percentile(waited: readonly Waited[], share: number): number {
  const sorted = waited.map(({ ms }) => ms).sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const longest = (waited: readonly Waited[]): number => Math.max(0, ...waited.map(({ ms }) => ms));

/** p99 of each stretch of time. */
export function overTime(
  waited: readonly Waited[],
  fromMs: number,
  everyMs: number,
): [atMs: number, p99Ms: number][] {
  const stretches = new Map<number, Waited[]>();
  for (const each of waited) {
    const number = Math.floor((each.atMs - fromMs) / everyMs);
    const stretch = stretches.get(number);
    if (stretch === undefined) stretches.set(number, [each]);
    else stretch.push(each);
  }
  return [...stretches]
    .sort(([one], [other]) => one - other)
    .map(([number, stretch]) => [number * everyMs, percentile(stretch, 0.99)]);
}
