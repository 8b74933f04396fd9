/** Decides nothing: an application process with a wrapped pool that does what it is told over IPC. */
import { type Cache, createCache } from '../../src/index.js';
import type { MemberAnswer, MemberOrder, MemberSettings } from './member.js';
import { type MemberClient, type MemberPool, poolOf } from './member-pool.js';

const settings = JSON.parse(process.env['MEMBER_SETTINGS'] ?? '{}') as MemberSettings;
const cache: Cache = createCache(settings.cache);
const pool: MemberPool = poolOf(settings, cache);
let client: MemberClient | null = null;

const hits = (): number => {
  const { nearHits, storeHits, joined } = cache.stats();
  return nearHits + storeHits + joined;
};

async function obey(order: MemberOrder): Promise<unknown> {
  switch (order.do) {
    case 'ready':
      return cache.ready();
    case 'query': {
      const before = hits();
      const rows = await (client ?? pool).rows(order.text, [...(order.values ?? [])]);
      return { rows, isHit: hits() > before };
    }
    case 'connect':
      client = await pool.connect();
      return null;
    case 'release':
      client?.release(order.destroy === true);
      client = null;
      return null;
    case 'stats':
      return cache.stats();
    case 'load':
      return load(order);
    case 'end':
      await pool.end();
      await cache.close();
      return null;
  }
}

/** Writers that never pause; resolves with the number of their writes. */
async function load(order: Extract<MemberOrder, { do: 'load' }>): Promise<number> {
  const endsAtMs = performance.now() + order.forMs;
  let writes = 0;
  const write = async (writer: number): Promise<void> => {
    for (let round = 0; writes < order.writesMin || performance.now() < endsAtMs; round++, writes++)
      await pool.rows(order.text, [1 + ((writer + order.writers * round) % order.rows)]);
  };
  await Promise.all(Array.from({ length: order.writers }, (_, writer) => write(writer)));
  return writes;
}

process.on('message', (order: MemberOrder) => {
  const answer = (answered: MemberAnswer): void => void process.send?.(answered);
  obey(order).then(
    (result) => answer({ id: order.id, result }),
    (error: unknown) =>
      answer({ id: order.id, error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit());
