/** Decides how application processes work on one row while their store is harmed, and what is held against them. */
import { expect } from 'vitest';
import type { Config } from '../../src/index.js';
import { Member } from '../support/member.js';
import { valueOf } from '../support/query.js';
import type { TestDatabase } from '../support/servers.js';

const WRITE = 'update counters set n = n + 1 where id = $1 returning n';
const READ = 'select n from counters where id = $1';
const READERS_EACH = 3;

export interface WorkReport {
  readonly reads: number;
  readonly hits: number;
  readonly writes: number;
  /** From the last hit before `harm` resolved to the first after it, the longest of all processes. */
  readonly hitlessMs: number;
}

/** Two processes write and read the same row for as long as `harm` runs, and until both have hits again. */
export async function workDuring(
  database: TestDatabase,
  config: Config,
  harm: () => Promise<void>,
): Promise<WorkReport> {
  await valueOf(database.url, 'create table if not exists counters (id int primary key, n int not null)');
  await valueOf(database.url, 'insert into counters values (1, 0), (2, 0) on conflict do nothing');
  const members = await Promise.all(
    [0, 1].map(() => Member.start({ cache: { ...config, ttl: '1h' }, pool: database.config })),
  );
  try {
    const work = new Work(members);
    await work.hitAgain();
    await harm();
    await work.hitAgain();
    return await work.end();
  } finally {
    for (const { process } of members) await process.kill();
  }
}

class Work {
  private acknowledged = 0;
  private reads = 0;
  private hits = 0;
  private writes = 0;
  private ending = false;
  private readonly lastHitAtMs: number[];
  private hitlessMs = 0;
  private readonly wrong: string[] = [];
  private readonly loops: Promise<void>[];
  private onHit: (() => void) | null = null;

  constructor(members: readonly Member[]) {
    this.lastHitAtMs = members.map(() => 0);
    this.loops = members.flatMap((member, index) => [
      this.loop(() => this.write(member)),
      ...Array.from({ length: READERS_EACH }, () => this.loop(() => this.read(member, index))),
    ]);
  }

  /** Waits until every process had a hit that began after this call. */
  hitAgain(): Promise<void> {
    const sinceMs = performance.now();
    return new Promise((resolve) => {
      this.onHit = () => {
        if (this.lastHitAtMs.some((atMs) => atMs < sinceMs)) return;
        this.onHit = null;
        resolve();
      };
    });
  }

  async end(): Promise<WorkReport> {
    this.ending = true;
    await Promise.all(this.loops);
    expect(this.wrong).toEqual([]);
    const { reads, hits, writes, hitlessMs } = this;
    return { reads, hits, writes, hitlessMs };
  }

  /** What goes wrong is kept, and ends nothing: a failure must not hide the next. */
  private async loop(step: () => Promise<void>): Promise<void> {
    while (!this.ending)
      try {
        await step();
      } catch (error) {
        this.wrong.push(error instanceof Error ? error.message : String(error));
        if (this.wrong.length > 10) return;
      }
  }

  /** Both processes write the same row: what one acknowledged is the least that anybody may read from then on. */
  private async write(member: Member): Promise<void> {
    const { rows } = await member.query<{ n: number }>(WRITE, [1]);
    this.acknowledged = Math.max(this.acknowledged, rows[0]?.n ?? 0);
    this.writes++;
    await new Promise((resolve) => setImmediate(resolve));
    // Readers get a chance to hit between two writes.
    for (let turn = 0; turn < READERS_EACH && !this.ending; turn++) await member.query(READ, [2]);
  }

  private async read(member: Member, index: number): Promise<void> {
    const [least, beganAtMs] = [this.acknowledged, performance.now()];
    const { rows, isHit } = await member.query<{ n: number }>(READ, [1]);
    const read = rows[0]?.n ?? -1;
    this.reads++;
    if (read < least) this.wrong.push(`process ${index} read ${read} after ${least} was acknowledged`);
    if (!isHit) return;
    this.hits++;
    const lastMs = this.lastHitAtMs[index] as number; // one per member
    if (lastMs > 0) this.hitlessMs = Math.max(this.hitlessMs, beganAtMs - lastMs);
    this.lastHitAtMs[index] = beganAtMs;
    this.onHit?.();
  }
}

export const described = ({ reads, hits, writes, hitlessMs }: WorkReport): string =>
  `${reads} reads checked, ${hits} hits, ${writes} writes; ${Math.round(hitlessMs)} ms without a hit at most\n`;
