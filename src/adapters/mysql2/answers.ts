/**
 * Decides what the packets of a response say of the statements that were run: whether the last one has come, in which
 * state the connection is, how many rows were written. Decodes no row.
 *
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response.html, and the same of
 * COM_STMT_EXECUTE. The driver never asks for CLIENT_DEPRECATE_EOF, so columns and rows end with EOF packets.
 */
import { TransactionSet } from '../../sql/transaction-set.js';
import type { MysqlConnection, Packet } from './shapes.js';

/** What the server said, once it is done. */
export interface Answer {
  /** Of the last packet; null: it was an error, which says nothing of the connection. */
  readonly status: number | null;
  /** Of the one statement that gave no rows; null: of no statement, or of several. */
  readonly written: { readonly affectedRows: bigint; readonly insertId: bigint } | null;
  /** Something of the session was changed that results may depend on. */
  readonly changedSession: boolean;
  /** Transactions of this session that were committed meanwhile, as far as that was told; null: of none. */
  readonly made: TransactionSet | null;
  /** It ended with rows: what was committed then is never told. */
  readonly endedWithRows: boolean;
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

/** Other kinds of changes tell nothing of results. */
const TRACKED_SETTING = 0;
const TRACKED_STATE = 2;
const TRACKED_GTIDS = 3;
const LAST_GTID = 'last_gtid';
const EVERYTHING = /:1-\d/;

/** Whether a session is told the names of its transactions: `hidden` from its user, who did not ask for them. */
export type OwnNames = 'none' | 'told' | 'hidden';

/** Follows one response. */
export class AnswerReader {
  private state: 'header' | 'columns' | 'columns-end' | 'rows' = 'header';
  private columnsLeft = 0;
  private results = 0;
  private status: number | null = null;
  private written: Answer['written'] = null;
  private changedSession = false;
  private made: TransactionSet | null = null;
  private endedWithRows = false;

  constructor(
    private readonly isTracking: boolean,
    private readonly names: OwnNames,
  ) {}

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
        return packet.isEOF() ? this.end(packet.eofStatusFlags(), true) : false;
    }
  }

  /** Of a result whose end has not come. */
  get isAmongRows(): boolean {
    return this.state === 'rows';
  }

  /** To be asked once it is complete. */
  answer(): Answer {
    const { status, written, changedSession, made, endedWithRows } = this;
    return { status, written: this.results === 1 ? written : null, changedSession, made, endedWithRows };
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
    const statusAt = cells.at;
    const status = cells.short();
    if (this.isTracking && (status & STATUS_SESSION_CHANGED) !== 0 && this.readChanges(packet, cells))
      packet.buffer.writeUInt16LE(status & ~STATUS_SESSION_CHANGED, statusAt);
    return this.end(status, false);
  }

  /**
   * Behind the warnings and the info stand changes: of which kind, and what. Names that only we asked for are taken out.
   *
   * @returns whether nothing else was among them
   */
  private readChanges(packet: Packet, cells: Cells): boolean {
    cells.skip(2);
    cells.skip(Number(cells.number()));
    const lengthAt = cells.at;
    const length = Number(cells.number());
    const begin = cells.at;
    const end = begin + length;
    let keptUntil = begin;
    while (cells.at < end) {
      const from = cells.at;
      const isHidden = this.readChange(cells);
      if (isHidden) continue;
      if (keptUntil < from) packet.buffer.copyWithin(keptUntil, from, cells.at);
      keptUntil += cells.at - from;
    }
    if (keptUntil === end) return false;
    packet.end = keptUntil === begin ? lengthAt : keptUntil;
    // As many bytes as before say it.
    if (begin - lengthAt === 1) packet.buffer[lengthAt] = keptUntil - begin;
    else packet.buffer.writeUIntLE(keptUntil - begin, lengthAt + 1, Math.min(6, begin - lengthAt - 1));
    return keptUntil === begin;
  }

  /** @returns whether its user is not to see it */
  private readChange(cells: Cells): boolean {
    const kind = cells.byte();
    const after = Number(cells.number()) + cells.at;
    const setting = kind === TRACKED_SETTING ? cells.string() : null;
    const isName = setting === LAST_GTID || kind === TRACKED_GTIDS;
    if (isName && this.names !== 'none') {
      if (kind === TRACKED_GTIDS) cells.number(); // how what follows is written: in one way so far
      const text = cells.string();
      // All that there are since the first: a procedure may have asked for those of others, too.
      if (EVERYTHING.test(text)) {
        cells.skip(after - cells.at);
        return this.names === 'hidden';
      }
      const made = setting === null ? TransactionSet.of(text) : TransactionSet.single(text);
      this.made = this.made === null ? made : TransactionSet.union([this.made, made]);
    } else if (kind <= TRACKED_STATE && setting !== 'autocommit' && !isName) this.changedSession = true;
    cells.skip(after - cells.at);
    return isName && this.names === 'hidden';
  }

  private end(status: number, withRows: boolean): boolean {
    this.results++;
    this.status = status;
    this.endedWithRows = withRows;
    this.state = 'header';
    return (status & STATUS_MORE_RESULTS) === 0;
  }
}

/** Reads the protocol's integers. What is missing reads as 0. */
export class Cells {
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

  /** The same, or null where the next byte says so. */
  nullable(sign: number): string | null {
    if (this.buffer[this.at] !== sign) return this.string();
    this.at++;
    return null;
  }

  /** After its length. */
  string(): string {
    const bytes = Number(this.number());
    const from = this.at;
    this.skip(bytes);
    return this.buffer.toString('latin1', from, Math.min(this.at, this.end));
  }
}
