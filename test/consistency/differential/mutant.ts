/** Decides what a mutant of the differential is, and how often each of its texts stands in the sources: once, or it is none. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CacheMutant } from '../history/bundle.js';
import type { NamedSetting } from './settings.js';

export interface DifferentialMutant extends CacheMutant {
  /** Where only one kind of cache can show it. */
  readonly setting?: NamedSetting['name'];
  /** The scene that is about it; absent: any. */
  readonly scene?: string;
}

const cache = resolve(import.meta.dirname, '../../../src/cache');

export const timesFound = ({ file, changes }: CacheMutant): readonly number[] =>
  changes.map((change) => {
    const source = readFileSync(join(cache, change.file ?? file), 'utf8');
    return source.split(change.from).length - 1;
  });
