/**
 * Decides how large payloads are compressed in the store: by the fastest way that this Node has. What was packed in
 * another way is read where this Node can, so processes of several versions of Node share a store.
 */
import * as zlib from 'node:zlib';

export interface Packed {
  /** Goes into the entry. */
  readonly method: number;
  readonly bytes: Buffer;
}

interface Method {
  readonly pack: (bytes: Buffer) => Promise<Buffer>;
  readonly unpack: (bytes: Buffer) => Promise<Buffer>;
}

type Coder = (bytes: Buffer, options: object, done: (error: Error | null, result: Buffer) => void) => void;

/** Nothing that was stored is larger: what unpacks to more is no entry of ours. */
const UNPACKED_BYTES_MAX = 1_073_741_824;

/** As is. */
export const PLAIN = 0;
const DEFLATE = 1;
const BROTLI = 2;
const ZSTD = 3;

/** From Node 22.15 on. */
const { zstdCompress, zstdDecompress } = zlib as { zstdCompress?: Coder; zstdDecompress?: Coder };

const run = (coder: Coder, bytes: Buffer, options: object): Promise<Buffer> =>
  new Promise((resolve, reject) =>
    coder(bytes, options, (error, result) => (error === null ? resolve(result) : reject(error))),
  );

const unpacking = { maxOutputLength: UNPACKED_BYTES_MAX };

const methods: Readonly<Record<number, Method | undefined>> = {
  [DEFLATE]: {
    pack: (bytes) => run(zlib.deflateRaw, bytes, { level: 1 }),
    unpack: (bytes) => run(zlib.inflateRaw, bytes, unpacking),
  },
  [BROTLI]: {
    pack: (bytes) =>
      run(zlib.brotliCompress, bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } }),
    unpack: (bytes) => run(zlib.brotliDecompress, bytes, unpacking),
  },
  [ZSTD]:
    zstdCompress === undefined || zstdDecompress === undefined
      ? undefined
      : {
          pack: (bytes) => run(zstdCompress, bytes, {}),
          unpack: (bytes) => run(zstdDecompress, bytes, unpacking),
        },
};

const ownMethod = methods[ZSTD] === undefined ? BROTLI : ZSTD;

/** Packed only if that is worth its unpacking. Off the caller's thread. */
export async function pack(payload: Buffer): Promise<Packed> {
  const bytes = await methods[ownMethod]?.pack(payload);
  return bytes === undefined || bytes.length > payload.length * 0.9
    ? { method: PLAIN, bytes: payload }
    : { method: ownMethod, bytes };
}

/** Null where this Node cannot, or they were not packed so. */
export async function unpack({ method, bytes }: Packed): Promise<Buffer | null> {
  if (method === PLAIN) return bytes;
  const unpacking = methods[method]?.unpack(bytes);
  return unpacking === undefined ? null : unpacking.catch(() => null); // a miss, counted by whoever asked
}
