/** Functions in two real processes that share a store: what one invalidates, what one loads for both, and one that dies. */
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Bundle, bundle } from '../consistency/history/bundle.js';
import { type OtherProcess, startProcess } from '../support/processes.js';
import { describeWithRedis, type RedisServer, redisServer } from '../support/servers.js';
import type { FunctionAnswer, FunctionOrder } from './function-process.js';

/** A process that has to compile its sources first takes seconds to start. */
let built: Bundle;

describeWithRedis('functions in two processes', () => {
  let server: RedisServer;
  let client: Redis;
  let one: Loader;
  let other: Loader;

  async function start(lease: number): Promise<void> {
    [one, other] = await Promise.all([Loader.start(server.url, lease), Loader.start(server.url, lease)]);
    await Promise.all([one.tell('stats'), other.tell('stats')]); // they are there
  }

  beforeAll(async () => {
    built = await bundle({ entry: 'test/topology/function-process.ts' }, null);
  });
  afterAll(() => built.dispose());
  beforeEach(async () => {
    server = await redisServer();
    client = new Redis(server.url);
  });
  afterEach(async () => {
    await Promise.all([one.process.kill(), other.process.kill()]);
    client.disconnect();
    await server.stop();
  });

  const loads = async (): Promise<number> => Number(await client.get('loads'));
  /** Whoever loads at this moment goes on. */
  const open = () => client.lpush('gate', 'open');

  it('load once for both, and hear of an invalidation by either', async () => {
    await start(60_000);
    const both = [one.tell('get'), other.tell('get')];
    await expect.poll(loads).toBe(1);
    await open();
    expect(await Promise.all(both)).toEqual(['value 1', 'value 1']);
    expect(await loads()).toBe(1);
    await other.tell('invalidate');
    const again = one.tell('get');
    await expect.poll(loads).toBe(2);
    await open();
    expect(await again).toBe('value 2');
    expect(await other.tell('get')).toBe('value 2');
    // Nobody waits for a lease to be given back.
    await expect.poll(() => client.keys('lookaside:l:*')).toEqual([]);
  });

  it('wait for one that died no longer than the lease', async () => {
    await start(300);
    void one.tell('get').catch(() => undefined); // it never answers
    await expect.poll(loads).toBe(1);
    await one.process.kill();
    const answered = other.tell('get');
    await expect.poll(loads).toBe(2);
    await client.lpush('gate', 'open', 'open'); // one may be handed to the dead
    expect(await answered).toBe('value 2');
  });
});

class Loader {
  private orders = 0;

  private constructor(readonly process: OtherProcess<FunctionOrder, FunctionAnswer>) {}

  static async start(url: string, lease: number): Promise<Loader> {
    return new Loader(
      await startProcess<FunctionOrder, FunctionAnswer>({
        entry: built.file,
        env: { FUNCTION_SETTINGS: JSON.stringify({ url, namespace: 'functions', lease }) },
        nodeArgs: ['--no-warnings'],
      }),
    );
  }

  async tell(what: FunctionOrder['do']): Promise<unknown> {
    const id = ++this.orders;
    const answered = this.process.next((answer): answer is FunctionAnswer => answer.id === id);
    this.process.send({ id, do: what });
    return (await answered).result;
  }
}
