/**
 * Decides how not to cache: whatever was read once is answered from a Map, and no write invalidates it. It is here so
 * that `--naive` can show that the load generator sees stale reads when there are any.
 */
import type { Cities } from './cities.js';

interface Remembered {
  readonly cities: Cities;
  figures(): { hits: number; misses: number; invalidations: number };
}

export function rememberForever(cities: Cities): Remembered {
  const answers = new Map<string, unknown>();
  const figures = { hits: 0, misses: 0, invalidations: 0 };
  const remember = async <Answer>(key: string, load: () => Promise<Answer>): Promise<Answer> => {
    if (answers.has(key)) {
      figures.hits++;
      return answers.get(key) as Answer;
    }
    figures.misses++;
    const answer = await load();
    answers.set(key, answer);
    return answer;
  };
  return {
    cities: {
      find: (id) => remember(`city ${id}`, () => cities.find(id)),
      search: (prefix) => remember(`search ${prefix}`, () => cities.search(prefix)),
      topTen: (country) => remember(`top ${country}`, () => cities.topTen(country)),
      totals: (country) => remember(`totals ${country}`, () => cities.totals(country)),
      change: (id, change) => cities.change(id, change),
    },
    figures: () => figures,
  };
}
