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

/** What stands where a value's type would, and is none. */
export const opcodes = {
  functions: 245,
  functionsOfPreview: 246,
  moduleAux: 247,
  idleTime: 248,
  frequency: 249,
  aux: 250,
  resize: 251,
  expiryMs: 252,
  expirySeconds: 253,
  select: 254,
  end: 255,
} as const;

export const RDB_MAGIC = 'REDIS';

/** How a node of a list is written. */
export const QUICKLIST_PLAIN = 1;
export const QUICKLIST_PACKED = 2;
