/** Parameters are honoured, or refused by name; none is taken and ignored without a word. */
import { expect, it } from 'vitest';
import { readConfiguration } from '../../src/server/conf-file/read.js';
import { createServer } from '../../src/server/index.js';
import { isLocal } from '../../src/server/permission.js';
import { plain } from './support.js';

it.each([
  ['maxmemory', 'lots', 'argument must be a memory value'],
  ['maxmemory-policy', 'lru', 'argument(s) must be one of the following: volatile-lru'],
  ['nope', 'x', 'Bad directive or wrong number of arguments'],
  ['save', '900', 'Invalid save parameters'],
  ['dbfilename', 'a/b.rdb', "dbfilename can't be a path, just a filename"],
  ['replicaof', 'localhost 1', 'this version does not replicate'],
  ['loadmodule', 'x.so', 'this version loads no modules'],
  ['cluster-enabled', 'yes', 'this version is no cluster node'],
  ['supervised', 'systemd', 'use Type=simple'],
  ['rename-command', 'nope x', 'No such command in rename-command'],
  ['rename-command', 'get set', 'Target command name already exists'],
  ['user', 'ann +nope', "Error in user declaration 'ann': Unknown command or category name in ACL"],
  ['aclfile', '/nowhere/users.acl', "Error loading ACLs, opening file '/nowhere/users.acl'"],
  ['unixsocketperm', '999', 'octal'],
  ['protected-mode', 'maybe', "argument must be 'yes' or 'no'"],
])('%s %s is refused: %s', (name, value, problem) => {
  expect(() => createServer({ parameters: [[name, value]] })).toThrow(problem);
});

it('lists what has no effect, once', () => {
  const said: string[] = [];
  const parameters = [
    ['hz', '50'],
    ['disable-thp', 'no'],
    ['rdb-save-incremental-fsync', 'yes'],
  ] as const;
  const server = createServer({ parameters, log: (_level, message) => said.push(message) });
  expect(said).toEqual(['These parameters have no effect in this version: hz, disable-thp']);
  expect(server.parameter('hz')).toBe('50');
  expect(plain(server.execute('CONFIG', 'SET', 'hz', '50'))).toBe('OK');
  expect(plain(server.execute('CONFIG', 'SET', 'hz', '100'))).toMatch(/it would have no effect/);
});

it('TLS without a certificate is refused when it is to listen', async () => {
  const server = createServer({
    parameters: [
      ['port', '0'],
      ['tls-port', '1'],
    ],
  });
  await expect(server.listenAsConfigured()).rejects.toThrow('TLS needs tls-cert-file and tls-key-file');
  await server.close();
});

it('part of a cache, it takes no eviction policy that would lose what the cache needs', () => {
  const server = createServer({ memory: { maxBytes: 0, policiesAllowed: ['noeviction', 'volatile-lru'] } });
  expect(plain(server.execute('CONFIG', 'SET', 'maxmemory-policy', 'volatile-lru'))).toBe('OK');
  expect(plain(server.execute('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru'))).toMatch(
    /part of a cache/,
  );
});

it('configuration files that are garbage are refused or read, and nothing else happens', () => {
  const words = ['port', '"', "'", '\\x', ' ', '\t', '#', '--', '\0', 'user', '(', 'é', 'include', '\r'];
  let seed = 7;
  for (let round = 0; round < 3000; round++) {
    const text = Array.from({ length: 6 }, () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return words[seed % words.length] ?? '';
    }).join('');
    try {
      const lines = readConfiguration(null, [`--${text}`]);
      expect(lines.length).toBeLessThan(8);
    } catch (error) {
      expect(error).toMatchObject({ name: 'ConfigFileError' });
    }
  }
});

it.each([
  ['127.0.0.1:1', true],
  ['127.8.9.10:1', true],
  ['[::1]:1', true],
  ['[::ffff:127.0.0.1]:1', true],
  ['10.0.0.1:1', false],
  ['[::ffff:10.0.0.1]:1', false],
  ['[fe80::1]:1', false],
  ['128.127.0.0.1:1', false],
])('protected mode takes %s for this machine: %s', (address, isOwn) => {
  expect(isLocal(address)).toBe(isOwn);
});
