/** `lookaside doctor` as CI runs it: what it prints, and with which exit code it ends. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../scripts/lib/free-port.js';
import { buildPackage } from '../examples/child.js';
import { describeWithRedis, redisServer } from '../support/servers.js';

const folder = mkdtempSync(join(tmpdir(), 'lookaside-doctor-'));

beforeAll(buildPackage);
afterAll(() => rmSync(folder, { recursive: true }));

function doctor(config: unknown) {
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify(config));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['dist/esm/bin.js', 'doctor', '--config', file],
    { encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

it('finds nothing wrong with the embedded store', () => {
  expect(doctor({})).toEqual({ status: 0, stdout: 'ok\n', stderr: '' });
});

it('tells a configuration that is not valid from a store that is of no use', async () => {
  const invalid = doctor({ ttl: 'soon' });
  expect(invalid.status).toBe(1);
  expect(invalid.stderr).toContain('LOOKASIDE_CONFIG_INVALID');
  const away = doctor({ topology: { kind: 'single', url: `redis://127.0.0.1:${await freePort()}` } });
  expect(away.status).toBe(1);
  expect(away.stdout).toMatch(/^error \(use\): .*ECONNREFUSED.*\n1 to be corrected, 0 to be considered\n$/);
});

describeWithRedis('on a server', () => {
  it('says what is to be changed, and nothing once it is', async () => {
    const server = await redisServer();
    const client = new Redis(server.url);
    try {
      const config = { topology: { kind: 'single', url: server.url }, consistency: 'bounded' };
      expect(doctor(config)).toEqual({ status: 0, stdout: 'ok\n', stderr: '' });
      await client.config('SET', 'maxmemory', '10mb');
      expect(doctor(config)).toMatchObject({
        status: 0,
        stdout: expect.stringMatching(
          /^warning \(memory\): .*volatile-lru\n0 to be corrected, 1 to be/,
        ) as string,
      });
      await client.config('SET', 'maxmemory-policy', 'allkeys-lfu');
      expect(doctor(config)).toMatchObject({
        status: 1,
        stdout: expect.stringMatching(/^error \(use\): .*allkeys-lfu.*volatile-lru/) as string,
      });
    } finally {
      client.disconnect();
      await server.stop();
    }
  });
});
