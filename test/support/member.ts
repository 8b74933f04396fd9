/** Decides how a test drives application processes that share a store: each with a wrapped pool of its own. */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { PoolOptions } from 'mysql2';
import type pg from 'pg';
import type { CacheStats } from '../../src/cache/stats.js';
import type { Config } from '../../src/index.js';
import { type Bundle, bundle } from '../consistency/history/bundle.js';
import { type OtherProcess, startProcess } from './processes.js';

export interface MemberSettings {
  readonly cache: Config;
  /** Default: pg. */
  readonly driver?: 'pg' | 'mysql2';
  /** What that driver's pools take. */
  readonly pool: pg.PoolConfig | PoolOptions;
}

export type MemberOrder = { readonly id: number } & (
  | { readonly do: 'ready' | 'connect' | 'stats' | 'end' }
  | { readonly do: 'release'; readonly destroy?: boolean }
  | { readonly do: 'query'; readonly text: string; readonly values?: readonly unknown[] }
  /** Every text has one parameter, a number from 1 to `rows`. */
  | {
      readonly do: 'load';
      readonly text: string;
      readonly writers: number;
      readonly rows: number;
      /** At least so long, and so many. */
      readonly forMs: number;
      readonly writesMin: number;
    }
);

export type MemberAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };

type Told = MemberOrder extends infer Order ? (Order extends MemberOrder ? Omit<Order, 'id'> : never) : never;

/** Once per test file: a process that has to compile its sources first takes seconds to start. */
let built: Promise<Bundle> | undefined;

async function build(): Promise<Bundle> {
  const bundled = await bundle({ entry: 'test/support/member-process.ts' }, null);
  process.on('exit', () => rmSync(dirname(bundled.file), { recursive: true, force: true }));
  return bundled;
}

export class Member {
  private orders = 0;

  private constructor(readonly process: OtherProcess<MemberOrder, MemberAnswer>) {}

  /** Its store answers and its catalog has been read. */
  static async start(settings: MemberSettings): Promise<Member> {
    built ??= build();
    const started = await startProcess<MemberOrder, MemberAnswer>({
      entry: (await built).file,
      env: { MEMBER_SETTINGS: JSON.stringify(settings) },
      nodeArgs: ['--no-warnings'],
    });
    const member = new Member(started);
    await member.tell({ do: 'ready' });
    return member;
  }

  /** Rejects with what the process says went wrong, or when it is gone. */
  async tell(order: Told): Promise<unknown> {
    const id = ++this.orders;
    const answered = this.process.next((answer): answer is MemberAnswer => answer.id === id);
    this.process.send({ ...order, id });
    const answer = await answered;
    if ('error' in answer) throw new Error(answer.error);
    return answer.result;
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the row it asked for
  async query<Row>(text: string, values: readonly unknown[] = []): Promise<{ rows: Row[]; isHit: boolean }> {
    return (await this.tell({ do: 'query', text, values })) as { rows: Row[]; isHit: boolean };
  }

  async stats(): Promise<CacheStats> {
    return (await this.tell({ do: 'stats' })) as CacheStats;
  }

  kill(): Promise<void> {
    return this.process.kill();
  }
}

/** Those that a test starts: what is left of them goes with it. */
export class Members {
  private readonly started: Member[] = [];

  /** @param settings of all of them */
  constructor(private readonly settings: () => MemberSettings) {}

  /** @param pool what this one's pool has besides */
  async start(pool: MemberSettings['pool'] = {}, cache: Config = {}): Promise<Member> {
    const settings = this.settings();
    const member = await Member.start({
      ...settings,
      cache: { ...settings.cache, ...cache },
      pool: { ...settings.pool, ...pool } as MemberSettings['pool'],
    });
    this.started.push(member);
    return member;
  }

  async killAll(): Promise<void> {
    const running = this.started.splice(0).filter(({ process }) => process.isRunning);
    await Promise.all(running.map((member) => member.kill()));
  }
}
