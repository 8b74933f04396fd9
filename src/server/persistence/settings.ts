/** Decides what can be set about what a server keeps on disk, and its defaults. Knows no parameter's name. */
import type { AofInput } from './aof/settings.js';

/** A snapshot is taken when so many seconds have passed since the last one and there were so many changes. */
export interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

export interface PersistenceSettings {
  /** Whether anything is read from and written to a folder at all. */
  isOn: boolean;
  folder: string;
  /** Name of the RDB file in it. */
  fileName: string;
  savePoints: readonly SavePoint[];
  /** They are not what somebody asked for yet: the first that is asked for replaces them. */
  hasDefaultSavePoints: boolean;
  compresses: boolean;
  /** Writes a checksum, and compares it when loading. */
  sums: boolean;
  stopsWritesOnError: boolean;
  /** Whose payloads have to be looked at (`sanitize-dump-payload`): all are. */
  sanitizes: string;
}

/** Redis' own, for a server that has nothing else to go by. */
export const redisSavePoints: readonly SavePoint[] = [
  { seconds: 3600, changes: 1 },
  { seconds: 300, changes: 100 },
  { seconds: 60, changes: 10_000 },
];

/** What a server keeps that is told to keep something in a folder. */
export interface PersistenceInput {
  /** Where its files are. */
  readonly dir: string;
  /** Default: it saves when it is asked to. */
  readonly save?: readonly SavePoint[];
  /** Every change is written to an append only file. Default: none is. */
  readonly aof?: AofInput;
}

export function persistenceDefaults(input: PersistenceInput | undefined): PersistenceSettings {
  return {
    isOn: input !== undefined,
    folder: input?.dir ?? '',
    fileName: 'dump.rdb',
    savePoints: input?.save ?? [],
    hasDefaultSavePoints: true,
    compresses: true,
    sums: true,
    stopsWritesOnError: true,
    sanitizes: 'no',
  };
}

/** `900 1 300 10`; null when it is none. */
export function parseSavePoints(text: string): SavePoint[] | null {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length % 2 !== 0) return null;
  const points: SavePoint[] = [];
  for (let at = 0; at < words.length; at += 2) {
    const [seconds, changes] = [Number(words[at]), Number(words[at + 1])];
    if (!Number.isSafeInteger(seconds) || seconds < 1 || !Number.isSafeInteger(changes) || changes < 0)
      return null;
    points.push({ seconds, changes });
  }
  return points;
}

export function savePointsText(points: readonly SavePoint[]): string {
  return points.map(({ seconds, changes }) => `${seconds} ${changes}`).join(' ');
}
