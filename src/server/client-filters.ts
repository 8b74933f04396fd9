/** Decides which clients CLIENT KILL and CLIENT LIST mean. Knows nothing of what is done to them. */
import type { AccessControl } from './acl/access-control.js';
import { type Bytes, byteString } from './byte-string.js';
import { cString, SYNTAX_ERROR, wordAt } from './call.js';
import type { Client } from './client.js';
import { integerOf } from './integers.js';
import { ErrorReply, fail } from './resp/reply.js';

export type ClientType = 'normal' | 'master' | 'replica' | 'pubsub';

export function clientType(arg: Bytes): ClientType | ErrorReply {
  const word = byteString(arg).toLowerCase();
  if (word === 'slave') return 'replica';
  if (word === 'normal' || word === 'master' || word === 'replica' || word === 'pubsub') return word;
  return fail(`Unknown client type '${cString(arg)}'`);
}

export function typeOf(client: Client): ClientType {
  return client.subscriptionCount > 0 ? 'pubsub' : 'normal';
}

export interface KillFilters {
  skipsMe: boolean;
  readonly tests: ((client: Client) => boolean)[];
}

export function parseKillFilters(args: readonly Bytes[], acl: AccessControl): KillFilters | ErrorReply {
  const filters: KillFilters = { skipsMe: true, tests: [] };
  for (let index = 2; index < args.length; index += 2) {
    const value = args[index + 1];
    if (value === undefined) return SYNTAX_ERROR;
    const problem = addKillFilter(filters, acl, wordAt(args, index), value);
    if (problem !== null) return problem;
  }
  return filters;
}

function addKillFilter(
  filters: KillFilters,
  acl: AccessControl,
  word: string,
  value: Bytes,
): ErrorReply | null {
  const { tests } = filters;
  const text = byteString(value);
  switch (word) {
    case 'ID': {
      const id = integerOf(value);
      if (id === null || id < 1) return fail('client-id should be greater than 0');
      tests.push((client) => client.id === id);
      return null;
    }
    case 'TYPE': {
      const type = clientType(value);
      if (type instanceof ErrorReply) return type;
      tests.push((client) => typeOf(client) === type);
      return null;
    }
    case 'ADDR':
      tests.push((client) => client.origin.address === text);
      return null;
    case 'LADDR':
      tests.push((client) => client.origin.localAddress === text);
      return null;
    case 'USER':
      if (acl.find(text) === undefined) return fail(`No such user '${cString(value)}'`);
      tests.push((client) => client.user?.name === text);
      return null;
    case 'SKIPME':
      if (!/^(yes|no)$/i.test(text)) return SYNTAX_ERROR;
      filters.skipsMe = text.toLowerCase() === 'yes';
      return null;
    default:
      return SYNTAX_ERROR;
  }
}
