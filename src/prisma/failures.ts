/**
 * Decides as which of its kinds of errors Prisma is told what the database or the driver says. What is told of neither
 * (an error of the cache, a bug) is thrown as it is. Runs nothing.
 */

/** The parts that Prisma turns into its own codes, and what the server said. */
export type Failure = Readonly<Record<string, unknown>> & { readonly kind: string };

/** What Prisma takes for an error of an adapter: it goes by the name. */
class DriverAdapterError extends Error {
  override readonly name = 'DriverAdapterError';
  override readonly cause: Failure;

  constructor(failure: Failure) {
    super(typeof failure['message'] === 'string' ? failure['message'] : failure.kind);
    this.cause = failure;
  }
}

interface ServerError {
  readonly errno: number;
  readonly sqlMessage: string;
  readonly sqlState: string;
}

/** @returns what to throw */
export function failureOf(thrown: unknown): unknown {
  if (isServerError(thrown))
    return new DriverAdapterError({
      originalCode: String(thrown.errno),
      originalMessage: thrown.sqlMessage,
      ...kindOfServerError(thrown),
    });
  const failure = kindOfConnectionError(thrown);
  return failure === null ? thrown : new DriverAdapterError(failure);
}

function isServerError(thrown: unknown): thrown is ServerError {
  const { errno, sqlMessage, sqlState } = (thrown ?? {}) as Partial<Record<keyof ServerError, unknown>>;
  return typeof errno === 'number' && typeof sqlMessage === 'string' && typeof sqlState === 'string';
}

/** The n-th word, and of it what stands within quotes. */
const quoted = (word: string | undefined, quote = "'"): string | undefined => word?.split(quote).at(1);
const fields = (field: string | undefined): object | undefined =>
  field === undefined ? undefined : { fields: [field] };

/** Names are read out of messages exactly as Prisma's own adapter reads them. */
function kindOfServerError({ errno, sqlMessage, sqlState }: ServerError): Failure {
  const words = sqlMessage.split(' ');
  const last = quoted(words.at(-1));
  switch (errno) {
    case 1062:
      return uniqueViolation(last);
    case 1451:
    case 1452:
      return { kind: 'ForeignKeyConstraintViolation', constraint: fields(quoted(words.at(17), '`')) };
    case 1263:
      return {
        kind: 'NullConstraintViolation',
        constraint: last === undefined ? undefined : { index: last },
      };
    case 1264:
      return { kind: 'ValueOutOfRange', cause: sqlMessage };
    case 1364:
    case 1048:
      return { kind: 'NullConstraintViolation', constraint: fields(quoted(words.at(1))) };
    case 1049:
      return { kind: 'DatabaseDoesNotExist', db: last };
    case 1007:
      return { kind: 'DatabaseAlreadyExists', db: quoted(words.at(3)) };
    case 1044:
      return { kind: 'DatabaseAccessDenied', db: last };
    case 1045:
      return { kind: 'AuthenticationFailed', user: quoted(words.at(4)?.split('@').at(0)) };
    case 1146:
      return { kind: 'TableDoesNotExist', table: quoted(words.at(1))?.split('.').pop() };
    case 1054:
      return { kind: 'ColumnNotFound', column: quoted(words.at(2)) };
    case 1406:
      return { kind: 'LengthMismatch', column: words.flatMap((word) => word.split("'")).at(6) };
    case 1191:
      return { kind: 'MissingFullTextSearchIndex' };
    case 1213:
      return { kind: 'TransactionWriteConflict' };
    case 1040:
    case 1203:
      return { kind: 'TooManyConnections', cause: sqlMessage };
    default:
      return { kind: 'mysql', code: errno, message: sqlMessage, state: sqlState, cause: undefined };
  }
}

/** `index`, or `table.index` since MySQL 8. */
function uniqueViolation(key: string | undefined): Failure {
  const parts = key?.split('.');
  const index = parts?.at(-1);
  const table = parts !== undefined && parts.length > 1 ? parts.slice(0, -1).join('.') : undefined;
  return {
    kind: 'UniqueConstraintViolation',
    constraint: index === undefined ? undefined : { index },
    table,
  };
}

const unreachable = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN']);
const closed = new Set(['PROTOCOL_CONNECTION_LOST', 'ECONNRESET', 'EPIPE']);

/** Of the socket: the driver for MariaDB has numbers of its own for them, so Prisma's adapter has no kinds. */
function kindOfConnectionError(thrown: unknown): Failure | null {
  if (!(thrown instanceof Error)) return null;
  const { code, fatal, address, port } = thrown as Error & Readonly<Record<string, unknown>>;
  // A connection that was lost before it was asked has no code for it.
  if (typeof code !== 'string')
    return fatal === true ? { originalMessage: thrown.message, kind: 'ConnectionClosed' } : null;
  const original = { originalCode: code, originalMessage: thrown.message };
  if (unreachable.has(code))
    return {
      ...original,
      kind: 'DatabaseNotReachable',
      host: typeof address === 'string' ? address : undefined,
      port: typeof port === 'number' ? port : undefined,
    };
  if (closed.has(code)) return { ...original, kind: 'ConnectionClosed' };
  return code === 'ETIMEDOUT' ? { ...original, kind: 'SocketTimeout' } : null;
}
