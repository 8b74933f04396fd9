/** Entries that processes leave for each other in a shared store: packed, checked, and never taken for what they are not. */
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createServer, type EmbeddedServer } from '../../src/server/index.js';
import { Sharer } from './sharer.js';

let server: EmbeddedServer;
let port = 0;
let serial = 0;
const opened: Sharer[] = [];

beforeEach(async () => {
  server = createServer();
  port = (await server.listen({ host: '127.0.0.1', port: 0 })).port ?? 0;
});
afterEach(async () => {
  for (const { cache } of opened.splice(0)) await cache.close();
  await server.close();
});

/** Two processes, and what one of them stored. */
async function share(result: string): Promise<{ reader: Sharer; key: string; bytes: Buffer }> {
  const namespace = `entries-${serial++}`;
  const topology = { kind: 'single', url: `redis://127.0.0.1:${port}` } as const;
  const sharers = [Sharer.open(namespace, { topology }), Sharer.open(namespace, { topology })] as const;
  opened.push(...sharers);
  for (const { cache } of sharers) await cache.ready();
  await sharers[0].read({ query: () => result });
  const keys = (): string[] => (server.execute('KEYS', `lookaside:e:${namespace}:*`) as Buffer[]).map(String);
  await expect.poll(keys).toHaveLength(1);
  const key = keys()[0] as string; // there is one
  return { reader: sharers[1], key, bytes: server.execute('GET', key) as Buffer };
}

const failures = ({ cache }: Sharer) => cache.stats().failures;

it('small ones are stored as they are', async () => {
  const { reader, bytes } = await share('small');
  expect(bytes.subarray(-5).toString()).toBe('small');
  expect(await reader.read({ query: () => 'other' })).toEqual(['store', 'small']);
});

it('large ones are packed, if that makes them smaller', async () => {
  const text = JSON.stringify(Array.from({ length: 2_000 }, (_, index) => ({ id: index, name: 'a name' })));
  const { reader, bytes } = await share(text);
  expect(bytes.length).toBeLessThan(text.length / 3);
  expect(await reader.read({ query: () => 'other' })).toEqual(['store', text]);
});

/** With the checksum that belongs to it. */
function changed(bytes: Buffer, at: number, value: number): Buffer {
  const other = Buffer.from(bytes);
  other[at] = value;
  other.writeUInt32BE(crc32(other.subarray(5)), 1);
  return other;
}

it.each([
  ['of a version that is not known', (bytes: Buffer) => changed(bytes, 0, 99), 'entry-another-version'],
  ['packed in a way that is not known', (bytes: Buffer) => changed(bytes, 5, 99), 'entry-another-version'],
  ['that says it is packed and is not', (bytes: Buffer) => changed(bytes, 5, 1), 'entry-another-version'],
  ['damaged', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -1), Buffer.from('?')]), 'entry-damaged'],
  ['cut off', (bytes: Buffer) => bytes.subarray(0, 7), 'entry-damaged'],
])('one %s is a miss, counted, and replaced', async (_name, change, counted) => {
  const { reader, key, bytes } = await share('stored');
  server.execute('SET', key, change(bytes), 'PX', '60000');
  expect(await reader.read({ query: () => 'read' })).toEqual(['database', 'read']);
  expect(failures(reader)).toEqual({ [counted]: 1 });
  await expect.poll(() => (server.execute('GET', key) as Buffer).subarray(-4).toString()).toBe('read');
});

it('one of another result under this name is foreign, and counted', async () => {
  const { reader, key, bytes } = await share('stored');
  const other = Buffer.from(bytes.toString('latin1').replace(/"of":"../, '"of":"!!'), 'latin1');
  server.execute('SET', key, changed(other, 0, other[0] ?? 0), 'PX', '60000');
  expect(await reader.read({ query: () => 'read' })).toEqual(['database', 'read']);
  expect(failures(reader)).toEqual({ 'entry-foreign': 1 });
});
