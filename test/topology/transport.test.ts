/** The ways to a server: a unix socket, TLS with a certificate of one's own, and certificates that nobody vouches for. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Config, diagnose } from '../../src/index.js';
import { describeWith, describeWithRedis, type RedisServer, redisServer } from '../support/servers.js';
import { Sharer } from './sharer.js';

const folder = mkdtempSync(join(tmpdir(), 'lookaside-transport-'));
const certificate = join(folder, 'certificate.pem');
const key = join(folder, 'key.pem');
const request =
  'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost';
const made = spawnSync('openssl', [...request.split(' '), '-keyout', key, '-out', certificate]);
const found = ['near', 'stored'];
let serial = 0;

afterAll(() => rmSync(folder, { recursive: true }));

/** Stores and finds again: what the second of two reads got. */
async function use(config: Config): Promise<readonly [string, string]> {
  const sharer = Sharer.open(`transport-${process.pid}-${serial++}`, config);
  try {
    await sharer.cache.ready();
    await sharer.read({ query: () => 'stored' });
    return await sharer.read({ query: () => 'other' });
  } finally {
    await sharer.cache.close();
  }
}

describeWithRedis('by a unix socket', () => {
  it('is as good as any other way', async () => {
    const path = join(folder, 'redis.sock');
    const server = await redisServer({ args: ['--unixsocket', path] });
    try {
      expect(await use({ topology: { kind: 'single', url: `unix://${path}` } })).toEqual(found);
    } finally {
      await server.stop();
    }
  });
});

describeWith({
  name: 'by TLS',
  server: 'openssl',
  missing: made.status === 0 ? null : 'it could not be run',
  suite: () => {
    describeWithRedis('to a server', () => {
      let server: RedisServer;
      let door: Server;
      let url = '';
      const inside = new Set<TLSSocket>();

      beforeAll(async () => {
        server = await redisServer();
        door = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (socket) => {
          inside.add(socket);
          const upstream = createConnection({ host: server.host, port: server.port });
          socket.on('error', () => upstream.destroy());
          socket.on('close', () => (inside.delete(socket), upstream.destroy()));
          upstream.on('error', () => socket.destroy());
          socket.pipe(upstream).pipe(socket);
        });
        await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
        const address = door.address();
        url = `rediss://localhost:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
      });
      afterEach(() => {
        for (const socket of inside) socket.destroy();
      });
      afterAll(async () => {
        await new Promise((resolve) => door.close(resolve));
        await server.stop();
      });

      it('whose certificate is vouched for', async () => {
        const ca = readFileSync(certificate, 'utf8');
        expect(await use({ topology: { kind: 'single', url, tls: { ca } } })).toEqual(found);
        expect(await use({ topology: { kind: 'single', url, tls: { ca } }, consistency: 'bounded' })).toEqual(
          found,
        );
      });

      it('whose certificate nobody vouches for, only if that is said', async () => {
        expect(await diagnose({ topology: { kind: 'single', url } })).toMatchObject([
          { severity: 'error', text: expect.stringMatching(/self.signed/) as string },
        ]);
        expect(await use({ topology: { kind: 'single', url, tls: { rejectUnauthorized: false } } })).toEqual(
          found,
        );
      });

      it('whose certificate has another name, not', async () => {
        const tls = { ca: readFileSync(certificate, 'utf8'), servername: 'example.com' };
        expect(await diagnose({ topology: { kind: 'single', url, tls } })).toMatchObject([
          { severity: 'error', text: expect.stringContaining('altnames') as string },
        ]);
      });
    });
  },
});
