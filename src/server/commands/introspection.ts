/** Decides what COMMAND tells about the commands: all of it derives from the declarations. */
import { type Bytes, byteString, copyOf } from '../byte-string.js';
import { argumentAt, SYNTAX_ERROR, wordAt } from '../call.js';
import type { Call, Command, CommandDeclaration, ServerContext } from '../command.js';
import { type ArgumentDoc, argument, multiple, oneOf, optional } from '../command-arguments.js';
import { commandFlags } from '../command-flags.js';
import { helpOf } from '../command-help.js';
import { globMatcher } from '../glob.js';
import { type FoundKey, findKeys, type KeySpec, keyRangeOf } from '../key-specs.js';
import { ErrorReply, fail, MapReply, type Reply, SetReply, Status } from '../resp/reply.js';

export const introspectionCommands: readonly CommandDeclaration[] = [
  {
    name: 'command',
    arity: -1,
    flags: ['loading', 'stale'],
    categories: ['connection'],
    tips: ['nondeterministic_output_order'],
    summary: 'Get array of Redis command details',
    since: '2.8.13',
    group: 'server',
    complexity: 'O(N) where N is the total number of Redis commands',
    run: command,
    subcommands: [
      {
        name: 'count',
        arity: 2,
        flags: ['loading', 'stale'],
        categories: ['connection'],
        summary: 'Get total number of Redis commands',
        since: '2.8.13',
        group: 'server',
        complexity: 'O(1)',
        run: count,
      },
      {
        name: 'info',
        arity: -2,
        flags: ['loading', 'stale'],
        categories: ['connection'],
        tips: ['nondeterministic_output_order'],
        summary: 'Get array of specific Redis command details, or all when no argument is given.',
        since: '2.8.13',
        group: 'server',
        complexity: 'O(N) where N is the number of commands to look up',
        arguments: [argument('command-name', 'string', { ...optional, ...multiple })],
        run: info,
      },
      {
        name: 'docs',
        arity: -2,
        flags: ['loading', 'stale'],
        categories: ['connection'],
        tips: ['nondeterministic_output_order'],
        summary: 'Get array of specific Redis command documentation',
        since: '7.0.0',
        group: 'server',
        complexity: 'O(N) where N is the number of commands to look up',
        arguments: [argument('command-name', 'string', { ...optional, ...multiple })],
        run: docs,
      },
      {
        name: 'getkeys',
        arity: -4,
        flags: ['loading', 'stale'],
        categories: ['connection'],
        summary: 'Extract keys given a full Redis command',
        since: '2.8.13',
        group: 'server',
        complexity: 'O(N) where N is the number of arguments to the command',
        run: getkeys,
      },
      {
        name: 'getkeysandflags',
        arity: -4,
        flags: ['loading', 'stale'],
        categories: ['connection'],
        summary: 'Extract keys and access flags given a full Redis command',
        since: '7.0.0',
        group: 'server',
        complexity: 'O(N) where N is the number of arguments to the command',
        run: getkeysandflags,
      },
      {
        name: 'list',
        arity: -2,
        flags: ['loading', 'stale'],
        categories: ['connection'],
        tips: ['nondeterministic_output_order'],
        summary: 'Get an array of Redis command names',
        since: '7.0.0',
        group: 'server',
        complexity: 'O(N) where N is the total number of Redis commands',
        arguments: [
          oneOf(
            'filterby',
            [
              argument('module-name', 'string', { token: 'MODULE' }),
              argument('category', 'string', { token: 'ACLCAT' }),
              argument('pattern', 'pattern', { token: 'PATTERN' }),
            ],
            { token: 'FILTERBY', ...optional },
          ),
        ],
        run: list,
      },
      {
        name: 'help',
        arity: 2,
        flags: ['loading', 'stale'],
        categories: ['connection'],
        summary: 'Show helpful text about the different subcommands',
        since: '5.0.0',
        group: 'server',
        complexity: 'O(1)',
        run: help,
      },
    ],
  },
];

