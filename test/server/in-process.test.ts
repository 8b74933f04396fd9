/** What `execute`, `executeMany` and `connect` give to the process that holds the server. */
import { once } from 'node:events';
import { existsSync, renameSync } from 'node:fs';
import { createServer as createNetServer } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createServer, ErrorReply, type ServerConfig } from '../../src/server/index.js';
import { plain, socketPath } from './support.js';

const servers: { close(): Promise<void> }[] = [];
const create = (config?: ServerConfig): ReturnType<typeof createServer> => {
  const server = createServer(config);
  servers.push(server);
  return server;
};

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

it('answers bulk strings as buffers, statuses as strings and errors as values', () => {
  const server = create();
  expect(server.execute('SET', 'key', 'välue')).toBe('OK');
  expect(server.execute('GET', 'key')).toEqual(Buffer.from('välue'));
  expect(server.execute('GET', 'none')).toBeNull();
  expect(server.execute('HSET', 'hash', 'f', 1, 'g', Buffer.from([0, 255]))).toBe(2);
  expect(server.execute('HGETALL', 'hash')).toEqual(
    ['f', '1', 'g'].map((text) => Buffer.from(text)).concat(Buffer.from([0, 255])),
  );
  const error = server.execute('GET', 'hash');
  expect(error).toBeInstanceOf(ErrorReply);
  expect(plain(error)).toBe('-WRONGTYPE Operation against a key holding the wrong kind of value');
});

it('keeps a copy of the bytes it was given', () => {
  const server = create();
  for (const length of [10, 100_000]) {
    const bytes = Buffer.alloc(length, 'a');
    server.execute('SET', 'key', bytes);
    bytes.fill('b');
    expect(Buffer.alloc(length, 'a').equals(server.execute('GET', 'key') as Buffer)).toBe(true);
  }
});

it('answers bulk strings as text when asked to', () => {
  const server = create();
  server.execute('HSET', 'hash', 'fäld', 'välue', 'plain', 'x'.repeat(5000));
  expect(server.executeText('HGETALL', 'hash')).toEqual(['fäld', 'välue', 'plain', 'x'.repeat(5000)]);
  expect(server.executeText('HGET', 'hash', 'fäld')).toBe('välue');
  expect(server.executeText('HLEN', 'hash')).toBe(2);
});

it('takes names and values of any length and any characters', () => {
  const server = create();
  for (const text of [
    '',
    'a',
    'ä'.repeat(7),
    '\u0000\u00ff',
    '😀'.repeat(40),
    'x'.repeat(12),
    'x'.repeat(13),
    'ü'.repeat(3000),
  ]) {
    server.execute('SET', `key:${text}`, text);
    expect(server.executeText('GET', `key:${text}`)).toBe(text);
    expect(plain(server.execute('GET', Buffer.from(`key:${text}`)))).toBe(text);
  }
});

it('runs many commands one after the other', () => {
  const server = create();
  expect(server.executeMany([['INCR', 'n'], ['INCR', 'n'], ['nope']]).map(plain)).toEqual([
    1,
    2,
    "-ERR unknown command 'nope', with args beginning with: ",
  ]);
});

it('gives every in-process client its own database, transaction and protocol version', async () => {
  const server = create();
  const [one, two] = [server.connect(), server.connect()];
  await one.execute('SELECT', 3);
  await one.execute('SET', 'key', 'in three');
  expect(await two.execute('GET', 'key')).toBeNull();
  await two.execute('HELLO', 3);
  await two.execute('HSET', 'hash', 'field', 'value');
  expect(await two.execute('HGETALL', 'hash')).toEqual(new Map([['field', Buffer.from('value')]]));
  await one.execute('MULTI');
  expect(await one.execute('GET', 'key')).toBe('QUEUED');
  expect(plain(await two.execute('HGET', 'hash', 'field'))).toBe('value');
  expect(plain(await one.execute('EXEC'))).toEqual(['in three']);
  await expect(one.execute('EXEC')).rejects.toThrow('ERR EXEC without MULTI');
  one.close();
  await expect(one.execute('PING')).rejects.toThrow('this client has been closed');
});

