/**
 * Decides which relations a text can name at all: each of the catalog whose name stands in it as a word or quoted, in the
 * default schema or one that is named too. Knows no grammar, so whatever the parser finds must be among them.
 */
import type { Catalog, Relation } from './catalog.js';
import { isBuiltIn } from './functions.js';
import type { Token } from './tokens.js';

const isName = ({ kind }: Token): boolean => kind === 'word' || kind === 'name';

/** All that can be names, in lower case. */
export const wordsOf = (tokens: readonly Token[]): readonly string[] =>
  tokens.filter(isName).map(({ text }) => text.toLowerCase());

export function relationsNamed(catalog: Catalog, tokens: readonly Token[]): ReadonlySet<Relation> {
  const names = new Set(wordsOf(tokens));
  const defaultSchema = catalog.session.schema?.toLowerCase();
  const found = new Set<Relation>();
  for (const name of names)
    for (const relation of catalog.relationsByWord.get(name) ?? []) {
      const schema = relation.schema.toLowerCase();
      if (schema === defaultSchema || names.has(schema)) found.add(relation);
    }
  return found;
}

/** Words of the grammar that a bracket may follow. Any other one before a bracket may be a function of users. */
const beforeBracket = new Set(
  `
  and or not xor in exists all any some as on using set where having by values value row select from join into union
  except intersect distinct distinctrow case when then else between like regexp rlike is null div mod binary over
  partition order group limit offset key update insert replace delete ignore char varchar decimal numeric float double
  binary varbinary int integer unsigned signed date datetime time timestamp year json interval cast convert extract
  trim position substring returning default with recursive lateral table dual separator window range rows
  `
    .trim()
    .split(/\s+/),
);

/** The first name before a bracket that may be a function of users; null if there is none. */
export function strangeCall(
  catalog: Catalog,
  tokens: readonly Token[],
  tables: ReadonlySet<Relation>,
): string | null {
  const tableNames = new Set([...tables].map(({ name }) => name.toLowerCase()));
  for (const [index, token] of tokens.entries()) {
    if (!isName(token) || tokens[index + 1]?.word !== '(') continue;
    const name = token.text.toLowerCase();
    if (mayBeOfUsers(catalog, name, (each) => tableNames.has(each))) return name;
  }
  return null;
}

/** Whether a name before a bracket may be that of a function of users, and not only of a table. */
export const mayBeOfUsers = (
  catalog: Catalog,
  name: string,
  isTable: (name: string) => boolean = (each) => catalog.relationsByWord.has(each),
): boolean => catalog.routines.has(name) || !(beforeBracket.has(name) || isBuiltIn(name) || isTable(name));
