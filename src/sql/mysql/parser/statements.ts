/** Decides which statement begins with a word, and where it ends. */
import type { Statement } from '../statement-ast.js';
import type { Cursor } from './cursor.js';
import { query, withOf } from './queries.js';
import { setting, setVariables } from './settings.js';
import { transactionStatement } from './transactions.js';
import { insert, remove, truncate, update } from './writes.js';

/** Up to the semicolon or the end, which is left to the caller. */
export function statement(cursor: Cursor): Statement {
  switch (cursor.peek().word) {
    case 'select':
    case 'values':
    case 'table':
    case '(':
      return query(cursor);
    case 'with':
      return withSomething(cursor);
    case 'insert':
    case 'replace':
      return insert(cursor);
    case 'update':
      return update(cursor, null);
    case 'delete':
      return remove(cursor, null);
    case 'truncate':
      return truncate(cursor);
    case 'set':
      if (cursor.at('set', 'statement')) return setForStatement(cursor);
      return setVariables(cursor) ?? other(cursor);
    case 'call':
      return procedureCall(cursor);
    case 'do':
      cursor.next();
      return { kind: 'do', expressions: cursor.list(() => cursor.grammar.expression(cursor)) };
    case 'use':
      cursor.next();
      return { kind: 'use', schema: cursor.name() };
    default:
      return transactionStatement(cursor) ?? other(cursor);
  }
}

/** WITH is told apart by what stands behind it. */
function withSomething(cursor: Cursor): Statement {
  const start = cursor.position;
  const before = withOf(cursor);
  if (cursor.at('update')) return update(cursor, before);
  if (cursor.at('delete')) return remove(cursor, before);
  cursor.position = start;
  return query(cursor);
}

function setForStatement(cursor: Cursor): Statement {
  cursor.position += 2;
  const settings = cursor.list(() => setting(cursor));
  cursor.expect('for');
  return { kind: 'set-for-statement', settings, statement: statement(cursor) };
}

function procedureCall(cursor: Cursor): Statement {
  cursor.expect('call');
  const first = cursor.name();
  const second = cursor.take('.') ? cursor.name() : null;
  const hasBrackets = cursor.take('(');
  const values = hasBrackets && !cursor.at(')') ? cursor.list(() => cursor.grammar.expression(cursor)) : [];
  if (hasBrackets) cursor.expect(')');
  return {
    kind: 'call-procedure',
    schema: second === null ? null : first,
    name: second ?? first,
    arguments: values,
  };
}

const wordsMax = 4;

function other(cursor: Cursor): Statement {
  const words: string[] = [];
  const names = new Set<string>();
  const calls = new Set<string>();
  if (cursor.peek().kind !== 'word') cursor.fail();
  while (cursor.peek().kind !== 'end' && !cursor.at(';')) {
    const { kind, word, text } = cursor.next();
    if (kind === 'word' && words.length < wordsMax) words.push(word);
    if (kind !== 'word' && kind !== 'name') continue;
    (cursor.at('(') ? calls : names).add(text.toLowerCase());
  }
  return { kind: 'other', words, names: [...names], calls: [...calls] };
}
