/** Decides which ACL categories exist and which follow from a command's flags. Knows no users and no rules. */
import type { CommandFlag } from '../command-flags.js';

/** In the order in which Redis reports them. */
export const aclCategories = [
  'keyspace',
  'read',
  'write',
  'set',
  'sortedset',
  'list',
  'hash',
  'string',
  'bitmap',
  'hyperloglog',
  'geo',
  'stream',
  'pubsub',
  'admin',
  'fast',
  'slow',
  'blocking',
  'dangerous',
  'connection',
  'transaction',
  'scripting',
] as const;

export type AclCategory = (typeof aclCategories)[number];

/** The categories a command names itself and those its flags imply, in order. */
export function categoriesOf(named: readonly AclCategory[], flags: readonly CommandFlag[]): AclCategory[] {
  const all = new Set(named);
  if (flags.includes('write')) all.add('write');
  if (flags.includes('readonly')) all.add('read');
  if (flags.includes('admin')) all.add('admin').add('dangerous');
  if (flags.includes('pubsub')) all.add('pubsub');
  if (flags.includes('blocking')) all.add('blocking');
  all.add(flags.includes('fast') ? 'fast' : 'slow');
  return aclCategories.filter((category) => all.has(category));
}
