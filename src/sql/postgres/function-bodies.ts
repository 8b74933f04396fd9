/**
 * Decides what code in the database may do, by the words in its body: leave another session, another catalog, or
 * another table's rows behind. Knows the names of functions, and reads no SQL.
 */
import type { Catalog, FunctionInfo } from './catalog.js';

/** `SET` as a part of an UPDATE, which is no SET statement. */
const updateSet =
  /\b(?:do\s+update|update\s+(?:only\s+)?[\p{L}\p{N}_."$]+(?:\s+(?:as\s+)?[\p{L}\p{N}_"$]+)?)\s+set\b/giu;

/** Words without which SQL and PL/pgSQL can neither set a parameter or role nor create something temporary. */
const sessionWord = /\b(?:set|set_config|reset|discard|temp|temporary|pg_temp|execute|prepare|load)\b/i;

const definitionWord =
  /\b(?:create|alter|drop|grant|revoke|comment|security|import|reassign|refresh|execute|call|do)\b/i;

/** In SQL, not in PL/pgSQL, this makes a table. */
const selectInto = /\bselect\b[^;]*\binto\b/i;

/** With these words a body that may not write itself can still have another function write. */
const dynamicWord = /\b(?:execute|call)\b/i;

export interface BodyEffects {
  /** It may leave other settings, another role or temporary tables behind. */
  readonly session: boolean;
  /** It may create, alter or drop something, or change privileges. */
  readonly definitions: boolean;
  /** It may have a function that writes run, whatever it calls itself. */
  readonly writes: boolean;
}

interface UnsafeFunctions {
  readonly session: ReadonlySet<string>;
  readonly definitions: ReadonlySet<string>;
  readonly writes: ReadonlySet<string>;
}

const firstUserOid = 16_384;

/** C code is believed to do what it says, and an aggregate is judged by its parts. */
function isBodyless(info: FunctionInfo): boolean {
  return info.language === 'c' || info.language === 'internal' || info.kind === 'a';
}

/** Volatile functions of the extensions that come with Postgres, in C, that change no table. */
const harmlessNative =
  /^(uuid_generate_v(1|1mc|4)|gen_random_(bytes|uuid)|gen_salt|pg_stat_statements(_info|_reset)?)$/;

export function isHarmlessNative(info: FunctionInfo): boolean {
  return (info.language === 'c' || info.language === 'internal') && harmlessNative.test(info.name);
}

function isReadable(info: FunctionInfo): boolean {
  return (info.language === 'plpgsql' || info.language === 'sql') && (info.source ?? '') !== '';
}

/** The functions that are suspicious by themselves, and all that mention one of their names. */
function spreading(
  functions: readonly FunctionInfo[],
  isSuspicious: (info: FunctionInfo, source: string) => boolean,
  isSuspiciousNative: (info: FunctionInfo) => boolean = () => false,
): ReadonlySet<string> {
  const found = new Set<string>();
  const names = new Set<string>();
  const mark = (info: FunctionInfo): void => {
    found.add(info.oid);
    names.add(info.name.toLowerCase());
  };
  for (const info of functions)
    if (
      isBodyless(info) ? isSuspiciousNative(info) : !isReadable(info) || isSuspicious(info, info.source ?? '')
    )
      mark(info);
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const info of functions) if (!found.has(info.oid) && mentions(info.source ?? '', names)) mark(info);
  }
  return found;
}

function mentions(source: string, names: ReadonlySet<string>): boolean {
  for (const [word] of source.toLowerCase().matchAll(/[\p{L}_][\p{L}\p{N}_$]*/gu))
    if (names.has(word)) return true;
  return false;
}

const unsafeByCatalog = new WeakMap<Catalog, UnsafeFunctions>();

function unsafeFunctions(catalog: Catalog): UnsafeFunctions {
  const known = unsafeByCatalog.get(catalog);
  if (known !== undefined) return known;
  const own = [...catalog.functions.values()].filter((info) => Number(info.oid) >= firstUserOid);
  const unsafe: UnsafeFunctions = {
    session: spreading(own, (_info, source) => sessionWord.test(source.replace(updateSet, ' '))),
    definitions: spreading(
      own,
      (info, source) => definitionWord.test(source) || (info.language === 'sql' && selectInto.test(source)),
    ),
    writes: spreading(
      own,
      (info, source) => info.volatility === 'v' || dynamicWord.test(source),
      (info) => info.volatility === 'v' && !isHarmlessNative(info),
    ),
  };
  unsafeByCatalog.set(catalog, unsafe);
  return unsafe;
}

/** What running this function may do besides reading and writing rows; anything if it is not known. */
export function bodyEffects(catalog: Catalog, oid: string): BodyEffects {
  if (!catalog.functions.has(oid)) return { session: true, definitions: true, writes: true };
  const { session, definitions, writes } = unsafeFunctions(catalog);
  return { session: session.has(oid), definitions: definitions.has(oid), writes: writes.has(oid) };
}
