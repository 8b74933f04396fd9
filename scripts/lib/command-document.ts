/** Decides how docs/commands.md is written from the server's declarations. Decides nothing about the commands. */
import type { CommandDeclaration } from '../../src/server/command.js';
import { allCommands } from '../../src/server/commands/index.js';
import { redisCommands } from './redis-commands.js';

const introduction = `# Commands of the server

<!-- Written by \`npm run docs\` from the declarations in src/server/commands; test/tidy.test.ts checks that it is up to date. -->

Every command of Redis 7.0.15 and whether the server has it. What it has takes the arguments, gives the replies and
raises the errors of the real one: the compat suite compares both, command by command. What it does not have answers as
an unknown command.
`;

/** Why not yet. The first whose pattern fits tells it. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/^(eval|evalsha|fcall|script|function)/, 'scripts and functions come in a later version'],
  [/^(cluster|asking|readonly|readwrite)/, 'cluster nodes come in a later version'],
  [/^(replicaof|slaveof|psync|sync|replconf|wait|failover)/, 'replication comes in a later version'],
  [/^(save|bgsave|bgrewriteaof|lastsave)/, 'nothing is saved to disk yet'],
  [/^(migrate|restore-asking)/, 'it moves keys between cluster nodes, which come in a later version'],
  [/^module/, 'modules are shared libraries for redis-server'],
  [/^(pfselftest)/, "it tests redis-server's own code"],
];

/** Commands of a later Redis that clients of today send. */
const later: readonly string[] = ['client|setinfo'];

const titles: Readonly<Record<string, string>> = {
  generic: 'Keys',
  string: 'Strings',
  bitmap: 'Bitmaps',
  list: 'Lists',
  set: 'Sets',
  'sorted-set': 'Sorted sets',
  hash: 'Hashes',
  hyperloglog: 'HyperLogLog',
  geo: 'Geo',
  stream: 'Streams',
  pubsub: 'Pub/sub',
  transactions: 'Transactions',
  connection: 'Connections',
  server: 'Server',
  scripting: 'Scripts',
  cluster: 'Cluster',
};

/** The whole text of docs/commands.md. */
export function commandDocument(): string {
  const known = declarationsByName();
  const all = Object.values(redisCommands).flatMap((names) => names.split(' '));
  const have = all.filter((name) => known.has(name)).length;
  const summary = `Of its ${all.length} commands and subcommands ${have} are here. From later versions: ${later.map(shown).join(', ')}.`;
  const sections = Object.entries(redisCommands).map(([group, names]) => {
    const rows = names.split(' ').map((name) => row(name, known.get(name)));
    return [
      `## ${titles[group] ?? group}`,
      '',
      '| Command | | What it does |',
      '| --- | --- | --- |',
      ...rows,
    ].join('\n');
  });
  return `${[introduction.trimEnd(), summary, ...sections].join('\n\n')}\n`;
}

function declarationsByName(): Map<string, CommandDeclaration> {
  const known = new Map<string, CommandDeclaration>();
  for (const declaration of allCommands) {
    known.set(declaration.name, declaration);
    for (const sub of declaration.subcommands ?? []) known.set(`${declaration.name}|${sub.name}`, sub);
  }
  return known;
}

function row(name: string, declaration: CommandDeclaration | undefined): string {
  const [state, text] =
    declaration === undefined
      ? ['not yet', reasonFor(name)]
      : ['yes', declaration.summary.trim().replace(/\.$/, '')];
  return `| ${shown(name)} | ${state} | ${text.replaceAll('|', '\\|')} |`;
}

function reasonFor(name: string): string {
  const reason = reasons.find(([pattern]) => pattern.test(name))?.[1];
  return reason ?? 'it is being written';
}

function shown(name: string): string {
  return `\`${name.toUpperCase().replace('|', ' ')}\``;
}