function command({ server }: Call): Reply {
  return server.commands.all.map(infoOf);
}

function count({ server }: Call): Reply {
  return server.commands.all.length;
}

function info({ args, server }: Call): Reply {
  if (args.length === 2) return server.commands.all.map(infoOf);
  return args.slice(2).map((name) => {
    const found = findByFullName(server, name);
    return found === undefined ? null : infoOf(found);
  });
}

function docs({ args, server }: Call): Reply {
  const commands =
    args.length === 2
      ? server.commands.all
      : args.slice(2).flatMap((name) => findByFullName(server, name) ?? []);
  return new MapReply(commands.flatMap((found) => [found.fullName, docsOf(found)]));
}

function list({ args, server }: Call): Reply {
  let isListed: (command: Command) => boolean = () => true;
  if (args.length !== 2) {
    if (args.length !== 5 || wordAt(args, 2) !== 'FILTERBY') return SYNTAX_ERROR;
    const value = byteString(argumentAt(args, 4));
    const filter = filterBy(wordAt(args, 3), value);
    if (filter === null) return SYNTAX_ERROR;
    isListed = filter;
  }
  const names: string[] = [];
  for (const command of server.commands.all)
    for (const candidate of [command, ...command.subcommands.values()])
      if ((candidate.parent === null || args.length !== 2) && isListed(candidate))
        names.push(candidate.fullName);
  return names;
}

function filterBy(word: string, value: string): ((command: Command) => boolean) | null {
  if (word === 'MODULE') return () => false;
  if (word === 'ACLCAT') return ({ categories }) => categories.some((name) => name === value.toLowerCase());
  if (word !== 'PATTERN') return null;
  const matches = globMatcher(value, { ignoreCase: true });
  return ({ fullName }) => matches(fullName);
}

function getkeys(call: Call): Reply {
  const keys = keysOfCall(call);
  return keys instanceof ErrorReply ? keys : keys.map(({ key }) => copyOf(key));
}

function getkeysandflags(call: Call): Reply {
  const keys = keysOfCall(call);
  if (keys instanceof ErrorReply) return keys;
  return keys.map(({ key, flags }) => [copyOf(key), new SetReply(flags.map((flag) => new Status(flag)))]);
}

function keysOfCall({ args, server }: Call): FoundKey[] | ErrorReply {
  const rest = args.slice(2);
  const found = server.commands.find(byteString(argumentAt(rest, 0)));
  const sub = rest[1] && byteString(rest[1]).toLowerCase();
  const command = found?.subcommands.get(sub ?? '') ?? found;
  if (command === undefined || (command === found && command.subcommands.size > 0 && sub !== undefined))
    return fail('Invalid command specified');
  const { keys } = command.declaration;
  if (keys === undefined || keys.every(({ flags }) => flags.includes('not_key')))
    return fail('The command has no key arguments');
  if (!command.acceptsCount(rest.length)) return fail('Invalid number of arguments specified for command');
  const { findKeys: find = (args) => findKeys(keys, args) } = command.declaration;
  return find(rest) ?? fail('Invalid arguments specified for command');
}

function help({ server }: Call): Reply {
  const container = server.commands.find('command');
  return container === undefined ? [] : helpOf(container);
}

function findByFullName(server: ServerContext, name: Bytes): Command | undefined {
  const [container = '', sub, ...more] = byteString(name).toLowerCase().split('|');
  const found = server.commands.find(container);
  return sub === undefined || more.length > 0
    ? more.length > 0
      ? undefined
      : found
    : found?.subcommands.get(sub);
}

