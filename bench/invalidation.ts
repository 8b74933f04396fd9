/**
 * Decides the question of `npm run bench -- invalidation`: of the results that a write takes out of the cache, how many
 * had changed. The demo's requests over the demo's data, by Zipf's law, one in ten a write of a single row.
 */
import { type Cache, createCache } from 'lookaside';
import { withCache } from 'lookaside/pg';
import { Pool } from 'pg';
import { type Cities, citiesIn } from '../examples/demo/cities.js';
import { copyTemplate, loadTemplate } from '../examples/demo/database.js';
import { type CityRow, loadCities, loadCountries } from '../examples/demo/dataset.js';
import { type Read, Requests } from '../examples/demo/load/requests.js';
import { startPostgres } from '../scripts/lib/postgres.js';
import { seededRandom } from '../src/clock.js';
import { brief } from './lib/numbers.js';
import { markdownTable, type Report } from './lib/report.js';

export interface InvalidationOptions {
  readonly quick: boolean;
}

const SEED = 7;
const WRITE_SHARE = 0.1;
/** Of the most populous cities: each was asked for before, so that a miss is what a write has caused. */
const CITIES = 5_000;
const HIT_RATIO_MIN = 0.8;
const KILLED_PER_CHANGED_MAX = 1.5;

const units = [
  { name: 'rows', limits: {} },
  // A reference beyond the tracked sets of columns depends on its whole table: here each does.
  { name: 'whole tables', limits: { shapesPerTable: 0 } },
] as const;

type Kind = Read['kind'];
const kinds: readonly Kind[] = ['city', 'top', 'totals', 'search'];

interface Tally {
  reads: number;
  hits: number;
  /** Reads of what had been asked for before and had not changed since: those that could be hits. */
  couldHit: number;
  /** Kept results that were not served when they were asked for again. */
  killed: number;
  /** Of these, the ones whose answer was another one by then. */
  changed: number;
}

const nothing = (): Tally => ({ reads: 0, hits: 0, couldHit: 0, killed: 0, changed: 0 });

export async function benchInvalidation(report: Report, { quick }: InvalidationOptions): Promise<void> {
  const cities = loadCities();
  const postgres = await startPostgres({ settings: { shared_buffers: '512MB', autovacuum: 'off' } });
  try {
    await loadTemplate(postgres.url, { cities, countries: loadCountries() });
    const requests = quick ? 4_000 : 20_000;
    const tallies: Readonly<Record<Kind, Tally>>[] = [];
    for (const [index, { limits }] of units.entries()) {
      const url = await copyTemplate(postgres.url, `invalidation_${index}`);
      const cache = createCache({
        namespace: `bench-invalidation-${index}`,
        ttl: '1h',
        near: { max: '512mb' },
        limits,
      });
      const pool = new Pool({ connectionString: url });
      pool.on('error', () => undefined); // at the end the server may close it first
      try {
        tallies.push(await play(cache, citiesIn(withCache(pool, cache)), cities.slice(0, CITIES), requests));
      } finally {
        await pool.end();
        await cache.close();
      }
    }
    describe(report, tallies, requests);
    await report.save();
  } finally {
    await postgres.stop();
  }
}

