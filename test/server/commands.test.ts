/** Commands whose answers cannot be compared with another server's: time, help, statistics, what later versions added. */
import { expect, it } from 'vitest';
import { manualClock } from '../../src/clock.js';
import { createServer } from '../../src/server/index.js';
import { plain } from './support.js';

it('TIME tells the seconds and microseconds of the clock', () => {
  const clock = manualClock(1_700_000_000_123);
  expect(createServer({ clock }).executeText('TIME')).toEqual(['1700000000', '123000']);
});

it.each([
  ['CLIENT', 'SETNAME <connection-name>'],
  ['CONFIG', 'SET <parameter> <value> [<parameter> <value> ...]'],
  ['COMMAND', 'INFO [<command-name> [<command-name> ...]]'],
])('%s HELP lists every subcommand with its syntax and meaning', (container, syntax) => {
  const server = createServer();
  const lines = server.execute(container, 'HELP') as string[];
  expect(lines[0]).toBe(`${container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`);
  expect(lines).toContain(syntax);
  const names = server.executeText('COMMAND', 'LIST', 'FILTERBY', 'PATTERN', `${container}|*`) as string[];
  expect(lines).toHaveLength(1 + 2 * names.length);
});

it('ACL HELP, CLIENT HELP, CONFIG HELP, COMMAND HELP, LATENCY HELP, MEMORY HELP, PUBSUB HELP and SLOWLOG HELP take no argument', () => {
  const server = createServer();
  for (const container of ['ACL', 'CLIENT', 'CONFIG', 'COMMAND', 'LATENCY', 'MEMORY', 'PUBSUB', 'SLOWLOG'])
    expect(plain(server.execute(container, 'HELP', 'x'))).toBe(
      `-ERR wrong number of arguments for '${container.toLowerCase()}|help' command`,
    );
});

it('CLIENT SETINFO tells the library, which CLIENT INFO and CLIENT LIST show', async () => {
  const client = createServer().connect();
  expect(await client.execute('CLIENT', 'SETINFO', 'LIB-NAME', 'mine')).toBe('OK');
  expect(await client.execute('CLIENT', 'SETINFO', 'lib-ver', '1.2')).toBe('OK');
  expect(plain(await client.execute('CLIENT', 'INFO'))).toContain(' lib-name=mine lib-ver=1.2\n');
  expect(plain(await client.execute('CLIENT', 'LIST'))).toContain(' lib-name=mine lib-ver=1.2\n');
  await expect(client.execute('CLIENT', 'SETINFO', 'nope', 'x')).rejects.toThrow(
    "ERR Unrecognized option 'nope'",
  );
  await expect(client.execute('CLIENT', 'SETINFO', 'LIB-NAME', 'a b')).rejects.toThrow(
    'ERR lib-name cannot contain spaces, newlines or special characters.',
  );
});

it('MEMORY STATS and MEMORY MALLOC-STATS tell what there is', () => {
  const server = createServer();
  server.execute('SET', 'k', 'v'.repeat(1000));
  const stats = plain(server.execute('MEMORY', 'STATS')) as unknown[];
  expect(stats[stats.indexOf('keys.count') + 1]).toBe(1);
  expect(stats[stats.indexOf('dataset.bytes') + 1]).toBeGreaterThan(1000);
  expect(server.execute('MEMORY', 'USAGE', 'k')).toBeGreaterThan(1000);
  expect(plain(server.execute('MEMORY', 'MALLOC-STATS'))).toMatch(/not supported/);
});

it('CONFIG RESETSTAT starts the counters again', () => {
  const server = createServer();
  server.execute('GET', 'none');
  expect(server.executeText('INFO', 'stats')).toContain('keyspace_misses:1');
  expect(server.execute('CONFIG', 'RESETSTAT')).toBe('OK');
  expect(server.executeText('INFO', 'stats')).toContain('keyspace_misses:0');
});

it('CONFIG SET changes all that it was given, or nothing', () => {
  const server = createServer();
  const set = (...pairs: string[]): unknown => plain(server.execute('CONFIG', 'SET', ...pairs));
  expect(set('maxmemory', '1mb', 'maxmemory-samples', '7')).toBe('OK');
  expect(set('maxmemory', '2mb', 'maxmemory-samples', 'many')).toMatch(/^-ERR CONFIG SET failed/);
  expect(server.executeText('CONFIG', 'GET', 'maxmemory', 'maxmemory-samples')).toEqual([
    'maxmemory',
    '1048576',
    'maxmemory-samples',
    '7',
  ]);
});

it.each([
  ['save', '3600 1', 'keeps nothing on disk'],
  ['appendonly', 'yes', 'keeps nothing on disk'],
  ['dir', '/', "can't set protected config"],
  ['port', '1', "can't set immutable config"],
  ['client-output-buffer-limit', 'nobody 1 1 1', 'Invalid client class'],
])('CONFIG SET %s %s is refused: %s', (name, value, reason) => {
  expect(plain(createServer().execute('CONFIG', 'SET', name, value))).toContain(reason);
});

it('takes every parameter back as it gives it', () => {
  const server = createServer();
  const flat = server.executeText('CONFIG', 'GET', '*') as string[];
  expect(flat.length).toBeGreaterThan(20);
  for (let index = 0; index < flat.length; index += 2) {
    const reply = plain(server.execute('CONFIG', 'SET', flat[index] ?? '', flat[index + 1] ?? ''));
    expect([flat[index], reply]).toEqual([
      flat[index],
      expect.stringMatching(/^OK$|can't set (immutable|protected) config$/),
    ]);
  }
});
