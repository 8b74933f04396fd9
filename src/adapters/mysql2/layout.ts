/**
 * Decides what the bytes of a response are, as the protocol of MySQL frames them: how many columns and rows, and where
 * they lie. Decodes no value.
 *
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset.html
 */

/** Of each packet: three bytes for its length, one for its number. */
export const HEADER_BYTES = 4;

export interface Layout {
  readonly fieldCount: number;
  readonly rowCount: number;
  /** After the columns and the packet that ends them. */
  readonly rowsAt: number;
  /** Where the packet that ends the rows begins. */
  readonly rowsEnd: number;
}

/** Why bytes are no single result with rows. */
export type NoLayout = 'no-rows-described' | 'several-results' | 'error' | 'incomplete';

const [OK, ERR, EOF, LOCAL_INFILE] = [0x00, 0xff, 0xfe, 0xfb];
const TWO_BYTES = 0xfc;
/** Others that begin so are rows with a very long first value. */
const EOF_BYTES = 5;
const STATUS_AT = 3;
const MORE_RESULTS = 8;

export const packetEnd = (bytes: Buffer, at: number): number => at + HEADER_BYTES + bytes.readUIntLE(at, 3);

export function layoutOf(bytes: Buffer): Layout | NoLayout {
  const header = firstByte(bytes, 0);
  if (header === ERR) return 'error';
  if (header === OK || header === LOCAL_INFILE) return 'no-rows-described';
  const fieldCount = header === TWO_BYTES ? bytes.readUInt16LE(HEADER_BYTES + 1) : header;
  const fieldsEnd = skip(bytes, next(bytes, 0), fieldCount);
  if (fieldsEnd === null || !isEof(bytes, fieldsEnd)) return 'incomplete';
  const rowsAt = packetEnd(bytes, fieldsEnd);
  let rowCount = 0;
  let at = rowsAt;
  while (!isEof(bytes, at)) {
    if (firstByte(bytes, at) === ERR) return 'error';
    const end = next(bytes, at);
    if (end === null) return 'incomplete';
    at = end;
    rowCount++;
  }
  const status = bytes.readUInt16LE(at + HEADER_BYTES + STATUS_AT);
  if ((status & MORE_RESULTS) !== 0 || packetEnd(bytes, at) !== bytes.length) return 'several-results';
  return { fieldCount, rowCount, rowsAt, rowsEnd: at };
}

/** What ends the columns and what ends the rows. */
export const EOF_PACKET_BYTES = HEADER_BYTES + EOF_BYTES;

/** Where the packet after this one begins; null where this one is not whole. */
function next(bytes: Buffer, at: number): number | null {
  if (at + HEADER_BYTES > bytes.length) return null;
  const end = packetEnd(bytes, at);
  return end > bytes.length ? null : end;
}

function skip(bytes: Buffer, from: number | null, count: number): number | null {
  let at = from;
  for (let left = count; left > 0 && at !== null; left--) at = next(bytes, at);
  return at;
}

const firstByte = (bytes: Buffer, at: number): number => bytes[at + HEADER_BYTES] ?? ERR;

const isEof = (bytes: Buffer, at: number): boolean =>
  bytes[at + HEADER_BYTES] === EOF && next(bytes, at) === at + HEADER_BYTES + EOF_BYTES;
