/** Decides up to where values keep their compact forms, and what CONFIG calls each limit. Knows no form. */

/** CONFIG SET changes them; values that are there keep the form they have. */
export interface EncodingLimits {
  hashListpackEntriesMax: number;
  hashListpackValueBytesMax: number;
  setIntsetEntriesMax: number;
  zsetListpackEntriesMax: number;
  zsetListpackValueBytesMax: number;
  /** Entries of a node; -1 to -5 are 4, 8, 16, 32 and 64 KB of it. */
  listListpackSize: number;
  hllSparseBytesMax: number;
  /** 0 is no limit. */
  streamNodeBytesMax: number;
  /** 0 is no limit. */
  streamNodeEntriesMax: number;
}

export const encodingLimitDefaults: Readonly<EncodingLimits> = {
  hashListpackEntriesMax: 512,
  hashListpackValueBytesMax: 64,
  setIntsetEntriesMax: 512,
  zsetListpackEntriesMax: 128,
  zsetListpackValueBytesMax: 64,
  listListpackSize: -2,
  hllSparseBytesMax: 3000,
  streamNodeBytesMax: 4096,
  streamNodeEntriesMax: 100,
};

export interface EncodingParameter {
  readonly name: string;
  readonly limit: keyof EncodingLimits;
  /** Sizes take units: `4kb`. */
  readonly unit: 'bytes' | 'count';
  readonly min: number;
  readonly max: number;
}

const INT32_MAX = 2_147_483_647;
const INT32_MIN = -2_147_483_648;

export const encodingParameters: readonly EncodingParameter[] = [
  count('hash-max-listpack-entries', 'hashListpackEntriesMax'),
  count('hash-max-ziplist-entries', 'hashListpackEntriesMax'),
  bytes('hash-max-listpack-value', 'hashListpackValueBytesMax'),
  bytes('hash-max-ziplist-value', 'hashListpackValueBytesMax'),
  count('set-max-intset-entries', 'setIntsetEntriesMax'),
  count('zset-max-listpack-entries', 'zsetListpackEntriesMax'),
  count('zset-max-ziplist-entries', 'zsetListpackEntriesMax'),
  bytes('zset-max-listpack-value', 'zsetListpackValueBytesMax'),
  bytes('zset-max-ziplist-value', 'zsetListpackValueBytesMax'),
  {
    name: 'list-max-listpack-size',
    limit: 'listListpackSize',
    unit: 'count',
    min: INT32_MIN,
    max: INT32_MAX,
  },
  { name: 'list-max-ziplist-size', limit: 'listListpackSize', unit: 'count', min: INT32_MIN, max: INT32_MAX },
  bytes('hll-sparse-max-bytes', 'hllSparseBytesMax'),
  bytes('stream-node-max-bytes', 'streamNodeBytesMax'),
  count('stream-node-max-entries', 'streamNodeEntriesMax'),
];

function count(name: string, limit: keyof EncodingLimits): EncodingParameter {
  return { name, limit, unit: 'count', min: 0, max: Number.MAX_SAFE_INTEGER };
}

function bytes(name: string, limit: keyof EncodingLimits): EncodingParameter {
  return { name, limit, unit: 'bytes', min: 0, max: Number.MAX_SAFE_INTEGER };
}
