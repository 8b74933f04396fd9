/**
 * Decides how long callers wait who each send one request after the other. Knows nothing of why.
 *
 * What is measured here is other processes' stalls of a few milliseconds, so this one must have none of its own: while it
 * runs it makes hardly any garbage, and keeps numbers, not objects.
 */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { open } from '../server/loader.js';

export interface Waited {
  readonly atMs: number;
  readonly ms: number;
  readonly command: 'GET' | 'SET';
}

export interface ClosedLoop {
  /** Ends it, and tells all that was measured. */
  stop(): Promise<Waited[]>;
}

export interface LoopOptions {
  readonly port: number;
  readonly clients: number;
  readonly keys: number;
  readonly valueBytes: number;
}

const KEY_DIGITS = 12;
/** Requests that one client may send before its memory is full: it ends then, and says so. */
const REQUESTS_MAX = 2_000_000;

/** Random keys; every second request is a SET. */
export async function startLoop({ port, clients, keys, valueBytes }: LoopOptions): Promise<ClosedLoop> {
  const callers: Caller[] = [];
  for (let number = 0; number < clients; number++)
    callers.push(new Caller(await open(port), keys, 'x'.repeat(valueBytes)));
  for (const caller of callers) caller.ask();
  return {
    async stop() {
      for (const caller of callers) caller.isOn = false;
      await Promise.race([Promise.all(callers.map((caller) => caller.ended)), sleep(5_000)]);
      return callers.flatMap((caller) => caller.waited());
    },
  };
}

/** One who sends a request when the last one has been answered. */
class Caller {
  isOn = true;
  readonly ended: Promise<void>;
  private end: () => void = () => undefined;
  private readonly sentAtMs = new Float64Array(REQUESTS_MAX);
  private readonly tookMs = new Float32Array(REQUESTS_MAX);
  private count = 0;
  private missingBytes = 0;
  /** The two requests, in which only the key's digits change. */
  private readonly get = Buffer.from(`*2\r\n$3\r\nGET\r\n$16\r\nkey:${'0'.repeat(KEY_DIGITS)}\r\n`);
  private readonly set: Buffer;
  private readonly getReplyBytes: number;

  constructor(
    private readonly socket: Socket,
    private readonly keys: number,
    value: string,
  ) {
    const text = `$${value.length}\r\n${value}\r\n`;
    this.getReplyBytes = text.length;
    this.set = Buffer.from(`*3\r\n$3\r\nSET\r\n$16\r\nkey:${'0'.repeat(KEY_DIGITS)}\r\n${text}`);
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
    socket.on('data', (chunk: Buffer) => this.take(chunk));
  }

  ask(): void {
    if (this.count === REQUESTS_MAX) throw new Error('the loop ran longer than it has room for');
    const isGet = this.count % 2 === 0;
    const request = isGet ? this.get : this.set;
    let number = Math.floor(Math.random() * this.keys);
    const end = request.indexOf('key:') + 4 + KEY_DIGITS;
    for (let at = end - 1; at >= end - KEY_DIGITS; at--) {
      request[at] = 0x30 + (number % 10);
      number = Math.floor(number / 10);
    }
    this.missingBytes = isGet ? this.getReplyBytes : '+OK\r\n'.length;
    this.sentAtMs[this.count] = performance.now();
    // It has left, or has been copied, before the next one is made.
    this.socket.write(request);
  }

  waited(): Waited[] {
    return Array.from({ length: this.count }, (_, number) => ({
      atMs: this.sentAtMs[number] as number,
      ms: this.tookMs[number] as number,
      command: number % 2 === 0 ? 'GET' : 'SET',
    }));
  }

  private take(chunk: Buffer): void {
    if (chunk[0] === 0x2d) throw new Error(chunk.toString().trim());
    this.missingBytes -= chunk.length;
    if (this.missingBytes > 0) return;
    this.tookMs[this.count] = performance.now() - (this.sentAtMs[this.count] as number);
    this.count++;
    if (this.isOn) {
      this.ask();
      return;
    }
    this.socket.destroy();
    this.end();
  }
}

export function percentile(waited: readonly Waited[], share: number): number {
  const sorted = waited.map(({ ms }) => ms).sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const longest = (waited: readonly Waited[]): number =>
  waited.reduce((most, { ms }) => Math.max(most, ms), 0);

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
