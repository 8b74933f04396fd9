/** Decides how the fingerprint of a catalog is written, and what of it is that of some of its schemas. Asks no database. */
import { createHash } from 'node:crypto';

export interface Fingerprint {
  readonly grants: string;
  /** By name in lower case: a digest of all that was made in it. */
  readonly schemas: ReadonlyMap<string, string>;
}

/** The same text for the same fingerprint. */
export const fingerprintText = ({ grants, schemas }: Fingerprint): string =>
  JSON.stringify([grants, ...[...schemas].sort(([left], [right]) => (left < right ? -1 : 1))]);

/** A short text of the grants and of what is in these schemas, in lower case. */
export function digestOfSchemas(text: string, names: ReadonlySet<string>): string {
  const [grants, ...schemas] = JSON.parse(text) as readonly [string, ...(readonly [string, string])[]];
  return digestOf(JSON.stringify([grants, ...schemas.filter(([name]) => names.has(name))]));
}

export const digestOf = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 16);
