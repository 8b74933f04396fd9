/** Decides how the type of a CAST is written. Knows no type's meaning. */
import type { Cursor } from './cursor.js';

const names = new Set(
  `binary char character date datetime dec decimal double fixed float inet4 inet6 int integer json nchar national numeric
  precision real signed time unsigned uuid varchar year`.split(/\s+/),
);

const attributes = new Set('ascii byte charset unicode'.split(' '));

/** In one spelling: lower case, one space between words. */
export function castType(cursor: Cursor): string {
  const words: string[] = [];
  while (cursor.atAny(names)) words.push(cursor.next().word);
  if (words.length === 0) cursor.fail();
  let type = words.join(' ');
  if (cursor.at('(')) type += `(${cursor.bracketed(() => cursor.list(() => digits(cursor))).join(',')})`;
  for (let more = attribute(cursor); more !== null; more = attribute(cursor)) type += ` ${more}`;
  return type;
}

function digits(cursor: Cursor): string {
  return cursor.peek().kind === 'integer' ? cursor.next().text : cursor.fail();
}

function attribute(cursor: Cursor): string | null {
  if (cursor.take('character', 'set') || cursor.take('charset')) {
    const isString = cursor.peek().kind === 'string';
    const charset = cursor.take('binary') ? 'binary' : isString ? cursor.next().text : cursor.name();
    return `charset ${charset.toLowerCase()}`;
  }
  if (cursor.take('binary')) return 'binary';
  return cursor.atAny(attributes) ? cursor.next().word : null;
}
