/**
 * Decides which schemas a statement can reach that names none: the session's own, and those that its views, code and
 * foreign keys lead to, in either direction. Knows no statement.
 */
import type { Catalog } from './catalog.js';

/** Letters of names that need no quotes: a name of nothing else stands in a text as a word. */
const words = /[0-9A-Za-z$_\u0080-\u{10ffff}]+/gu;
const isWord = /^[0-9A-Za-z$_\u0080-\u{10ffff}]+$/u;

/** @returns names in lower case; empty where the session has no schema. One look at each text of code and view. */
export function schemasReached(catalog: Catalog): ReadonlySet<string> {
  const { session } = catalog;
  const reached = new Set<string>();
  if (session.schema === null) return reached;
  const links = linksOf(catalog);
  const due = [session.schema.toLowerCase()];
  for (let name = due.pop(); name !== undefined; name = due.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    due.push(...(links.get(name) ?? []));
  }
  return reached;
}

/** From each schema to those that something in it names. */
function linksOf(catalog: Catalog): ReadonlyMap<string, ReadonlySet<string>> {
  const { relations, routines } = catalog;
  const links = new Map<string, Set<string>>();
  const link = (from: string, to: string): void => {
    const known = links.get(from);
    if (known === undefined) links.set(from, new Set([to]));
    else known.add(to);
  };
  const schemas = new Set([...relations.values()].map(({ schema }) => schema.toLowerCase()));
  for (const own of routines.values()) for (const { schema } of own) schemas.add(schema.toLowerCase());
  const odd = [...schemas].filter((name) => !isWord.test(name));
  const linkText = (schema: string, text: string | null): void => {
    if (text === null || schemas.size === 1) return;
    const folded = text.toLowerCase();
    for (const name of odd) if (isQuotedIn(folded, name)) link(schema.toLowerCase(), name);
    for (const word of folded.match(words) ?? []) if (schemas.has(word)) link(schema.toLowerCase(), word);
  };
  for (const { schema, definition, triggers, referencedBy } of relations.values()) {
    linkText(schema, definition);
    for (const { body } of triggers) linkText(schema, body);
    for (const { from } of referencedBy) {
      const other = relations.get(from)?.schema;
      if (other === undefined || other === schema) continue;
      link(schema.toLowerCase(), other.toLowerCase());
      link(other.toLowerCase(), schema.toLowerCase());
    }
  }
  for (const own of routines.values()) for (const { schema, body } of own) linkText(schema, body);
  return links;
}

/** Within quotes their own kind is doubled. */
const isQuotedIn = (text: string, name: string): boolean =>
  ['`', '"'].some((quote) => text.includes(name.replaceAll(quote, quote + quote)));
