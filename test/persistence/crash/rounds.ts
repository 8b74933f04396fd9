/**
 * Decides how a server that keeps an append only file is killed at some moment under load, started again on what it left,
 * and what has to be there then. Knows nothing of how a round is reported.
 */
import { type ChildProcess, execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { freePort } from '../../../scripts/lib/free-port.js';
import type { Random } from '../../../src/clock.js';

export type FsyncMode = 'always' | 'everysec' | 'no';

export interface RoundsOptions {
  readonly mode: FsyncMode;
  readonly folder: string;
  readonly random: Random;
  /** Starts `lookaside serve` with these options. */
  readonly start: (options: readonly string[]) => ChildProcess;
}

export interface RoundReport {
  readonly acknowledged: number;
  /** Acknowledged and not there any more. */
  readonly lost: number;
  /** Of those, the ones acknowledged longer ago than the mode may lose. */
  readonly lostTooOld: number;
  readonly rewrites: number;
}

const WRITERS = 8;
/** What `everysec` may lose. */
const LOST_MS_MAX = 2_000;
const ACKNOWLEDGED_MIN = 20;
const ACKNOWLEDGED_MAX = 1_500;
const VALUE_BYTES_MAX = 3_000;
const REMEMBERED_ROUNDS = 10;

/** One caller, who writes 1, 2, 3 … to two lists in one transaction, each time once the one before was answered. */
interface Writer {
  sent: number;
  acknowledged: number;
  /** When each was. */
  readonly times: number[];
  /** What ended it. */
  end: unknown;
}

interface Serving {
  readonly child: ChildProcess;
  readonly client: Redis;
}

export class CrashRounds {
  private serving: Serving | null = null;
  private round = 0;
  /** What was found after each round: it must be found after all later ones as well. */
  private readonly found: { readonly keys: readonly string[]; readonly lengths: readonly number[] }[] = [];

  constructor(private readonly options: RoundsOptions) {}

  /** @throws what is wrong with what was left */
  async run(): Promise<RoundReport> {
    this.serving ??= await this.start();
    const { client, child } = this.serving;
    const writers = Array.from(
      { length: WRITERS },
      (): Writer => ({ sent: 0, acknowledged: 0, times: [], end: null }),
    );
    const round = this.round++;
    const wanted = this.between(ACKNOWLEDGED_MIN, ACKNOWLEDGED_MAX);
    let acknowledged = 0;
    const enough = new Promise<void>((resolve) => {
      for (const [index, writer] of writers.entries())
        void this.write(client, round, index, writer, () => {
          if (++acknowledged === wanted) resolve();
          if (this.options.random.fraction() < 0.002) void this.disturb(client);
        });
    });
    await Promise.race([enough, once(child, 'exit')]);
    if (child.exitCode !== null) throw new Error(`the server ended by itself with ${child.exitCode}`);
    const killedMs = performance.now();
    child.kill('SIGKILL');
    await once(child, 'exit');
    client.disconnect();
    this.serving = await this.start();
    const report = await this.check(round, writers, killedMs);
    await this.checkEarlier();
    await this.checkFiles();
    if (this.found.length >= REMEMBERED_ROUNDS) {
      await this.serving.client.flushall();
      this.found.length = 0;
    }
    return report;
  }

  async stop(): Promise<void> {
    if (this.serving === null) return;
    const { child, client } = this.serving;
    client.disconnect();
    child.kill('SIGKILL');
    await once(child, 'exit');
    this.serving = null;
  }

  private async write(
    client: Redis,
    round: number,
    index: number,
    writer: Writer,
    answered: () => void,
  ): Promise<void> {
    const [one, other] = keysOf(round, index);
    try {
      for (;;) {
        const number = ++writer.sent;
        const value = `${number}:${'x'.repeat(this.between(0, VALUE_BYTES_MAX))}`;
        const replies = await client.multi().rpush(one, value).rpush(other, value).exec();
        for (const [error] of replies ?? []) if (error !== null) throw error;
        writer.acknowledged = number;
        writer.times.push(performance.now());
        answered();
      }
    } catch (error) {
      // Killed: what was sent last may be there or not.
      writer.end = error;
    }
  }

  private async disturb(client: Redis): Promise<void> {
    const command = this.options.random.fraction() < 0.7 ? 'BGREWRITEAOF' : 'BGSAVE';
    await client.call(command).catch(() => undefined); // it may be under way already, and the server gone by now
  }

  private async check(round: number, writers: readonly Writer[], killedMs: number): Promise<RoundReport> {
    const { client } = this.started;
    const report = { acknowledged: 0, lost: 0, lostTooOld: 0 };
    const keys: string[] = [];
    const lengths: number[] = [];
    for (const [index, { sent, acknowledged, times, end }] of writers.entries()) {
      if (end instanceof Error && end.name === 'ReplyError') throw end;
      const [one, other] = keysOf(round, index);
      const [left, right] = [await numbersIn(client, one), await numbersIn(client, other)];
      if (left.length !== right.length)
        throw new Error(
          `a transaction is there by half: ${one} has ${left.length}, ${other} ${right.length}`,
        );
      for (const list of [left, right])
        if (list.some((number, at) => number !== at + 1)) throw new Error(`${one}: ${list.join(' ')}`);
      if (left.length > sent) throw new Error(`${one} has ${left.length}, and only ${sent} were sent`);
      const lost = Math.max(0, acknowledged - left.length);
      report.acknowledged += acknowledged;
      report.lost += lost;
      report.lostTooOld += times.filter(
        (ms, at) => at >= left.length && (this.options.mode === 'always' || killedMs - ms > LOST_MS_MAX),
      ).length;
      keys.push(one, other);
      lengths.push(left.length, right.length);
    }
    this.found.push({ keys, lengths });
    const info = await client.info('persistence');
    return { ...report, rewrites: Number(/aof_rewrites:(\d+)/.exec(info)?.[1] ?? 0) };
  }

  private async checkEarlier(): Promise<void> {
    const { client } = this.started;
    for (const { keys, lengths } of this.found)
      for (const [index, key] of keys.entries()) {
        const length = await client.llen(key);
        if (length !== lengths[index])
          throw new Error(`${key} had ${lengths[index] ?? ''} after its round and has ${length} now`);
      }
  }

  /** Redis' own tool finds nothing wrong with the files: the tail was mended as they were loaded. */
  private async checkFiles(): Promise<void> {
    const manifest = join(this.options.folder, 'appendonlydir', 'appendonly.aof.manifest');
    await promisify(execFile)('redis-check-aof', [manifest]);
  }

  private get started(): Serving {
    if (this.serving === null) throw new Error('the server is not running');
    return this.serving;
  }

  private async start(): Promise<Serving> {
    const port = await freePort();
    const { mode, folder } = this.options;
    const settings = Object.entries({
      port: String(port),
      dir: folder,
      appendonly: 'yes',
      appendfsync: mode,
      save: '',
      'auto-aof-rewrite-percentage': '50',
      'auto-aof-rewrite-min-size': '256kb',
    }).flatMap(([name, value]) => [`--${name}`, value]);
    const child = this.options.start(settings);
    let output = '';
    await new Promise<void>((resolve, reject) => {
      const hear = (chunk: Buffer): void => {
        output += chunk.toString();
        if (output.includes('Ready to accept connections')) resolve();
      };
      child.stdout?.on('data', hear);
      child.stderr?.on('data', hear);
      child.once('exit', () => reject(new Error(`the server did not start: ${output}`)));
    });
    const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => null, maxRetriesPerRequest: 0 });
    client.on('error', () => undefined); // whoever asked is told
    return { child, client };
  }

  private between(min: number, max: number): number {
    return min + Math.floor(this.options.random.fraction() * (max - min));
  }
}

function keysOf(round: number, writer: number): readonly [string, string] {
  return [`${round}:${writer}:a`, `${round}:${writer}:b`];
}

async function numbersIn(client: Redis, key: string): Promise<number[]> {
  return (await client.lrange(key, 0, -1)).map((value) => Number.parseInt(value, 10));
}
