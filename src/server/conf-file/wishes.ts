/** Decides what CONFIG REWRITE wants to have in a file: every parameter that is not what it was at first, and the users. */
import type { ServerContext } from '../command.js';
import { configParameters } from '../config-parameters.js';
import { valueText, type Wish } from './rewrite.js';

/** The values of all parameters, so that it can be seen later which were changed. */
export function valuesOf(server: ServerContext): Map<string, string> {
  return new Map(configParameters.map(({ name, get }) => [name, get(server)]));
}

export function wishesOf(server: ServerContext): Wish[] {
  const { standard, atStart } = server.settings.rewriting;
  const parameters = configParameters.map(({ name, aliases = [], isList, get }): Wish => {
    const value = get(server);
    const isChanged = value !== atStart.get(name) || server.settings.rewriting.byOption.has(name);
    const lines =
      name === 'client-output-buffer-limit'
        ? (value.match(/\S+ \S+ \S+ \S+/g) ?? [])
        : [isList === true && value !== '' ? value : valueText(value)];
    return {
      names: [name, ...aliases],
      lines,
      isUnchanged: !isChanged,
      isStandard: value === standard.get(name),
    };
  });
  return [...parameters, usersWish(server)];
}

/** Users stand in the file unless they have one of their own. */
function usersWish({ acl, settings }: ServerContext): Wish {
  const lines = settings.aclFile === null ? acl.lines.map((line) => line.replace(/^user /, '')) : [];
  return { names: ['user'], lines, isUnchanged: false, isStandard: false };
}
