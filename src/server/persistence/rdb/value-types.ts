/** Decides which number stands for which form of a value in a dump. Knows nothing of the forms. (Redis: `rdb.h`.) */

export const RDB_VERSION = 10;

export const rdbTypes = {
  string: 0,
  list: 1,
  set: 2,
  zset: 3,
  hash: 4,
  zsetBinary: 5,
  hashZipmap: 9,
  listZiplist: 10,
  setIntset: 11,
  zsetZiplist: 12,
  hashZiplist: 13,
  listQuicklist: 14,
  streamListpacks: 15,
  hashListpack: 16,
  zsetListpack: 17,
  listQuicklist2: 18,
  streamListpacks2: 19,
} as const;

/** How a node of a list is written. */
export const QUICKLIST_PLAIN = 1;
export const QUICKLIST_PACKED = 2;
