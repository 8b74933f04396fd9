/** Decides what is advised about reasons that only Postgres has. */
import { type Advice, commonReasons } from '../advice.js';

export const postgresAdvice: Advice = {
  byReason: {
    ...commonReasons,
    cast: 'Give the value as a parameter of the type that is compared with, not as a text that is cast.',
    'column-type':
      'Select the other columns by name: that one has a type whose output may change by itself. Or declare nothing and let it be.',
    copy: '',
    cursor: 'Use a plain query where all rows are wanted.',
    execute: 'Use parameters or named statements of the driver instead of PREPARE and EXECUTE in SQL.',
    opaque:
      'Call it as a function whose body can be read (SQL or PL/pgSQL without EXECUTE), or declare what it does: effects: { name: { writes: [...] } }.',
    prepare: 'Use named statements of the driver instead of PREPARE in SQL.',
    'row-security':
      'Declare the settings that its policies look at (`sessions.key`), so that results are kept apart by them.',
    session:
      'Set it once for all connections of the pool: in the connection options, or by ALTER ROLE … SET.',
    'side-effects':
      'Declare what the function behind it does: effects: { name: { writes: [...] } }, or write it in SQL or PL/pgSQL without EXECUTE.',
    'system-column': 'Leave out ctid, xmin and their like.',
    tablesample: '',
    'text-too-long': 'Give the values as one array parameter: where id = any ($1).',
    'time-literal': 'Give a fixed date or time as a parameter.',
    'unknown-function': 'Create it, or name its schema.',
    'unknown-type': 'Create it, or name its schema.',
    'volatile-function':
      'Declare what the function does: effects: { name: { writes: [...] } }, or { reads: [...], stable: true } if the same arguments and rows give the same result; of random() and its like, choose in the application.',
  },
  namingRows: ', or return that column (RETURNING)',
};
