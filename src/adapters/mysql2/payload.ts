/** Decides what is kept of a result: the response as the wire gave it, so that the driver can decode it for anybody. */
import { EOF_PACKET_BYTES, type Layout, layoutOf, type NoLayout } from './layout.js';
import type { Master } from './masters.js';

/** COM_QUERY and COM_STMT_EXECUTE write rows in different ways. */
export type Protocol = 'text' | 'binary';

export interface Payload {
  readonly protocol: Protocol;
  /** All packets with their headers. */
  readonly bytes: Buffer;
  readonly layout: Layout;
  /** Bytes of memory it holds, roughly, decoded rows included. */
  readonly memoryBytes: number;
  /** Decoded rows to copy from, once they were asked for: one for each way to decode them. */
  readonly masters: Master[];
  /** Came out of the store and was given to nobody yet: whoever is first may be the only one. */
  isNew: boolean;
}

/** Rough costs in memory; decoded rows are counted from the start. */
const PAYLOAD_BYTES = 500;
const ROW_BYTES = 40;
const CELL_BYTES = 32;

/** @returns why not, where the response is not one result with rows */
export function payloadOf(protocol: Protocol, bytes: Buffer): Payload | NoLayout {
  const layout = layoutOf(bytes);
  if (typeof layout === 'string') return layout;
  const { fieldCount, rowCount, rowsAt, rowsEnd } = layout;
  const decodedBytes = rowCount * (ROW_BYTES + fieldCount * CELL_BYTES) + 2 * (rowsEnd - rowsAt);
  return {
    protocol,
    bytes,
    layout,
    memoryBytes: PAYLOAD_BYTES + bytes.length + decodedBytes,
    masters: [],
    isNew: false,
  };
}

/** Whether a reader could tell the two apart. What ends columns and rows tells of the session only. */
export function samePayload(left: Payload, right: Payload): boolean {
  const { fieldCount, rowsAt, rowsEnd } = left.layout;
  const other = right.layout;
  return (
    left.protocol === right.protocol &&
    fieldCount === other.fieldCount &&
    rowsAt === other.rowsAt &&
    rowsEnd === other.rowsEnd &&
    left.bytes.compare(right.bytes, rowsAt, rowsEnd, rowsAt, rowsEnd) === 0 &&
    sameHead(left, right)
  );
}

function sameHead(left: Payload, right: Payload): boolean {
  const end = left.layout.rowsAt - EOF_PACKET_BYTES;
  return left.bytes.compare(right.bytes, 0, end, 0, end) === 0;
}