/** One after another: then it is known of every read whether it was a hit. */
async function play(
  cache: Cache,
  api: Cities,
  cities: readonly CityRow[],
  requests: number,
): Promise<Readonly<Record<Kind, Tally>>> {
  const tallies = { city: nothing(), top: nothing(), totals: nothing(), search: nothing() };
  const kept = new Map<string, string>();
  const random = seededRandom(SEED);
  const load = new Requests(cities, () => random.fraction());
  const hits = (): number => {
    const { nearHits, storeHits, joined } = cache.stats();
    return nearHits + storeHits + joined;
  };
  const ask = async (read: Read, tally: Tally): Promise<void> => {
    const name = JSON.stringify(read);
    const before = hits();
    const answer = JSON.stringify(await answerOf(api, read));
    const known = kept.get(name);
    kept.set(name, answer);
    tally.reads++;
    if (known === answer) tally.couldHit++;
    if (hits() > before) tally.hits++;
    else if (known !== undefined) {
      tally.killed++;
      if (known !== answer) tally.changed++;
    }
  };
  for (const { id } of cities) await ask({ kind: 'city', id }, nothing());
  for (let count = 0; count < requests; count++) {
    if (random.fraction() < WRITE_SHARE) {
      const { id, change } = load.write();
      await api.change(id, change);
    } else {
      const read = load.read();
      await ask(read, tallies[read.kind]);
    }
  }
  // What was taken out and not asked for since counts, too.
  for (const name of kept.keys()) {
    const read = JSON.parse(name) as Read;
    const settled = nothing();
    await ask(read, settled);
    tallies[read.kind].killed += settled.killed;
    tallies[read.kind].changed += settled.changed;
  }
  return tallies;
}

function answerOf(api: Cities, read: Read): Promise<unknown> {
  switch (read.kind) {
    case 'city':
      return api.find(read.id);
    case 'search':
      return api.search(read.prefix);
    case 'top':
      return api.topTen(read.country);
    case 'totals':
      return api.totals(read.country);
  }
}

function describe(report: Report, tallies: readonly Readonly<Record<Kind, Tally>>[], requests: number): void {
  report.add('### What a write takes out of the cache');
  report.add(
    `${requests.toLocaleString('en-US')} requests over the ${CITIES.toLocaleString('en-US')} most populous cities by Zipf's law (0.99), ` +
      `a tenth of them writes of one city by its id; seed ${SEED}. Killed: kept, and not served when asked for again. ` +
      `Changed: those of them whose answer was another one by then. Could be hits: reads of what had been asked for before and is the same.`,
  );
  const lines = units.flatMap(({ name }, index) => {
    const byKind = tallies[index];
    if (byKind === undefined) return [];
    const all = kinds.map((kind) => byKind[kind]).reduce(added, nothing());
    const line = (what: string, { reads, hits, couldHit, killed, changed }: Tally): readonly string[] => [
      what,
      reads.toLocaleString('en-US'),
      share(hits, reads),
      share(couldHit, reads),
      killed.toLocaleString('en-US'),
      changed.toLocaleString('en-US'),
      changed === 0 ? '' : `${brief(killed / changed)}x`,
    ];
    return [line(`**by ${name}**`, all), ...kinds.map((kind) => line(`${kind}, by ${name}`, byKind[kind]))];
  });
  report.add(
    markdownTable(['', 'reads', 'hits', 'could be hits', 'killed', 'changed', 'killed / changed'], lines),
  );
  const [rows] = tallies;
  if (rows === undefined) return;
  const { reads, hits, killed, changed } = kinds.map((kind) => rows[kind]).reduce(added, nothing());
  const isReached = (holds: boolean): string => (holds ? 'reached' : '**missed**');
  report.add(
    markdownTable(
      ['by rows', 'measured', 'target', ''],
      [
        [
          'hits of reads',
          share(hits, reads),
          `≥ ${HIT_RATIO_MIN * 100} %`,
          isReached(hits / reads >= HIT_RATIO_MIN),
        ],
        [
          'killed to changed',
          `${brief(killed / changed)}x`,
          `≤ ${KILLED_PER_CHANGED_MAX}x`,
          isReached(killed / changed <= KILLED_PER_CHANGED_MAX),
        ],
      ],
    ),
  );
}

const added = (sum: Tally, one: Tally): Tally => ({
  reads: sum.reads + one.reads,
  hits: sum.hits + one.hits,
  couldHit: sum.couldHit + one.couldHit,
  killed: sum.killed + one.killed,
  changed: sum.changed + one.changed,
});

const share = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;
