/** Decides what is advised about reasons that only MySQL and MariaDB have. */
import { type Advice, commonReasons } from '../advice.js';

const declared =
  'Declare what it does: effects: { name: { writes: [...] } }, or { reads: [...], stable: true } if the same arguments and rows give the same result.';

export const mysqlAdvice: Advice = {
  byReason: {
    ...commonReasons,
    'auto-is-null': 'Leave sql_auto_is_null off, as it is by default.',
    default: 'Give the value instead of DEFAULT(column).',
    engine: 'Only tables of InnoDB are cached: alter table … engine = InnoDB.',
    execute: 'Use execute() of the driver instead of PREPARE and EXECUTE in SQL.',
    'found-rows': 'Count by a query of its own, select count(*) …, instead of SQL_CALC_FOUND_ROWS.',
    'full-text': 'Read it through cache.getOrSet with the tables it depends on.',
    'hidden-triggers':
      'Grant the privilege TRIGGER on that schema, which shows its triggers: grant trigger on its_name.* to this_user.',
    'hidden-view':
      'Grant the privilege SHOW VIEW on that schema: grant show view on its_name.* to this_user. Or query the tables below the view.',
    into: 'Take the result as rows instead of INTO.',
    opaque:
      'If it calls a procedure, declare what that does: effects: { name: { writes: [...] } }. What is not known, a misspelt word say, counts as the worst.',
    'own-settings': 'Set it for all connections of the pool instead of SET STATEMENT … FOR.',
    prepare: 'Use execute() of the driver instead of PREPARE in SQL.',
    'rows-examined': 'Leave out ROWS EXAMINED.',
    sequence: '',
    session:
      "Set it once for all connections of the pool: pool.on('connection', …), or in the configuration of the server.",
    'side-effects':
      'Write the trigger in plain statements, IF and variables (no CALL, loops, cursors or PREPARE); name tables, not views.',
    'stored-function': declared,
    'system-variable': 'Give the value as a parameter.',
    'table-lock': 'Lock rows in a transaction, SELECT … FOR UPDATE, instead of whole tables.',
    'time-of-day':
      'Select columns of type TIME as they are, and compute with them in the application: the server may read them as times of today.',
    'unknown-function': declared,
    'user-variable': 'Give the value as a parameter.',
    'version-comment': 'Write it without comments that some servers run: /*! … */.',
    'virtual-column':
      'Leave the clock, chance and the session out of the expressions of its virtual columns, or keep their values (STORED).',
    versioned: 'Read it through cache.getOrSet with a ttl of its own.',
  },
  namingRows: '',
};
