/** Decides what every value that is more than bytes tells of itself. Knows no particular type. */

export type TypeName = 'string' | 'hash' | 'list' | 'set' | 'zset' | 'stream';

/**
 * A value with parts. It is changed in place, counts its own weight, and whoever changed it says so by
 * `Database.changed` before the command answers. One that has become empty is deleted by the command.
 */
export abstract class Container {
  abstract readonly type: TypeName;
  /** What OBJECT ENCODING answers. */
  abstract readonly encoding: string;
  /** What it takes up, its key not counted. */
  weightBytes = 0;
  /** How many parts it has: fields, elements, members, entries. */
  abstract get size(): number;
}
