/** Decides what the cache in front of a case is like: each kind in its turn over the seeds. */
import type { Setting } from './kept.js';

export interface NamedSetting extends Setting {
  readonly name: string;
}

/** @param redisUrl of a redis-server for caches that share it; null: there is none */
export function settingsWith(redisUrl: string | null): readonly NamedSetting[] {
  const shared: readonly NamedSetting[] =
    redisUrl === null
      ? []
      : [
          {
            name: 'two caches on one redis-server',
            caches: 2,
            config: { topology: { kind: 'single', url: redisUrl }, transactions: 'untilWrite' },
          },
        ];
  return [
    { name: 'with room for every result' },
    { name: 'with reads in transactions', config: { transactions: 'untilWrite' } },
    {
      name: 'with two shapes per table',
      config: { limits: { shapesPerTable: 2 }, writeHot: 'bypass' },
    },
    ...shared,
    {
      name: 'without results that are kept decoded',
      config: { near: { max: 0 }, transactions: 'untilWrite' },
    },
  ];
}

export function settingOf(settings: readonly NamedSetting[], seed: number): NamedSetting {
  const found = settings[seed % settings.length];
  if (found === undefined) throw new Error('there is no setting');
  return found;
}
