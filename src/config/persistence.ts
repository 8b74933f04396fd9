/** Decides the options that say what of the embedded server outlives the process, and which belong to which kind. */
import { z } from 'zod';
import { count, size, text, word } from './fields.js';

const base = z.strictObject({
  kind: word(['none', 'rdb', 'aof', 'rdb+aof'])
    .default('none')
    .describe(
      'none: the cache ends with the process. rdb: snapshots of all of it. aof: every change as it is made. rdb+aof: both.',
    ),
  dir: text('the path of a folder')
    .optional()
    .describe('The folder of its files. One server has it to itself.'),
  save: z
    .array(
      z.strictObject({
        seconds: count(1).describe('When so many seconds have passed since the last snapshot'),
        changes: count(1).describe('and there were so many changes.'),
      }),
      'must be a list of { seconds, changes }',
    )
    .optional()
    .describe(
      'Of rdb and rdb+aof: when a snapshot is taken, beside the one at the end. Default: 3600 and 1, 300 and 100, 60 and 10000.',
    ),
  fsync: word(['always', 'everysec', 'no'])
    .optional()
    .describe(
      'Of aof and rdb+aof: when a change is made to last. always: before it is answered. everysec: within the second. no: when the system likes. Default: everysec.',
    ),
  rewrite: z
    .strictObject({
      percentage: count(0)
        .optional()
        .describe('By how much it has to grow until it is written anew; 0: never. Default: 100.'),
      min: size(1).optional().describe('From which size on. Default: 64mb.'),
    })
    .optional()
    .describe('Of aof and rdb+aof: when the file is written anew.'),
});

type Given = z.output<typeof base>;

const keysOf: Readonly<Record<Given['kind'], readonly (keyof Given)[]>> = {
  none: [],
  rdb: ['dir', 'save'],
  aof: ['dir', 'fsync', 'rewrite'],
  'rdb+aof': ['dir', 'save', 'fsync', 'rewrite'],
};

export const persistenceSchema = base.superRefine((given, context) => {
  const refuse = (key: keyof Given, message: string): void =>
    context.addIssue({ code: 'custom', path: [key], message });
  for (const key of Object.keys(given) as (keyof Given)[])
    if (key !== 'kind' && given[key] !== undefined && !keysOf[given.kind].includes(key))
      refuse(key, `must not be given where persistence.kind is '${given.kind}'`);
  if (given.kind !== 'none' && given.dir === undefined)
    refuse('dir', `is needed where persistence.kind is '${given.kind}'`);
});

export type PersistenceConfig = Given;
