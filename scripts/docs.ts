/**
 * Decides how docs/config.md is written from the configuration's schema, and that docs/commands.md is written beside it.
 * Decides nothing about the options.
 */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';
import { listOptions, variableOf } from '../src/config/environment.js';
import { configSchema } from '../src/config/schema.js';
import { commandDocument } from './lib/command-document.js';

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs');

const introduction = `# Configuration

<!-- Written by \`npm run docs\` from src/config/schema.ts; test/tidy.test.ts checks that it is up to date. -->

\`createCache(config)\` takes an object with these options. All of them are optional. An unknown option, a value that
is not allowed and options that contradict each other are an error (\`LOOKASIDE_CONFIG_INVALID\`) that names the option
and says what is allowed; so is a value that a later version may know and this one cannot honour.

Each option can also be set by the environment variable beside it, which wins over the code. Lists are separated by
commas there. A \`LOOKASIDE_*\` variable that is no option is an error, except \`LOOKASIDE_TEST_*\`.

A duration is a number of milliseconds or a text like \`'500ms'\`, \`'30s'\`, \`'5m'\`, \`'2h'\`, \`'1d'\`. A size is a number
of bytes or a text like \`'512kb'\`, \`'256mb'\`, \`'1gb'\`.
`;

interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
}

/** The whole text of docs/config.md. */
export function configDocument(): string {
  const rows = listOptions().map((option) => {
    const nodes = nodesAlong(option.path);
    const { meaning, computedDefault } = splitDescription(option.description);
    const allowed = allowedAt(option.path);
    return {
      group: option.path.length === 1 ? '' : (option.path[0] ?? ''),
      cells: [
        `\`${option.path.join('.')}\``,
        computedDefault ?? defaultOf(nodes, option.path, allowed),
        allowed.replaceAll('|', '\\|'),
        meaning,
        `\`${variableOf(option)}\``,
      ],
    };
  });
  const groups = [...new Set(rows.map((row) => row.group))];
  const sections = groups.map((group) => {
    const table = [
      '| Option | Default | Allowed | What it does | Variable |',
      '| --- | --- | --- | --- | --- |',
      ...rows.filter((row) => row.group === group).map((row) => `| ${row.cells.join(' | ')} |`),
    ].join('\n');
    if (group === '') return table;
    const description = nodesAlong([group])[1]?.description;
    return [`## \`${group}\``, ...(description === undefined ? [] : [description]), table].join('\n\n');
  });
  return `${[introduction.trimEnd(), ...sections].join('\n\n')}\n`;
}

/** The schema's nodes from the top down to the option. */
function nodesAlong(path: readonly string[]): SchemaNode[] {
  const nodes = [z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as SchemaNode];
  for (const name of path) nodes.push(nodes.at(-1)?.properties?.[name] ?? {});
  return nodes;
}

/** A default that depends on the machine cannot be read off here: its description says it in words. */
function splitDescription(description: string): { meaning: string; computedDefault: string | null } {
  const [meaning = '', computedDefault] = description.split(/ ?Default: /);
  return { meaning, computedDefault: computedDefault?.replace(/\.$/, '') ?? null };
}

function defaultOf(nodes: readonly SchemaNode[], path: readonly string[], allowed: string): string {
  // What is filled in; or, inside an option that is absent by default, what would be.
  const value = path.reduce<unknown>(property, configSchema.parse({})) ?? nodes.at(-1)?.default;
  return value === undefined ? '' : shown(value, allowed);
}

const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

function shown(value: unknown, allowed: string): string {
  if (typeof value === 'number' && allowed.startsWith('a duration'))
    return `\`'${withUnit(value, durationUnits)}'\``;
  if (typeof value === 'number' && allowed.startsWith('a size')) return `\`'${withUnit(value, sizeUnits)}'\``;
  return `\`${typeof value === 'string' ? `'${value}'` : JSON.stringify(value)}\``;
}

const durationUnits = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
const sizeUnits = { gb: 1_073_741_824, mb: 1_048_576, kb: 1_024, b: 1 };

function withUnit(amount: number, units: Readonly<Record<string, number>>): string {
  const [unit = '', factor = 1] = Object.entries(units).find(([, each]) => amount % each === 0) ?? [];
  return `${amount / factor}${unit}`;
}

/** What the schema itself says to somebody who got the option wrong. */
function allowedAt(path: readonly string[]): string {
  const messages = [null, '']
    .map((wrong) => complaintAbout(path, wrong))
    .filter((message) => message !== undefined);
  const message = messages.find((each) => !/^(Invalid input|Too small)/.test(each)) ?? messages[0] ?? '';
  const least = Number(/at least (\d+) (ms|bytes)$/.exec(message)?.[1]);
  if (message.includes('milliseconds')) return `a duration, at least ${withUnit(least, durationUnits)}`;
  if (message.includes('bytes')) return `a size, at least ${withUnit(least, sizeUnits)}`;
  const plain = /^Invalid input: expected (\w+)/.exec(message)?.[1];
  return plain === undefined ? message.replace(/^must be /, '') : `a ${plain}`;
}

function complaintAbout(path: readonly string[], wrong: unknown): string | undefined {
  const config = path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), wrong);
  const issues = configSchema.safeParse(config).error?.issues ?? [];
  return issues.find((issue) => issue.path.join('.') === path.join('.'))?.message;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(join(folder, 'config.md'), configDocument());
  writeFileSync(join(folder, 'commands.md'), commandDocument());
}
