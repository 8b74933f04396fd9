/** Decides how the protocol's state is named in the store. Everything about one table shares one cluster slot. */

import type { Ref } from './refs.js';

/** Prefix of every key that holds tokens or intents of a namespace. Entries are outside it. */
export const tokenPrefix = (namespace: string): string => `lookaside:t:{${namespace}:`;

/** The hash `T` of a table: tokens and standing intents. `table` is unique in the namespace. */
export const tableKey = (namespace: string, table: string): string => `lookaside:t:{${namespace}:${table}}`;

/** The database that a table's key names; null for a tag. */
export const databaseOfTable = (key: string): string | null =>
  /^lookaside:t:\{[^:]*:(?!tag:)([^:}]*):[^}]*\}$/.exec(key)?.[1] ?? null;

/**
 * A tag is a table that has only `any`, and no intents. So its hash may end, as a token of a value does (missing is
 * a miss): tags are as many as their users make.
 */
export const tagRef = (namespace: string, tag: string): Ref => ({
  table: tableKey(namespace, `tag:${tag}`),
  pin: null,
});

/** Of a user's. The one that all results of functions carry stays. */
export const isTag = (table: string): boolean => /^lookaside:t:\{[^:]*:tag:[^}]/.test(table);

/** The tag that all results of functions carry; no user's tag is empty. */
export const NAMESPACE_ROOT = '';

/** The key `V` of one value of one shape of a table. */
export const valueKey = (key: string, shape: string, value: string): string => `${key}:${shape}:${value}`;

/** An entry `E`, in any slot. */
export const entryKey = (namespace: string, digest: string): string => `lookaside:e:${namespace}:${digest}`;

/** Who runs a function that others wait for, in any slot. */
export const leaseKey = (namespace: string, digest: string): string => `lookaside:l:${namespace}:${digest}`;

/** Fields of `T`. Shapes and intents carry a prefix so that none can be taken for another. */
export const field = {
  voucher: 'r',
  any: 'any',
  wild: 'wild',
  shape: (shape: string) => `s:${shape}`,
  intent: (id: string) => `i:${id}`,
} as const;
