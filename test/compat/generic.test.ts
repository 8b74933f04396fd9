/** What acts on keys whatever their type answers as a real redis-server does. */
import { expect, it } from 'vitest';
import { manualClock } from '../../src/clock.js';
import { createServer } from '../../src/server/index.js';
import { describeWithRedis } from '../support/servers.js';
import { describeGenerated } from './generated.js';
import { generic } from './generic.js';
import { serverPair } from './pair.js';
import { converseInCommands } from './wire.js';

describeGenerated(generic);

describeWithRedis('keys of any type', () => {
  const { endpoint, real } = serverPair();

  async function expectSame(...lines: string[]): Promise<void> {
    const commands = lines.map((line) => line.split(' '));
    const [ours, theirs] = await Promise.all([
      converseInCommands(endpoint, commands),
      converseInCommands(real, commands),
    ]);
    expect(ours).toEqual(theirs);
  }

  it('SWAPDB breaks the transactions of who watches a key on either side', async () => {
    await expectSame('FLUSHALL', 'SET k v', 'WATCH k', 'SWAPDB 0 1', 'MULTI', 'PING', 'EXEC');
    await expectSame(
      'FLUSHALL',
      'SELECT 1',
      'SET k v',
      'SELECT 0',
      'WATCH k',
      'SWAPDB 0 1',
      'MULTI',
      'PING',
      'EXEC',
    );
    await expectSame('FLUSHALL', 'WATCH k', 'SWAPDB 0 1', 'MULTI', 'PING', 'EXEC');
    await expectSame('SWAPDB 0 x', 'SWAPDB x 0', 'SWAPDB 0 99', 'SWAPDB 0 99999999999', 'SWAPDB 3 3');
  });

  it('RANDOMKEY answers a key or nothing', async () => {
    await expectSame('FLUSHALL', 'RANDOMKEY', 'SET k v', 'RANDOMKEY', 'DEL k', 'RANDOMKEY');
  });

  it('WAIT for replicas that are not there ends with its timeout', async () => {
    await expectSame('WAIT 1 1', 'WAIT 0 0', 'MULTI', 'WAIT 1 0', 'EXEC');
  });

  it('OBJECT FREQ counts only where the policy asks for it', async () => {
    await expectSame(
      'DEL k',
      'CONFIG SET maxmemory-policy allkeys-lfu',
      'SET k v',
      'OBJECT FREQ k',
      'OBJECT IDLETIME k',
      'CONFIG SET maxmemory-policy noeviction',
      'OBJECT FREQ k',
    );
  });
});

it('OBJECT IDLETIME counts the seconds since a key was used', async () => {
  const clock = manualClock();
  const server = createServer({ clock });
  server.execute('SET', 'k', 'v');
  clock.advance(5000);
  expect(server.execute('OBJECT', 'IDLETIME', 'k')).toBe(5);
  server.execute('TOUCH', 'k');
  expect(server.execute('OBJECT', 'IDLETIME', 'k')).toBe(0);
  await server.close();
});
