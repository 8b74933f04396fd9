/** Decides what `<container> HELP` says: it derives from the declarations. Knows no particular command. */
import type { Command } from './command.js';
import type { ArgumentDoc } from './command-arguments.js';
import { type Reply, Status } from './resp/reply.js';

export function helpOf(container: Command): Reply {
  const name = container.fullName.toUpperCase();
  const lines = [`${name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`];
  for (const { declaration } of container.subcommands.values()) {
    const words = [declaration.name.toUpperCase(), ...(declaration.arguments ?? []).map(syntaxOf)];
    lines.push(words.join(' '), `    ${declaration.summary}`);
  }
  return lines.map((line) => new Status(line));
}

function syntaxOf(argument: ArgumentDoc): string {
  const items = (argument.items ?? []).map(syntaxOf);
  const word = argument.token === undefined ? [] : [argument.token];
  const value =
    argument.type === 'oneof'
      ? items.join('|')
      : argument.type === 'block'
        ? items.join(' ')
        : `<${argument.name}>`;
  const syntax = (argument.type === 'pure-token' ? word : [...word, value]).join(' ');
  const repeated = argument.isMultiple === true ? `${syntax} [${syntax} ...]` : syntax;
  return argument.isOptional === true ? `[${repeated}]` : repeated;
}
