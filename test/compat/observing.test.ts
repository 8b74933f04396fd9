/** What a server remembers and tells of its commands: MONITOR, SLOWLOG, LATENCY, MEMORY, INFO, as a real one does. */
import { expect, it } from 'vitest';
import { manualClock } from '../../src/clock.js';
import { createServer } from '../../src/server/index.js';
import { describeWithRedis } from '../support/servers.js';
import { dialogue, type Step } from './dialogue.js';
import { serverPair, withDebug } from './pair.js';
import { converseInCommands } from './wire.js';

describeWithRedis('what is told of commands', () => {
  const { endpoint, real } = serverPair(withDebug);

  const words = (line: string): string[] => line.split(' ').map((word) => (word === "''" ? '' : word));

  /** Times, addresses and durations are each server's own. */
  const normal = (told: unknown): unknown =>
    JSON.parse(
      JSON.stringify(told)
        .replace(/\d{10}\.\d{6} \[(\d+) 127\.0\.0\.1:\d+\]/g, 'time [$1 client]')
        .replace(/127\.0\.0\.1:\d+/g, 'client')
        .replace(/\[":","\d+"\],\[":","\d{10}"\],\[":","\d+"\]/g, '[":","id"],[":","time"],[":","duration"]')
        .replace(/usec=\d+,usec_per_call=[\d.]+/g, 'usec'),
    );

  async function expectSame(...lines: string[]): Promise<void> {
    const commands = lines.map(words);
    const [ours, theirs] = await Promise.all([
      converseInCommands(endpoint, commands),
      converseInCommands(real, commands),
    ]);
    expect(normal(ours)).toEqual(normal(theirs));
  }

  const turns = (...lines: (readonly [number, string])[]): Step[] =>
    lines.map(([client, line]) => ({ client, command: words(line) }));

  it('MONITOR shows what others run, with passwords left out, and EXEC behind what it ran', async () => {
    const steps = turns(
      [0, 'MONITOR'],
      [1, 'SET a "quo\\te\x00\x07\n'],
      [1, 'SELECT 2'],
      [1, 'MULTI'],
      [1, 'GET a'],
      [1, 'EXEC'],
      [1, 'AUTH default secret'],
      [1, 'HELLO 2 AUTH default secret SETNAME me'],
      [1, 'CONFIG GET save'],
      [1, 'ACL WHOAMI'],
      [1, 'nosuch a'],
      [1, 'GET'],
      [1, 'SUBSCRIBE c'],
      [1, 'PING'],
      [0, 'PING'],
      [0, 'GET a'],
      [0, 'SET a b'],
      [0, 'RESET'],
      [1, 'PING'],
      [0, 'GET a'],
      [2, 'MULTI'],
      [2, 'MONITOR'],
      [2, 'EXEC'],
    );
    const [ours, theirs] = await Promise.all([dialogue(endpoint, 3, steps), dialogue(real, 3, steps)]);
    expect(normal(ours)).toEqual(normal(theirs));
  });

  it('SLOWLOG remembers calls, shortened and without passwords, the latest first', async () => {
    const many = Array.from({ length: 40 }, (_, index) => `k${index}`).join(' ');
    await expectSame(
      'CONFIG SET slowlog-log-slower-than 0 slowlog-max-len 128',
      'SLOWLOG RESET',
      `SET long ${'x'.repeat(300)}`,
      `DEL ${many}`,
      'AUTH default secret',
      'ACL SETUSER ann on >secret',
      'CONFIG SET requirepass secret',
      "CONFIG SET requirepass ''",
      'CLIENT SETNAME me',
      'MULTI',
      'PING',
      'EXEC',
      'nosuch',
      'SLOWLOG LEN',
      'CONFIG SET slowlog-log-slower-than 1000000',
      'SLOWLOG GET 3',
      'SLOWLOG GET',
      'SLOWLOG GET -1',
      'SLOWLOG GET -2',
      'SLOWLOG GET x',
      'SLOWLOG GET 1 2',
      'CONFIG SET slowlog-max-len 2',
      'SLOWLOG LEN',
      'SLOWLOG RESET',
      'SLOWLOG LEN',
      'SLOWLOG nope',
      'ACL DELUSER ann',
    );
  });

  it('LATENCY answers the same where nothing was slow, and refuses the same', async () => {
    await expectSame(
      'LATENCY RESET',
      'LATENCY LATEST',
      'LATENCY HISTORY command',
      'LATENCY GRAPH command',
      'LATENCY DOCTOR',
      'LATENCY HISTOGRAM nope',
      'LATENCY RESET a b',
      'LATENCY nope',
      'LATENCY HISTORY',
    );
  });

  it('LATENCY HISTOGRAM counts calls', async () => {
    await expectSame('CONFIG RESETSTAT');
    const commands = [
      ['PING'],
      ['PING'],
      ['CONFIG', 'GET', 'save'],
      ['LATENCY', 'HISTOGRAM', 'ping', 'config'],
    ];
    const [ours, theirs] = await Promise.all([
      converseInCommands(endpoint, commands),
      converseInCommands(real, commands),
    ]);
    const calls = (trees: unknown): string[] =>
      [...JSON.stringify(trees).matchAll(/"(ping|config\|\w+)"\],\["\*",\[\["\$","calls"\],\[":","(\d+)"\]/g)]
        .map(([, name, count]) => `${name} ${count}`)
        .sort();
    expect(calls(ours)).toEqual(calls(theirs));
    expect(calls(ours)).toContain('ping 2');
  });

  it('MEMORY, ROLE and LOLWUT answer the same', async () => {
    await expectSame(
      'FLUSHALL',
      'MEMORY USAGE nothing',
      'MEMORY USAGE a SAMPLES -1',
      'MEMORY USAGE a SAMPLES x',
      'MEMORY USAGE a foo 1',
      'MEMORY DOCTOR',
      'MEMORY PURGE',
      'MEMORY nope',
      'ROLE',
      'LOLWUT',
      'LOLWUT VERSION 7',
      'LOLWUT VERSION x',
    );
    const [ours] = await converseInCommands(endpoint, [words('LOLWUT VERSION 5 20 4 4')]);
    expect(Buffer.from(String(ours?.[1]), 'latin1').toString()).toMatch(/^[\u2800-\u28ff]{20}\n[^]*schotter/);
  });

  it('INFO has the sections of the real server, in its order, and counts commands and errors alike', async () => {
    await expectSame(
      'CONFIG RESETSTAT',
      'PING',
      'GET',
      'nosuch',
      'GET a',
      'LPUSH s x',
      'INCR s',
      'DEL s',
      'INFO nope',
    );
    const commands = [['INFO'], ['INFO', 'everything'], ['INFO', 'commandstats'], ['INFO', 'errorstats']];
    const [ours, theirs] = await Promise.all([
      converseInCommands(endpoint, commands),
      converseInCommands(real, commands),
    ]);
    const titles = (tree: unknown): string[] =>
      [...String(tree).matchAll(/^# (\w+)/gm)].map(([, title]) => String(title));
    expect(titles(ours[0])).toEqual(titles(theirs[0]));
    expect(titles(ours[1])).toEqual(titles(theirs[1]));
    const lines = (tree: unknown): string[] =>
      String(normal(tree)).split('\\r\\n').join('\n').split(/\r?\n/).sort();
    expect(lines(ours[2]).filter((line) => !line.includes('|'))).toEqual(
      lines(theirs[2]).filter((line) => !line.includes('|')),
    );
    expect(lines(ours[3])).toEqual(lines(theirs[3]));
  });

  it('every field of INFO that a tool reads is a field of the real server', async () => {
    const commands = [
      ['INFO', 'server', 'clients', 'memory', 'persistence', 'stats', 'replication', 'cpu', 'cluster'],
    ];
    const [[ours], [theirs]] = await Promise.all([
      converseInCommands(endpoint, commands),
      converseInCommands(real, commands),
    ]);
    const fields = (tree: unknown): string[] =>
      [...String(tree).matchAll(/^(\w+):/gm)].map(([, name]) => String(name));
    const own = ['server_name', 'client_output_buffer_limit_disconnections'];
    const known = new Set([...fields(theirs), ...own]);
    expect(fields(ours).filter((name) => !known.has(name))).toEqual([]);
    expect(fields(ours).length).toBeGreaterThan(100);
  });
});

it('LATENCY draws and explains the spikes of a clock that is turned by hand', async () => {
  const clock = manualClock(1_000_000_000_000);
  let sleepMs = 0;
  // Each command reads the clock when it begins and when it ends.
  const server = createServer({
    clock: {
      ...clock,
      monotonicMs: () => {
        clock.advance(sleepMs);
        return clock.monotonicMs();
      },
    },
  });
  server.execute('CONFIG', 'SET', 'latency-monitor-threshold', '5');
  for (const ms of [10, 20, 30, 40, 50, 60]) {
    sleepMs = ms;
    server.execute('FLUSHALL');
    sleepMs = 0;
    clock.advance(1000 - ms * 3);
  }
  const history = server.execute('LATENCY', 'HISTORY', 'command') as number[][];
  expect(history.map(([, ms]) => ms)).toEqual([10, 20, 30, 40, 50, 60]);
  expect(server.executeText('LATENCY', 'GRAPH', 'command')).toMatch(
    /^command - high 60 ms, low 10 ms \(all time high 60 ms\)\n-{80}\n {4}_#\n {3}o\|\|\n {2}o\|{3}\n_#\|{4}\n {6}\n[\d]{6}\ns{6}\n$/,
  );
  expect(server.executeText('LATENCY', 'DOCTOR')).toContain(
    'command: 6 latency spikes (average 35ms, mean deviation 15ms',
  );
  expect(server.execute('LATENCY', 'RESET')).toBe(1);
  await server.close();
});
