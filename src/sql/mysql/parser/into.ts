/** Decides where INTO puts what a query gives. */
import type { Into } from '../ast.js';
import type { Cursor } from './cursor.js';

export function intoOf(cursor: Cursor): Into {
  cursor.expect('into');
  const how = cursor.takeOne(['outfile', 'dumpfile']);
  if (how === null)
    return { kind: 'into', target: 'variables', variables: cursor.list(() => variable(cursor)) };
  expectString(cursor);
  if (how === 'outfile') fileFormat(cursor);
  return { kind: 'into', target: 'file', variables: [] };
}

function variable(cursor: Cursor): string {
  return cursor.peek().kind === 'variable' ? `@${cursor.next().text}` : cursor.name();
}

function fileFormat(cursor: Cursor): void {
  if (cursor.take('character', 'set') || cursor.take('charset')) cursor.next();
  if (cursor.takeOne(['fields', 'columns']) !== null) {
    while (
      cursor.at('terminated') ||
      cursor.at('optionally') ||
      cursor.at('enclosed') ||
      cursor.at('escaped')
    ) {
      cursor.take('optionally');
      cursor.next();
      cursor.expect('by');
      expectString(cursor);
    }
  }
  if (!cursor.take('lines')) return;
  while (cursor.takeOne(['starting', 'terminated']) !== null) {
    cursor.expect('by');
    expectString(cursor);
  }
}

function expectString(cursor: Cursor): void {
  const { kind } = cursor.peek();
  if (kind !== 'string' && kind !== 'hex' && kind !== 'bit') cursor.fail();
  cursor.next();
}
