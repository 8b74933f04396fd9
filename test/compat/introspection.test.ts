/** What COMMAND tells about each of our commands is what a real redis-server tells. */
import { expect, it } from 'vitest';
import { describeWithRedis } from '../support/servers.js';
import { serverPair } from './pair.js';
import { converseInCommands, type Tree } from './wire.js';

/** Commands of a later Redis that clients of today send. */
const newer = ['client|setinfo'];

describeWithRedis('COMMAND', () => {
  const { endpoint, real } = serverPair();

  const names = async (): Promise<string[]> => {
    const [top, all] = await converseInCommands(endpoint, [
      ['COMMAND', 'LIST'],
      ['COMMAND', 'LIST', 'FILTERBY', 'PATTERN', '*|*'],
    ]);
    return [...items(top), ...items(all)]
      .map((item) => String(item[1]))
      .filter((name) => !newer.includes(name));
  };

  it.each(['2', '3'])('INFO is the same for every command and subcommand in RESP%s', async (version) => {
    const wanted = await names();
    expect(wanted.length).toBeGreaterThan(60);
    const commands = [['HELLO', version], ...wanted.map((name) => ['COMMAND', 'INFO', name])];
    const [ours, theirs] = await Promise.all([
      converseInCommands(endpoint, commands),
      converseInCommands(real, commands),
    ]);
    wanted.forEach((name, index) => {
      // The tenth item lists the subcommands, of which we have fewer; each is compared by itself.
      expect({ name, info: infoOf(ours[index + 1]) }).toEqual({ name, info: infoOf(theirs[index + 1]) });
    });
  });

  it('GETKEYS and GETKEYSANDFLAGS find the same keys of the same use', async () => {
    const calls = [
      'set k v',
      'set k v ex 10 get',
      'set k',
      'bitfield k get u8 0',
      'bitfield k get u8 0 incrby u8 0 1',
      'sort a by b store c',
      'zunionstore d 2 a b',
      'zunionstore d 9 a b',
      'xread count 2 streams a b 0 0',
      'xread count 2',
      'lmpop 2 a b left',
      'georadius k 1 2 3 m store d',
      'copy a b',
      'bitop and d a b',
      'mset a 1 b 2',
      'object encoding k',
      'memory usage k',
      'xgroup create k g 0',
      'spublish a b',
      'ssubscribe a',
      'publish a b',
      'pfcount a b',
      'acl whoami x',
      'nope a',
    ].map((line) => line.split(' '));
    const commands = ['GETKEYS', 'GETKEYSANDFLAGS'].flatMap((sub) =>
      calls.map((call) => ['COMMAND', sub, ...call]),
    );
    const [ours, theirs] = await Promise.all([
      converseInCommands(endpoint, commands),
      converseInCommands(real, commands),
    ]);
    commands.forEach((command, index) =>
      expect({ command, keys: ours[index] }).toEqual({ command, keys: theirs[index] }),
    );
  });

  it('DOCS is the same, but for the history', async () => {
    const wanted = await names();
    const commands = [['HELLO', '3'], ...wanted.map((name) => ['COMMAND', 'DOCS', name])];
    const [ours, theirs] = await Promise.all([
      converseInCommands(endpoint, commands),
      converseInCommands(real, commands),
    ]);
    wanted.forEach((name, index) => {
      expect({ name, docs: docsOf(ours[index + 1]) }).toEqual({ name, docs: docsOf(theirs[index + 1]) });
    });
  });
});

function items(tree: Tree | undefined): readonly Tree[] {
  return Array.isArray(tree?.[1]) ? (tree[1] as readonly Tree[]) : [];
}

function infoOf(reply: Tree | undefined): unknown {
  const info = items(items(reply)[0]);
  expect(info).toHaveLength(10);
  return isEmpty(info[9]) ? info : info.slice(0, 9);
}

function isEmpty(tree: Tree | undefined): boolean {
  return items(tree).length === 0;
}

function docsOf(reply: Tree | undefined): unknown {
  const [name, docs] = items(reply);
  expect(name).toBeDefined();
  const fields = items(docs);
  const kept: Tree[] = [];
  for (let index = 0; index < fields.length; index += 2)
    if (!['history', 'subcommands'].includes(String(fields[index]?.[1])))
      kept.push(...fields.slice(index, index + 2));
  return [name, kept];
}
