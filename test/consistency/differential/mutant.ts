/** Decides what a mutant of the differential is. */
import type { CacheMutant } from '../history/bundle.js';
import type { NamedSetting } from './settings.js';

export interface DifferentialMutant extends CacheMutant {
  /** Where only one kind of cache can show it. */
  readonly setting?: NamedSetting['name'];
}
