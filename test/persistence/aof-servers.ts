/** Decides how tests start servers on an append only file, ours and real ones, and what they compare. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { createServer, type EmbeddedServer, type ServerConfig } from '../../src/server/index.js';
import { readReplies } from '../compat/wire.js';
import { redisServer } from '../support/servers.js';
import { type CommandArgs, converseInCommands, type Endpoint, type Tree, withoutTimes } from './aof-wire.js';
import { approvedAtTheEnd } from './approved.js';

export const FOLDER = 'appendonlydir';
export const NAME = 'appendonly.aof';

/** A folder that is gone when the test is through. */
export async function ownFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lookaside-aof-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return approvedAtTheEnd(folder);
}

export async function copyOf(folder: string): Promise<string> {
  const copy = await ownFolder();
  await cp(join(folder, FOLDER), join(copy, FOLDER), { recursive: true });
  return copy;
}

export interface Started {
  readonly server: EmbeddedServer;
  readonly endpoint: Endpoint;
}

/** Ours, on the append only file of a folder. */
export async function ours(dir: string, config: ServerConfig = {}): Promise<Started> {
  const server = createServer({
    persistence: { dir, aof: { fsync: 'always' } },
    protection: { debugCommand: 'yes' },
    databases: DATABASES,
    ...config,
  });
  onTestFinished(() => server.close());
  await server.ready();
  const { port = 0 } = await server.listen({ port: 0 });
  const endpoint = { host: '127.0.0.1', port };
  await converseInCommands(endpoint, [['DEBUG', 'SET-ACTIVE-EXPIRE', '0']]);
  return { server, endpoint };
}

/** A real one. */
export async function theirs(
  dir: string,
  args: readonly string[] = [],
): Promise<Endpoint & { stop(): Promise<void> }> {
  const server = await redisServer({
    args: [
      '--dir',
      dir,
      '--appendonly',
      'yes',
      '--enable-debug-command',
      'yes',
      '--databases',
      String(DATABASES),
      ...args,
    ],
  });
  onTestFinished(() => server.stop());
  await converseInCommands(server, [['DEBUG', 'SET-ACTIVE-EXPIRE', '0']]);
  return server;
}

const run = promisify(execFile);

/** Throws where the tool finds a fault. */
export async function checkedByRedis(dir: string): Promise<void> {
  await run('redis-check-aof', [join(dir, FOLDER, `${NAME}.manifest`)]);
}

/** Of each server. */
export const DATABASES = 20;
const databases = Array.from({ length: DATABASES }, (_, index) => String(index));

/** All that is there, as one digest, and what the digest leaves out of streams. Who is past his time is removed first. */
export async function contentOf(endpoint: Endpoint): Promise<unknown> {
  const swept = await converseInCommands(
    endpoint,
    databases.flatMap((database) => [['SELECT', database], ['KEYS', '*'], ['DBSIZE']]),
  );
  const keys = databases.flatMap((database, index) => {
    const list = swept[index * 3 + 1]?.[1];
    const names = (Array.isArray(list) ? (list as Tree[]) : []).map(([, key]) => String(key));
    return names.toSorted().map((key) => [database, key] as const);
  });
  const typed = await converseInCommands(
    endpoint,
    keys.flatMap(([database, key]): CommandArgs[] => [
      ['SELECT', database],
      ['TYPE', key],
      ['PEXPIRETIME', key],
      ['XINFO', 'STREAM', key, 'FULL', 'COUNT', '0'],
    ]),
  );
  const [digest] = await converseInCommands(endpoint, [['DEBUG', 'DIGEST']]);
  return {
    digest,
    keys: keys.map(([database, key], index) => {
      const [, type, expiry, info] = typed.slice(index * 4, index * 4 + 4);
      const isStream = type?.[1] === 'stream';
      return [
        database,
        key,
        type,
        expiry,
        isStream && info !== undefined ? withoutDeliveries(withoutTimes(info)) : null,
      ];
    }),
  };
}

/** How often an entry was looked at again is not written down, by Redis either; nor is how its nodes lie. */
function withoutDeliveries(tree: unknown): unknown {
  if (!Array.isArray(tree)) return tree;
  const [mark, content] = tree as [unknown, unknown];
  if (!Array.isArray(content)) return tree;
  const items = content as unknown[];
  const isPending = items.length >= 3 && items.length <= 4 && /^\d+-\d+$/.test(textOf(items[0]));
  if (isPending) return [mark, items.slice(0, items.length - 2)];
  return [
    mark,
    items.map((item, index) =>
      textOf(items[index - 1]).startsWith('radix-tree') ? 'nodes' : withoutDeliveries(item),
    ),
  ];
}

function textOf(tree: unknown): string {
  return Array.isArray(tree) && typeof tree[1] === 'string' ? tree[1] : '';
}

/** The commands of a file that has no others, as lists of words. */
export async function commandsIn(path: string): Promise<string[][]> {
  const bytes = await readFile(path);
  return readReplies(bytes).map(([, words]) =>
    (Array.isArray(words) ? (words as Tree[]) : []).map(([, word]) => String(word)),
  );
}
