/** Decides how a command's arguments are described for COMMAND DOCS. Knows nothing of how they are parsed. */

export type ArgumentType =
  | 'string'
  | 'integer'
  | 'double'
  | 'key'
  | 'pattern'
  | 'unix-time'
  | 'pure-token'
  | 'oneof'
  | 'block';

export interface ArgumentDoc {
  readonly name: string;
  readonly type: ArgumentType;
  readonly keySpecIndex?: number;
  /** The word that introduces the argument. */
  readonly token?: string;
  readonly since?: string;
  readonly deprecatedSince?: string;
  readonly isOptional?: boolean;
  readonly isMultiple?: boolean;
  readonly isTokenRepeated?: boolean;
  readonly items?: readonly ArgumentDoc[];
}

type Details = Omit<ArgumentDoc, 'name' | 'type' | 'items'>;

export const optional = { isOptional: true } as const;
export const multiple = { isMultiple: true } as const;

export function argument(name: string, type: ArgumentType, details: Details = {}): ArgumentDoc {
  return { name, type, ...details };
}

export function keyArgument(details: Details = {}): ArgumentDoc {
  return { name: 'key', type: 'key', keySpecIndex: 0, ...details };
}

/** A bare word: `token('NX')`. */
export function token(word: string, details: Details = {}): ArgumentDoc {
  return { name: word.toLowerCase(), type: 'pure-token', token: word, ...details };
}

export function oneOf(name: string, items: readonly ArgumentDoc[], details: Details = {}): ArgumentDoc {
  return { name, type: 'oneof', items, ...details };
}

export function block(name: string, items: readonly ArgumentDoc[], details: Details = {}): ArgumentDoc {
  return { name, type: 'block', items, ...details };
}
