/** Decides how a server takes its parameters before it runs, in order, and what else a file may say. */
import { LookasideError } from '../errors.js';
import { readAclFile } from './acl/acl-file.js';
import type { ServerContext } from './command.js';
import { findParameter } from './config-parameters.js';

export type StartParameter = readonly [name: string, value: string];

/** A parameter that was not honoured. */
export class ParameterError extends LookasideError {
  constructor(
    /** Which of those given it was, or -1 for all of them together. */
    readonly index: number,
    readonly problem: string,
    detail: string,
  ) {
    super('CONFIG_INVALID', detail);
  }
}

/** @throws ParameterError */
export function startParameters(server: ServerContext, parameters: readonly StartParameter[]): void {
  const users = new Set<string>();
  for (const [index, [name, value]] of parameters.entries()) {
    const problem = startOne(server, name.toLowerCase(), value, users);
    if (problem !== null) throw new ParameterError(index, problem, `${name} ${value}: ${problem}`);
  }
  const { aclFile } = server.settings;
  if (aclFile === null) return;
  const text = readAclFile(aclFile);
  const loaded = 'problem' in text ? text : server.acl.load(text.text, aclFile);
  const problem = users.size > 0 ? USERS_TWICE : 'problem' in loaded ? loaded.problem : null;
  if (problem !== null) throw new ParameterError(-1, problem, problem);
}

const USERS_TWICE =
  'Configuring Redis with users defined in redis.conf and at the same setting an ACL file path is invalid. This setup is very likely to lead to configuration errors and security holes, please define either an ACL file or declare users directly in your redis.conf, but not both.';

function startOne(server: ServerContext, name: string, value: string, users: Set<string>): string | null {
  switch (name) {
    case 'user':
      return startUser(server, value.split(' '), users);
    case 'rename-command': {
      const [command = '', other = ''] = value.split(' ');
      return server.commands.rename(command, other);
    }
    case 'loadmodule':
      return 'this version loads no modules';
    default: {
      const parameter = findParameter(name);
      if (parameter === undefined) return 'Bad directive or wrong number of arguments';
      const { set, start = typeof set === 'string' ? undefined : set } = parameter;
      return start === undefined ? 'it cannot be set' : start(server, value);
    }
  }
}

function startUser(server: ServerContext, words: readonly string[], users: Set<string>): string | null {
  const [name = '', ...rules] = words;
  const told = `Error in user declaration '${name}': `;
  if (users.has(name)) return `${told}Duplicate user found. A user can only be defined once in config files`;
  users.add(name);
  const change = server.acl.change(name, name === 'default' ? ['reset', ...rules] : rules);
  if (!('problem' in change)) return null;
  return told + change.problem.replace(/^Error in ACL SETUSER modifier '.*?': /, '');
}
