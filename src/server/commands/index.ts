/** Decides which commands there are. */
import type { CommandDeclaration } from '../command.js';
import { aclCommands } from './acl.js';
import { bitfieldCommands } from './bitmap-fields.js';
import { bitmapCommands } from './bitmaps.js';
import { clientCommands } from './client.js';
import { configCommands } from './config.js';
import { connectionCommands } from './connection.js';
import { counterCommands } from './counters.js';
import { debugCommands } from './debug.js';
import { dumpCommands } from './dump.js';
import { expireCommands } from './expire.js';
import { genericCommands } from './generic.js';
import { objectCommands } from './generic-object.js';
import { geoCommands } from './geo.js';
import { geoSearchCommands } from './geo-search.js';
import { hashCommands } from './hash.js';
import { hashFieldCommands } from './hash-fields.js';
import { hyperLogLogCommands } from './hyperloglog.js';
import { introspectionCommands } from './introspection.js';
import { keyCommands } from './keys.js';
import { latencyCommands } from './latency.js';
import { listCommands } from './list.js';
import { listEditCommands } from './list-edit.js';
import { listMoveCommands } from './list-move.js';
import { memoryCommands } from './memory.js';
import { observingCommands } from './observing.js';
import { persistenceCommands } from './persistence.js';
import { pubsubCommands } from './pubsub.js';
import { serverCommands } from './server.js';
import { setCommands } from './set.js';
import { setAlgebraCommands } from './set-algebra.js';
import { slowlogCommands } from './slowlog.js';
import { sortCommands } from './sort.js';
import { sortedSetCommands } from './sorted-set.js';
import { sortedSetAlgebraCommands } from './sorted-set-algebra.js';
import { sortedSetPopCommands } from './sorted-set-pop.js';
import { sortedSetRangeCommands } from './sorted-set-ranges.js';
import { streamEntryCommands } from './stream-entries.js';
import { streamGroupCommands } from './stream-groups.js';
import { streamInfoCommands } from './stream-info.js';
import { streamPendingCommands } from './stream-pending.js';
import { streamReadCommands } from './stream-read.js';
import { stringCommands } from './strings.js';
import { getexCommands } from './strings-getex.js';
import { lcsCommands } from './strings-lcs.js';
import { moreStringCommands } from './strings-more.js';
import { transactionCommands } from './transactions.js';

export const allCommands: readonly CommandDeclaration[] = [
  ...connectionCommands,
  ...clientCommands,
  ...keyCommands,
  ...expireCommands,
  ...genericCommands,
  ...objectCommands,
  ...dumpCommands,
  ...sortCommands,
  ...stringCommands,
  ...moreStringCommands,
  ...getexCommands,
  ...lcsCommands,
  ...bitmapCommands,
  ...bitfieldCommands,
  ...hyperLogLogCommands,
  ...geoCommands,
  ...geoSearchCommands,
  ...streamEntryCommands,
  ...streamReadCommands,
  ...streamGroupCommands,
  ...streamPendingCommands,
  ...streamInfoCommands,
  ...counterCommands,
  ...hashCommands,
  ...hashFieldCommands,
  ...listCommands,
  ...listEditCommands,
  ...listMoveCommands,
  ...setCommands,
  ...setAlgebraCommands,
  ...sortedSetCommands,
  ...sortedSetRangeCommands,
  ...sortedSetAlgebraCommands,
  ...sortedSetPopCommands,
  ...transactionCommands,
  ...persistenceCommands,
  ...pubsubCommands,
  ...serverCommands,
  ...aclCommands,
  ...configCommands,
  ...introspectionCommands,
  ...latencyCommands,
  ...memoryCommands,
  ...observingCommands,
  ...slowlogCommands,
  ...debugCommands,
];
