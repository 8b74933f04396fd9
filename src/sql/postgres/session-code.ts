/** Decides whether code in the database may leave the session changed, by the words in it. Reads no tables. */
import type { Catalog, FunctionInfo } from './catalog.js';

/** `SET` as a part of an UPDATE, which is no SET statement. */
const updateSet =
  /\b(?:do\s+update|update\s+(?:only\s+)?[\p{L}\p{N}_."$]+(?:\s+(?:as\s+)?[\p{L}\p{N}_"$]+)?)\s+set\b/giu;

/** Words without which SQL and PL/pgSQL can neither set a parameter or role nor create something temporary. */
const sessionWord = /\b(?:set|set_config|reset|discard|temp|temporary|pg_temp|execute|prepare|load)\b/i;

function hasSessionWord(source: string): boolean {
  return sessionWord.test(source.replace(updateSet, ' '));
}

const unsafeByCatalog = new WeakMap<Catalog, ReadonlySet<string>>();

/** The functions (oids) that may change the session, themselves or by what they call. */
function unsafeFunctions(catalog: Catalog): ReadonlySet<string> {
  const known = unsafeByCatalog.get(catalog);
  if (known !== undefined) return known;
  const unsafe = new Set<string>();
  const names = new Set<string>();
  const mark = (info: FunctionInfo): void => {
    unsafe.add(info.oid);
    names.add(info.name.toLowerCase());
  };
  const own = [...catalog.functions.values()].filter((info) => Number(info.oid) >= 16_384);
  for (const info of own) if (!hasReadableBody(info) || hasSessionWord(info.source ?? '')) mark(info);
  for (let before = -1; before !== unsafe.size; ) {
    before = unsafe.size;
    for (const info of own) if (!unsafe.has(info.oid) && mentions(info.source ?? '', names)) mark(info);
  }
  unsafeByCatalog.set(catalog, unsafe);
  return unsafe;
}

function hasReadableBody(info: FunctionInfo): boolean {
  return info.language === 'c' || info.language === 'internal' || info.kind === 'a'
    ? true
    : (info.language === 'plpgsql' || info.language === 'sql') && (info.source ?? '') !== '';
}

function mentions(source: string, names: ReadonlySet<string>): boolean {
  for (const [word] of source.toLowerCase().matchAll(/[\p{L}_][\p{L}\p{N}_$]*/gu))
    if (names.has(word)) return true;
  return false;
}

/** Whether running this function may leave other settings, another role or temporary objects behind. */
export function mayChangeSession(catalog: Catalog, oid: string): boolean {
  return !catalog.functions.has(oid) || unsafeFunctions(catalog).has(oid);
}
