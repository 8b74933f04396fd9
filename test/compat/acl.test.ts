/** Users may do the same, and are refused in the same words, as on a real redis-server. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createServer } from '../../src/server/index.js';
import { describeWithRedis, redisServer } from '../support/servers.js';
import { ACL_CLIENTS, aclSteps } from './acl.js';
import { dialogue, type Step } from './dialogue.js';
import { serverPair } from './pair.js';
import { converseInCommands } from './wire.js';

const RUNS = Number(process.env['LOOKASIDE_COMPAT_RUNS'] ?? 250);

describeWithRedis('ACL', () => {
  const { endpoint, real } = serverPair();

  async function expectSame(steps: readonly Step[], clients = ACL_CLIENTS): Promise<void> {
    const [ours, theirs] = await Promise.all([
      dialogue(endpoint, clients, steps),
      dialogue(real, clients, steps),
    ]);
    expect(comparable(ours)).toEqual(comparable(theirs));
  }

  const turns = (...lines: (readonly [number, string])[]): Step[] =>
    lines.map(([client, line]) => ({ client, command: line.split(' ') }));

  it('lets everybody do the same', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(aclSteps, (steps) => expectSame(steps)),
      { numRuns: RUNS },
    );
  });

  it('lets a transaction run only what is permitted when it runs', async () => {
    await expectSame(
      turns(
        [0, 'ACL SETUSER ann reset on nopass ~* &* +@all'],
        [1, 'AUTH ann x'],
        [1, 'MULTI'],
        [1, 'SET a 1'],
        [1, 'GET a'],
        [1, 'PUBLISH c m'],
        [0, 'ACL SETUSER ann -get resetkeys ~b resetchannels'],
        [1, 'EXEC'],
        [0, 'ACL LOG'],
        [0, 'ACL DELUSER ann'],
      ),
    );
  });

  it('hangs up on subscribers who may no longer hear, and on users who are no more', async () => {
    await expectSame(
      turns(
        [0, 'ACL SETUSER ann reset on nopass &a* &b* +@all'],
        [1, 'AUTH ann x'],
        [2, 'AUTH ann x'],
        [1, 'SUBSCRIBE abc'],
        [2, 'PSUBSCRIBE b*'],
        [0, 'ACL SETUSER ann resetchannels &b*'],
        [0, 'PUBLISH abc 1'],
        [0, 'PUBLISH bcd 1'],
        [0, 'ACL DELUSER ann'],
        [0, 'PUBLISH bcd 2'],
      ),
    );
  });

  it('CAT names every category, and commands only where the real server does', async () => {
    const [[, categories] = []] = await converseInCommands(real, [['ACL', 'CAT']]);
    const names = (categories as [string, string][]).map(([, name]) => name);
    const commands = [['ACL', 'CAT'], ...names.map((name) => ['ACL', 'CAT', name])];
    const [ours, theirs] = await Promise.all([
      converseInCommands(endpoint, commands),
      converseInCommands(real, commands),
    ]);
    expect(ours[0]).toEqual(theirs[0]);
    const known = new Set(
      (ours.slice(1) as [string, [string, string][]][]).flatMap(([, list]) => list.map(String)),
    );
    for (const [index, tree] of ours.entries()) {
      if (index === 0) continue;
      const theirNames = ((theirs[index]?.[1] ?? []) as [string, string][])
        .map(String)
        .filter((name) => known.has(name));
      const ourNames = (tree[1] as [string, string][])
        .map(String)
        .filter((name) => name !== '$,client|setinfo');
      expect(ourNames.sort()).toEqual(theirNames.sort());
    }
  });

  it('SAVE writes a file that the real server reads, and LOAD takes what it saved', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lookaside-acl-'));
    const path = join(folder, 'users.acl');
    writeFileSync(path, 'user default on nopass ~* &* +@all\nuser ann on >secret ~a* (+get ~s*) +set\n\n');
    const server = createServer({ parameters: [['aclfile', path]] });
    const other = await redisServer({ args: ['--aclfile', path] });
    const { port = 0 } = await server.listen({ port: 0 });
    const where = { host: '127.0.0.1', port };
    const list = [['ACL', 'LIST']];
    try {
      expect(await converseInCommands(where, list)).toEqual(await converseInCommands(other, list));
      await converseInCommands(where, [
        ['ACL', 'SETUSER', 'bob', 'on', '+get', '~b'],
        ['ACL', 'SAVE'],
      ]);
      expect(readFileSync(path, 'utf8')).toContain('user bob on ~b resetchannels -@all +get\n');
      await converseInCommands(other, [['ACL', 'LOAD']]);
      expect(await converseInCommands(where, list)).toEqual(await converseInCommands(other, list));
      for (const text of [
        'user ann +nope\n',
        'users ann\n',
        'user ann on\nuser ann on\n',
        'user ann (+get\n',
      ]) {
        writeFileSync(path, text);
        const commands = [['ACL', 'LOAD'], ...list];
        expect(await converseInCommands(where, commands)).toEqual(await converseInCommands(other, commands));
      }
    } finally {
      await server.close();
      await other.stop();
    }
  });
});

/** Categories stand for the commands that there are; ages, addresses and the order of rules are nobody's promise. */
function comparable(told: unknown): unknown {
  if (Array.isArray(told)) {
    const age = told.findIndex((item: unknown) => Array.isArray(item) && item[1] === 'age-seconds');
    return told.map((item: unknown, index) => (age >= 0 && index === age + 1 ? 'an age' : comparable(item)));
  }
  if (typeof told !== 'string') return told;
  if (/^id=\d+ addr=/.test(told)) return 'a client';
  return told
    .replace(/[-+]@all.*[-+]@(?!all).*$/, 'categories')
    .split(' ')
    .sort()
    .join(' ');
}
