/** Decides what a parameter of the configuration is, and how the common kinds of values are read. Knows no parameter. */
import type { ServerContext } from '../command.js';
import type { Permission } from '../settings.js';

/** Null: accepted. Otherwise why not, in Redis' words. */
export type Setter = (server: ServerContext, value: string) => string | null;

export interface ConfigParameter {
  readonly name: string;
  /** What it was called in earlier versions; both names work. */
  readonly aliases?: readonly string[];
  readonly get: (server: ServerContext) => string;
  readonly set: Setter | 'immutable' | 'protected';
  /** Its value is several words: `bind 127.0.0.1 -::1`. */
  readonly isList?: true;
  /** For what can only be set before the server runs. */
  readonly start?: Setter;
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1000,
  kb: 1024,
  m: 1000 ** 2,
  mb: 1024 ** 2,
  g: 1000 ** 3,
  gb: 1024 ** 3,
};

/** Redis' memory sizes: `100mb`. Null if it is none. */
export function parseMemorySize(text: string): number | null {
  const match = /^(\d+)([a-z]*)$/i.exec(text);
  const unit = UNITS[match?.[2]?.toLowerCase() ?? ''];
  const bytes = Number(match?.[1] ?? Number.NaN) * (unit ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

export function memorySize(min: number, apply: (server: ServerContext, bytes: number) => void): Setter {
  return (server, text) => {
    const bytes = parseMemorySize(text);
    if (bytes === null) return 'argument must be a memory value';
    if (bytes < min)
      return `argument must be between ${min} and ${limitText(Number.MAX_SAFE_INTEGER)} inclusive`;
    apply(server, bytes);
    return null;
  };
}

/** Beyond what a number holds exactly nobody goes: it stands for all that Redis' 64 bits hold. */
function limitText(max: number): string {
  return max === Number.MAX_SAFE_INTEGER ? '9223372036854775807' : String(max);
}

export function integer(
  min: number,
  max: number,
  apply: (server: ServerContext, value: number) => void,
): Setter {
  return (server, text) => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text)) return "argument couldn't be parsed into an integer";
    if (value < min || value > max) return `argument must be between ${min} and ${limitText(max)} inclusive`;
    apply(server, value);
    return null;
  };
}

export function permission(apply: (server: ServerContext, value: Permission) => void): Setter {
  return (server, text) => {
    const value = text.toLowerCase();
    if (value !== 'no' && value !== 'yes' && value !== 'local')
      return 'argument(s) must be one of the following: no, yes, local';
    apply(server, value);
    return null;
  };
}

export function yesNo(apply: (server: ServerContext, value: boolean) => void): Setter {
  return (server, text) => {
    const word = text.toLowerCase();
    if (word !== 'yes' && word !== 'no') return "argument must be 'yes' or 'no'";
    apply(server, word === 'yes');
    return null;
  };
}

export function yesNoOf(value: boolean): string {
  return value ? 'yes' : 'no';
}

export function oneOfWords(
  words: readonly string[],
  apply: (server: ServerContext, word: string) => void,
): Setter {
  return (server, text) => {
    const word = words.find((known) => known === text.toLowerCase());
    if (word === undefined) return `argument(s) must be one of the following: ${words.join(', ')}`;
    apply(server, word);
    return null;
  };
}

export function text(apply: (server: ServerContext, value: string) => void): Setter {
  return (server, value) => {
    apply(server, value);
    return null;
  };
}