it('calls a transaction off when a watched key was changed by anybody, expiry included', async () => {
  const { manualClock } = await import('../../src/clock.js');
  const clock = manualClock();
  const server = create({ clock });
  const client = server.connect();
  const change = async (act: () => void): Promise<unknown> => {
    server.execute('SET', 'watched', '1', 'PX', 1000);
    await client.execute('WATCH', 'watched');
    act();
    await client.execute('MULTI');
    await client.execute('PING');
    return client.execute('EXEC');
  };
  expect(await change(() => undefined)).toEqual(['PONG']);
  expect(await change(() => void server.execute('GET', 'watched'))).toEqual(['PONG']);
  expect(await change(() => void server.execute('INCR', 'watched'))).toBeNull();
  expect(await change(() => void server.execute('FLUSHALL'))).toBeNull();
  expect(await change(() => clock.advance(1001))).toBeNull();
});

it('has a new replication id each time', () => {
  const ids = [create().replicationId, create().replicationId];
  expect(ids[0]).toMatch(/^[0-9a-f]{40}$/);
  expect(ids[0]).not.toBe(ids[1]);
});

it('needs no password in process', () => {
  expect(create({ password: 'secret' }).execute('SET', 'key', 'value')).toBe('OK');
});

it('is closed by SHUTDOWN, which ends the server and not the process', async () => {
  const server = create();
  const client = server.connect();
  server.execute('SHUTDOWN', 'NOSAVE');
  await server.closed;
  expect(() => server.execute('PING')).toThrow('The embedded server is closed');
  await expect(client.execute('PING')).rejects.toThrow('closed');
});

it.each([
  [{ databases: 0 }, 'databases is 0'],
  [{ memory: { maxBytes: -1 } }, 'memory.maxBytes is -1'],
  [{ memory: { maxBytes: 1, policy: 'lru' as 'allkeys-lru' } }, 'memory.policy is lru'],
  [{ password: '' }, 'password must not be empty'],
  [{ limits: { bulkBytesMax: 0.5 } }, 'limits.bulkBytesMax is 0.5'],
])('refuses the configuration %j by name', (config: ServerConfig, message) => {
  expect(() => createServer(config)).toThrow(message);
});

it('refuses to listen where others can reach it without a password', async () => {
  await expect(create().listen({ host: '0.0.0.0', port: 0 })).rejects.toThrow(
    '0.0.0.0 can be reached by others',
  );
  const { port } = await create({ password: 'secret' }).listen({ host: '0.0.0.0', port: 0 });
  expect(port).toBeGreaterThan(0);
});

it('says which address is taken', async () => {
  const { port = 0 } = await create().listen({ port: 0 });
  await expect(create().listen({ port })).rejects.toMatchObject({ code: 'LOOKASIDE_SERVER_LISTEN' });
});

it('takes over a socket that a killed process left behind, and no other', async () => {
  const path = socketPath();
  const dead = createNetServer().listen(`${path}.dead`);
  await once(dead, 'listening');
  renameSync(`${path}.dead`, path);
  await new Promise((resolve) => dead.close(resolve));
  expect(existsSync(path)).toBe(true);
  const server = create();
  expect(await server.listen({ path })).toEqual({ path });
  await expect(create().listen({ path })).rejects.toThrow('somebody else listens at');
  await server.close();
  expect(existsSync(path)).toBe(false);
});

it('says once when KEYS holds the event loop', async () => {
  const server = create();
  for (let index = 0; index <= 100_000; index++) server.execute('SET', `k${index}`, '');
  const warning = once(process, 'warning');
  server.execute('KEYS', 'none');
  server.execute('KEYS', 'none');
  expect(await warning).toEqual([expect.objectContaining({ code: 'LOOKASIDE_SERVER_KEYS' })]);
});
