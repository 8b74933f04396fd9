/**
 * Decides what the packets of a response say of the statements that were run: whether the last one has come, in which
 * state the connection is, how many rows were written. Decodes no row.
 *
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response.html, and the same of
 * COM_STMT_EXECUTE. The driver never asks for CLIENT_DEPRECATE_EOF, so columns and rows end with EOF packets.
 */
import type { MysqlConnection, Packet } from './shapes.js';

/** What the server said, once it is done. */
export interface Answer {
  /** Of the last packet; null: it was an error, which says nothing of the connection. */
  readonly status: number | null;
  /** Of the one statement that gave no rows; null: of no statement, or of several. */
  readonly written: { readonly affectedRows: bigint; readonly insertId: bigint } | null;
  /** Something of the session was changed that results may depend on. */
  readonly changedSession: boolean;
}

const STATUS_IN_TRANSACTION = 0x0001;
const STATUS_AUTOCOMMIT = 0x0002;
const STATUS_MORE_RESULTS = 0x0008;
const STATUS_SESSION_CHANGED = 0x4000;

/** What every later statement commits by itself, and no transaction is open. */
export const isOutsideTransaction = (status: number): boolean =>
  (status & STATUS_AUTOCOMMIT) !== 0 && (status & STATUS_IN_TRANSACTION) === 0;

export const isInsideTransaction = (status: number): boolean => (status & STATUS_IN_TRANSACTION) !== 0;

const CLIENT_SESSION_TRACK = 0x0080_0000;

/** Whether OK packets tell of changes of the session. */
export const tracksSession = ({ _handshakePacket, config }: MysqlConnection): boolean =>
  ((_handshakePacket?.capabilityFlags ?? 0) & config.clientFlags & CLIENT_SESSION_TRACK) !== 0;

const HEADER_BYTES = 4;
const OK = 0x00;
const LOCAL_INFILE = 0xfb;
const ERROR = 0xff;

/** Kinds of changes that tell nothing of results: GTIDs, and the transaction's own. */
const TRACKED_SETTING = 0;
const TRACKED_STATE = 2;

/** Follows one response. */
export class AnswerReader {
  private state: 'header' | 'columns' | 'columns-end' | 'rows' = 'header';
  private columnsLeft = 0;
  private results = 0;
  private status: number | null = null;
  private written: Answer['written'] = null;
  private changedSession = false;

  constructor(private readonly isTracking: boolean) {}

  /** @returns whether this was the last packet */
  read(packet: Packet): boolean {
    const first = packet.buffer[packet.start + HEADER_BYTES] ?? ERROR;
    if (first === ERROR) {
      this.status = null;
      return true;
    }
    switch (this.state) {
      case 'header':
        return this.readHeader(packet, first);
      case 'columns':
        this.columnsLeft--;
        if (this.columnsLeft === 0) this.state = 'columns-end';
        return false;
      case 'columns-end':
        this.state = 'rows';
        return false;
      case 'rows':
        return packet.isEOF() ? this.end(packet.eofStatusFlags()) : false;
    }
  }

  /** To be asked once it is complete. */
  answer(): Answer {
    const { status, written, changedSession } = this;
    return { status, written: this.results === 1 ? written : null, changedSession };
  }

  private readHeader(packet: Packet, first: number): boolean {
    const cells = new Cells(packet.buffer, packet.start + HEADER_BYTES, packet.end);
    if (first === LOCAL_INFILE) return false; // the answer comes when the file was sent
    if (first !== OK) {
      this.columnsLeft = Number(cells.number());
      this.state = 'columns';
      return false;
    }
    cells.skip(1);
    this.written = { affectedRows: cells.number(), insertId: cells.number() };
    const status = cells.short();
    if (this.isTracking && (status & STATUS_SESSION_CHANGED) !== 0) this.readChanges(cells);
    return this.end(status);
  }

  /** Behind the warnings and the info stand changes: of which kind, and what. */
  private readChanges(cells: Cells): void {
    cells.skip(2);
    cells.skip(Number(cells.number()));
    const end = Number(cells.number()) + cells.at;
    while (cells.at < end) {
      const kind = cells.byte();
      const length = Number(cells.number());
      if (kind === TRACKED_SETTING) this.changedSession ||= !cells.text(length).startsWith('autocommit', 1);
      else if (kind <= TRACKED_STATE) this.changedSession = true;
      cells.skip(length);
    }
  }

  private end(status: number): boolean {
    this.results++;
    this.status = status;
    this.state = 'header';
    return (status & STATUS_MORE_RESULTS) === 0;
  }
}

/** Reads the protocol's integers. What is missing reads as 0. */
class Cells {
  constructor(
    private readonly buffer: Buffer,
    public at: number,
    private readonly end: number,
  ) {}

  skip(bytes: number): void {
    this.at += bytes;
  }

  byte(): number {
    return this.at < this.end ? (this.buffer[this.at++] ?? 0) : 0;
  }

  short(): number {
    return this.byte() | (this.byte() << 8);
  }

  /** Length-encoded. */
  number(): bigint {
    const first = this.byte();
    if (first < 0xfb) return BigInt(first);
    const bytes = first === 0xfc ? 2 : first === 0xfd ? 3 : 8;
    let value = 0n;
    for (let index = 0; index < bytes; index++) value |= BigInt(this.byte()) << BigInt(8 * index);
    return value;
  }

  /** The text ahead. */
  text(bytes: number): string {
    return this.buffer.toString('latin1', this.at, Math.min(this.at + bytes, this.end));
  }
}
