/** CONFIG knows every parameter of a real redis-server, with the same default and the same refusals. */
import { expect, it } from 'vitest';
import { describeWithRedis } from '../support/servers.js';
import { serverPair } from './pair.js';
import { converseInCommands, type Tree } from './wire.js';

/** Where the tests put the server, and where ours is more careful. */
const different: Readonly<Record<string, string>> = {
  port: 'the tests choose it',
  pidfile: 'the tests choose it',
  dir: 'the tests choose it',
  unixsocketperm: 'a socket is for its owner only',
  bind: 'it listens on this machine only',
  'client-output-buffer-limit': 'what a normal client leaves unread is limited as well',
};

describeWithRedis('CONFIG', () => {
  const { endpoint, real } = serverPair();

  async function both(...commands: string[][]): Promise<[Tree[], Tree[]]> {
    return Promise.all([converseInCommands(endpoint, commands), converseInCommands(real, commands)]);
  }

  function parametersOf(reply: Tree | undefined): Map<string, string> {
    const texts = ((reply?.[1] ?? []) as Tree[]).map(([, text]) => String(text));
    const found = new Map<string, string>();
    for (let index = 0; index < texts.length; index += 2)
      found.set(texts[index] ?? '', texts[index + 1] ?? '');
    return found;
  }

  it('GET shows the same parameters with the same defaults', async () => {
    const [[ours], [theirs]] = await both(['CONFIG', 'GET', '*']);
    const [own, others] = [parametersOf(ours), parametersOf(theirs)];
    expect([...own.keys()].sort()).toEqual([...others.keys()].sort());
    for (const [name, value] of others)
      if (different[name] === undefined) expect(`${name} ${own.get(name)}`).toBe(`${name} ${value}`);
  });

  it('SET takes and refuses the same, all or nothing', async () => {
    const sets = [
      'maxmemory 1gb',
      'maxmemory 1kB',
      'maxmemory -1',
      'maxmemory 1xb',
      'maxmemory 0',
      'maxmemory-policy allkeys-lfu',
      'maxmemory-policy nope',
      'maxmemory-policy noeviction',
      'maxmemory-samples 0',
      'maxmemory-samples 5',
      'maxmemory-clients 10%',
      'maxmemory-clients 101%',
      'maxmemory-clients 0',
      'slowlog-log-slower-than -2',
      'slowlog-log-slower-than x',
      'slowlog-max-len 10',
      'latency-tracking maybe',
      'latency-tracking-info-percentiles 101',
      'latency-tracking-info-percentiles x',
      'notify-keyspace-events Q',
      'notify-keyspace-events KEA',
      'tracking-table-max-keys -1',
      'acl-pubsub-default nope',
      'acllog-max-len -1',
      'timeout -1',
      'timeout 100',
      'tcp-keepalive 60',
      'protected-mode maybe',
      'protected-mode yes',
      'loglevel nope',
      'loglevel verbose',
      'databases 3',
      'daemonize yes',
      'dir /',
      'aclfile x',
      'enable-debug-command yes',
      'nope 1',
      'maxclients x',
      'hash-max-listpack-entries 10',
      'hash-max-ziplist-entries -1',
      'list-max-listpack-size 100',
      'lfu-log-factor -1',
      'proto-max-bulk-len 1',
      'sanitize-dump-payload clients',
      'sanitize-dump-payload maybe',
      'sanitize-dump-payload YES',
      'aof-timestamp-enabled maybe',
      'aof-load-truncated no',
      'maxmemory 1mb maxmemory-samples x',
      'maxmemory 1mb maxmemory 2mb',
      'maxmemory',
    ].map((line) => ['CONFIG', 'SET', ...line.split(' ')]);
    const commands = [
      ...sets,
      ['CONFIG', 'GET', 'maxmemory*', 'notify*', 'hash-max*', 'slowlog*', 'timeout', 'sanitize*', 'aof-*'],
    ];
    const [ours, theirs] = await both(...commands);
    const told = (replies: readonly Tree[]): unknown[] =>
      commands.map((command, index) => [
        command,
        command[1] === 'GET' ? Object.fromEntries(parametersOf(replies[index])) : replies[index],
      ]);
    expect(told(ours)).toEqual(told(theirs));
  });
});
