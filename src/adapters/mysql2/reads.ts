/** Decides what of a read is MySQL's: which values name rows, and in which form its result is kept. */
import type { ReadRequest } from '../../cache/engine.js';
import type { MysqlSession } from '../../sql/mysql/database.js';
import { type Read as AnyRead, type RunRead as AnyRunRead, requestOf as anyRequestOf } from '../reads.js';
import type { CachedStatement as AnyCachedStatement } from '../statements.js';
import { meantBy } from './keys.js';
import type { Payload } from './payload.js';
import type { Result } from './replay.js';
import { payloadCodec } from './stored-payload.js';

export type CachedStatement = AnyCachedStatement<Payload>;

/** `facts`: how packets are read. */
export type Read = Omit<AnyRead<MysqlSession, Payload>, 'codec'>;

export type RunRead = AnyRunRead<Payload, Result>;

export const requestOf = (
  { core, database, prefix, statement, key, values, facts, joins }: Read,
  run: RunRead,
): ReadRequest<Payload, Result> =>
  anyRequestOf(
    {
      core,
      database,
      prefix,
      statement,
      key,
      values: meantBy(values),
      facts: ` ${facts}`,
      codec: payloadCodec,
      joins,
    },
    run,
  );
