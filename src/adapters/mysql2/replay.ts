/**
 * Decides how a kept result becomes what a miss would have given: by copying decoded rows where that is provably the
 * same, else by handing the packets to the driver's own command again.
 */
import { type Driver, factsKey, type WireFacts } from './driver.js';
import { EOF_PACKET_BYTES, packetEnd } from './layout.js';
import { type Master, masterOf } from './masters.js';
import { isShapedBy, shapeOf } from './options.js';
import type { Payload } from './payload.js';
import type {
  CommandState,
  ConnectionConfig,
  Field,
  MysqlConnection,
  PacketConstructor,
  ResultCommand,
  ResultCommandConstructor,
  RowOptions,
} from './shapes.js';

/** Whose result it is to be. */
export interface Reader {
  readonly driver: Driver;
  /** Of the connection, or of the pool that has not chosen one. */
  readonly config: ConnectionConfig;
  readonly facts: WireFacts;
}

export type Result = [rows: unknown[], fields: Field[]];

/** Ways to decode one result that are kept. */
const MASTERS_MAX = 4;

/** Whether the classes are known that it takes: a process that only ever met hits of others has not seen them yet. */
export const canReplay = ({ protocol }: Payload, { Packet, Execute }: Driver): boolean =>
  Packet !== null && (protocol === 'text' || Execute !== null);

/**
 * A result of the caller's own: nothing in it is anybody else's.
 *
 * @param overrides what the call says itself
 * @throws what decoding throws: a typeCast's error, say. The database is to be asked then.
 */
export function resultOf(payload: Payload, reader: Reader, overrides: RowOptions | null): Result {
  if (payload.isNew) {
    payload.isNew = false; // rows to copy from would cost more than was decoded, and perhaps nobody else asks
    return decode(payload, reader, overrides, Buffer.from(payload.bytes));
  }
  const master = currentMaster(payload, reader, overrides);
  if (!master?.copyRows) return decode(payload, reader, overrides, Buffer.from(payload.bytes));
  const { copyRows, rows, columns } = master;
  return [copyRows(rows), columns.copier(columns.fields, payload.bytes)];
}

function currentMaster(payload: Payload, reader: Reader, overrides: RowOptions | null): Master | null {
  const { masters } = payload;
  for (const master of masters) if (isShapedBy(master.shape, reader.config, overrides)) return master;
  const shape = masters.length < MASTERS_MAX ? shapeOf(reader.config, overrides) : null;
  if (shape === null) return null;
  // What is decoded of the bytes themselves is copied for everybody, bytes included.
  const master = masterOf(shape, decode(payload, reader, overrides, payload.bytes), {
    bytes: payload.bytes,
    describedTo: payload.layout.rowsAt - EOF_PACKET_BYTES,
    readAs: `${payload.protocol} ${factsKey(reader.facts)}`,
  });
  masters.push(master);
  return master;
}

/** Runs a command of the driver's, which is never sent, over the packets. */
function decode(
  { protocol, layout }: Payload,
  { driver, config, facts }: Reader,
  overrides: RowOptions | null,
  bytes: Buffer,
): Result {
  const Packet = driver.Packet as PacketConstructor; // `canReplay`
  const Command = protocol === 'text' ? driver.Query : driver.Execute;
  let thrown: { readonly error: unknown } | null = null;
  const command = new (Command as ResultCommandConstructor<ResultCommand>)(
    { sql: '', ...overrides },
    (error) => {
      thrown ??= { error };
    },
  );
  command.options = Object.assign({}, config, overrides);
  const connection = receiverOf(config, facts);
  let state: CommandState | null | undefined = command.resultsetHeader;
  for (let at = 0; at < layout.rowsEnd && state; ) {
    const end = packetEnd(bytes, at);
    state = state.call(command, new Packet(0, bytes, at, end), connection);
    at = end;
  }
  if (thrown !== null) throw (thrown as { readonly error: unknown }).error;
  const [rows] = command._rows;
  const [fields] = command._fields;
  if (!Array.isArray(rows) || rows.length !== layout.rowCount || fields === undefined)
    throw new TypeError('mysql2 decoded a kept result in another way than before');
  return [rows as unknown[], fields];
}

/** What a command reads of the connection while packets come. */
function receiverOf(
  config: ConnectionConfig,
  { clientEncoding, extendedMetadata }: WireFacts,
): MysqlConnection {
  const receiver: Partial<MysqlConnection> & { protocolError(message: string): never } = {
    config,
    clientEncoding,
    serverEncoding: clientEncoding,
    _mariadbExtendedMetadata: extendedMetadata,
    _handshakePacket: { capabilityFlags: 0 },
    protocolError(message) {
      throw new TypeError(message);
    },
  };
  return receiver as unknown as MysqlConnection;
}

/**
 * Gives the result to a command that was never sent, as if its packets had come: events, then the callback on the next
 * tick. To be called on a later tick than the call itself, so that whoever made it could listen.
 */
export function answerInto(
  command: ResultCommand,
  [rows, fields]: Result,
  protocol: Payload['protocol'],
): void {
  command._rows = [rows];
  command._fields = [fields];
  if (protocol === 'binary') command.emit('fields', fields, 0);
  else command.emit('fields', fields);
  const { onResult } = command;
  if (onResult) process.nextTick(() => onResult.call(command, null, rows, fields));
  else for (const row of rows) command.emit('result', row, 0);
  command.emit('end');
}