function infoOf(command: Command): Reply {
  const { declaration, categories, subcommands } = command;
  const range = keyRangeOf(declaration.keys ?? []);
  const flags = commandFlags.filter((flag) => declaration.flags.includes(flag));
  return [
    command.fullName,
    declaration.arity,
    new SetReply([...flags, ...(range.isMovable ? ['movablekeys'] : [])].map((flag) => new Status(flag))),
    range.first,
    range.last,
    range.step,
    new SetReply(categories.map((category) => new Status(`@${category}`))),
    new SetReply((declaration.tips ?? []).map((tip) => tip)),
    new SetReply((declaration.keys ?? []).map(keySpecOf)),
    // None is an empty set, some are an array: so it is in Redis.
    subcommands.size === 0 ? new SetReply([]) : [...subcommands.values()].map(infoOf),
  ];
}

function keySpecOf(spec: KeySpec): Reply {
  return new MapReply([
    ...(spec.notes === undefined ? [] : ['notes', spec.notes]),
    'flags',
    new SetReply(spec.flags.map((flag) => new Status(flag))),
    'begin_search',
    beginSearchOf(spec),
    'find_keys',
    findKeysOf(spec),
  ]);
}

function beginSearchOf({ begin }: KeySpec): Reply {
  if (begin === 'unknown') return new MapReply(['type', 'unknown', 'spec', new MapReply([])]);
  return typeof begin === 'number'
    ? new MapReply(['type', 'index', 'spec', new MapReply(['index', begin])])
    : new MapReply([
        'type',
        'keyword',
        'spec',
        new MapReply(['keyword', begin.keyword, 'startfrom', begin.startFrom]),
      ]);
}

function findKeysOf({ begin, last, step, limit = 0 }: KeySpec): Reply {
  if (begin === 'unknown') return new MapReply(['type', 'unknown', 'spec', new MapReply([])]);
  const details =
    last === 'counted'
      ? ['keynumidx', 0, 'firstkey', 1, 'keystep', step]
      : ['lastkey', last, 'keystep', step, 'limit', limit];
  return new MapReply(['type', last === 'counted' ? 'keynum' : 'range', 'spec', new MapReply(details)]);
}

function docsOf(command: Command): Reply {
  const { declaration, subcommands } = command;
  const flat: Reply[] = [
    'summary',
    declaration.summary,
    'since',
    declaration.since,
    'group',
    declaration.group,
  ];
  if (declaration.complexity !== '') flat.push('complexity', declaration.complexity);
  const { deprecated } = declaration;
  if (declaration.isSystemCommand === true) flat.push('doc_flags', new SetReply([new Status('syscmd')]));
  if (deprecated !== undefined)
    flat.push(
      'doc_flags',
      new SetReply([new Status('deprecated')]),
      'deprecated_since',
      deprecated.since,
      'replaced_by',
      deprecated.replacedBy,
    );
  if (declaration.arguments !== undefined) flat.push('arguments', declaration.arguments.map(argumentDocOf));
  if (subcommands.size > 0)
    flat.push(
      'subcommands',
      new MapReply([...subcommands.values()].flatMap((sub) => [sub.fullName, docsOf(sub)])),
    );
  return new MapReply(flat);
}

function argumentDocOf(argument: ArgumentDoc): Reply {
  const flat: Reply[] = ['name', argument.name, 'type', argument.type];
  if (argument.keySpecIndex !== undefined) flat.push('key_spec_index', argument.keySpecIndex);
  if (argument.token !== undefined) flat.push('token', argument.token);
  if (argument.since !== undefined) flat.push('since', argument.since);
  if (argument.deprecatedSince !== undefined) flat.push('deprecated_since', argument.deprecatedSince);
  const flags = [
    ...(argument.isOptional === true ? ['optional'] : []),
    ...(argument.isMultiple === true ? ['multiple'] : []),
    ...(argument.isTokenRepeated === true ? ['multiple_token'] : []),
  ];
  if (flags.length > 0) flat.push('flags', new SetReply(flags.map((flag) => new Status(flag))));
  if (argument.items !== undefined) flat.push('arguments', argument.items.map(argumentDocOf));
  return new MapReply(flat);
}
