/** Decides OBJECT: how a value is held and how a key was used. */
import { keyAt } from '../call.js';
import type { Call, CommandDeclaration } from '../command.js';
import { keyArgument } from '../command-arguments.js';
import { parseInteger } from '../integers.js';
import { keyAtIndex } from '../key-specs.js';
import { Container } from '../keyspace/container.js';
import type { Entry } from '../keyspace/entry.js';
import { fail, type Reply, Status } from '../resp/reply.js';
import { stringEncodingOf } from '../string-values.js';

export const objectCommands: readonly CommandDeclaration[] = [
  {
    name: 'object',
    arity: -2,
    flags: [],
    summary: 'A container for object introspection commands',
    since: '2.2.3',
    group: 'generic',
    complexity: 'Depends on subcommand.',
    subcommands: [
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        categories: ['keyspace'],
        summary: 'Show helpful text about the different subcommands',
        since: '6.2.0',
        group: 'generic',
        complexity: 'O(1)',
        run: help,
      },
      {
        name: 'freq',
        arity: 3,
        flags: ['readonly'],
        categories: ['keyspace'],
        tips: ['nondeterministic_output'],
        keys: [keyAtIndex(2, ['RO'])],
        summary: 'Get the logarithmic access frequency counter of a Redis object',
        since: '4.0.0',
        group: 'generic',
        complexity: 'O(1)',
        arguments: [keyArgument()],
        run: freq,
      },
      {
        name: 'encoding',
        arity: 3,
        flags: ['readonly'],
        categories: ['keyspace'],
        tips: ['nondeterministic_output'],
        keys: [keyAtIndex(2, ['RO'])],
        summary: 'Inspect the internal encoding of a Redis object',
        since: '2.2.3',
        group: 'generic',
        complexity: 'O(1)',
        arguments: [keyArgument()],
        run: encoding,
      },
      {
        name: 'idletime',
        arity: 3,
        flags: ['readonly'],
        categories: ['keyspace'],
        tips: ['nondeterministic_output'],
        keys: [keyAtIndex(2, ['RO'])],
        summary: 'Get the time since a Redis object was last accessed',
        since: '2.2.3',
        group: 'generic',
        complexity: 'O(1)',
        arguments: [keyArgument()],
        run: idletime,
      },
      {
        name: 'refcount',
        arity: 3,
        flags: ['readonly'],
        categories: ['keyspace'],
        tips: ['nondeterministic_output'],
        keys: [keyAtIndex(2, ['RO'])],
        summary: 'Get the number of references to the value of the key',
        since: '2.2.3',
        group: 'generic',
        complexity: 'O(1)',
        arguments: [keyArgument()],
        run: refcount,
      },
    ],
  },
];

/** Small integers are one object for all that hold them, which says so instead of counting. */
const SHARED_INTEGERS = 10_000;
const SHARED_REFERENCES = 2_147_483_647;

const helpLines = [
  'OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:',
  'ENCODING <key>',
  '    Return the kind of internal representation used in order to store the value',
  '    associated with a <key>.',
  'FREQ <key>',
  '    Return the access frequency index of the <key>. The returned integer is',
  '    proportional to the logarithm of the recent access frequency of the key.',
  'IDLETIME <key>',
  '    Return the idle time of the <key>, that is the approximated number of',
  '    seconds elapsed since the last access to the key.',
  'REFCOUNT <key>',
  '    Return the number of references of the value associated with the specified',
  '    <key>.',
  'HELP',
  '    Prints this help.',
];

function help(): Reply {
  return helpLines.map((line) => new Status(line));
}

function find({ args, db }: Call): Entry | undefined {
  return db.peek(keyAt(args, 2));
}

function encoding(call: Call): Reply {
  const entry = find(call);
  if (entry === undefined) return null;
  const { value } = entry;
  return value instanceof Container ? value.encoding : stringEncodingOf(value);
}

function refcount(call: Call): Reply {
  const entry = find(call);
  if (entry === undefined) return null;
  const { value } = entry;
  const { memory } = call.server.settings;
  const mayShare = memory.maxBytes === 0 || !/lru|lfu/.test(memory.policy);
  const integer = mayShare && typeof value === 'string' ? parseInteger(value) : null;
  return integer !== null && integer >= 0 && integer < SHARED_INTEGERS ? SHARED_REFERENCES : 1;
}

function idletime(call: Call): Reply {
  const entry = find(call);
  if (entry === undefined) return null;
  if (countsFrequency(call))
    return fail(
      'An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.',
    );
  return call.db.idleSeconds(entry);
}

function freq(call: Call): Reply {
  const entry = find(call);
  if (entry === undefined) return null;
  if (!countsFrequency(call))
    return fail(
      'An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.',
    );
  return call.db.frequency(entry);
}

function countsFrequency({ server }: Call): boolean {
  return server.settings.memory.policy.endsWith('lfu');
}
