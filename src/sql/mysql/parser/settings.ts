/** Decides how SET is written. Knows no variable's meaning. */
import type { Expression, VariableScope } from '../ast.js';
import type { SetPart, Setting, SetVariables } from '../statement-ast.js';
import type { Cursor } from './cursor.js';
import { systemVariable } from './primaries.js';
import { accessMode, isolationLevel } from './transactions.js';

/** SET of variables; null for what else begins with SET (PASSWORD, ROLE …). */
export function setVariables(cursor: Cursor): SetVariables | null {
  const behind = cursor.peek(1);
  const isOther = ['password', 'role', 'default', 'resource'].includes(behind.word);
  if (isOther && cursor.peek(2).word !== '=' && cursor.peek(2).word !== ':=') return null;
  if (behind.word === 'password') return null;
  cursor.expect('set');
  return { kind: 'set', parts: cursor.list(() => setPart(cursor)) };
}

function setPart(cursor: Cursor): SetPart {
  const { kind, text } = cursor.peek();
  if (kind === 'variable') {
    cursor.next();
    return { kind: 'set-user-variable', name: text, value: assigned(cursor) };
  }
  const behind = cursor.peek(1).word;
  const isAssigned = behind === '=' || behind === ':=' || behind === '.';
  if (isAssigned) return setting(cursor);
  if (cursor.take('names')) return names(cursor);
  if (cursor.take('character', 'set') || cursor.take('charset') || cursor.take('char', 'set'))
    return { kind: 'set-charset', charset: charsetOrDefault(cursor) };
  const start = cursor.position;
  const scope = scopeOf(cursor);
  if (cursor.take('transaction')) return transaction(cursor, scope);
  cursor.position = start;
  return setting(cursor);
}

function scopeOf(cursor: Cursor): VariableScope | null {
  const scope = cursor.takeOne(['global', 'session', 'local', 'persist', 'persist_only']);
  return scope === 'local' ? 'session' : scope;
}

/** `name = value`, with a scope or without. */
export function setting(cursor: Cursor): Setting {
  if (cursor.at('@@')) {
    const { scope, name } = systemVariable(cursor);
    return { kind: 'setting', scope, names: name.split('.'), value: assigned(cursor) };
  }
  const behind = cursor.peek(1).word;
  const scope = behind === '=' || behind === ':=' || behind === '.' ? null : scopeOf(cursor);
  const names = [cursor.name()];
  while (names.length < 3 && cursor.take('.')) names.push(cursor.name());
  return { kind: 'setting', scope, names, value: assigned(cursor) };
}

function assigned(cursor: Cursor): Expression {
  if (!cursor.take(':=')) cursor.expect('=');
  const isWhole = cursor.peek(1).word !== '(';
  const word = isWhole ? cursor.takeOne(['default', 'on', 'all', 'binary', 'row', 'system']) : null;
  if (word === 'default') return { kind: 'default', column: null };
  if (word === 'binary' && !endsPart(cursor)) {
    cursor.position -= 1;
    return cursor.grammar.expression(cursor);
  }
  return word === null ? cursor.grammar.expression(cursor) : { kind: 'word', word };
}

function endsPart(cursor: Cursor): boolean {
  return cursor.peek().kind === 'end' || cursor.at(',') || cursor.at(';') || cursor.at('for');
}

function charsetOrDefault(cursor: Cursor): string | null {
  if (cursor.take('default')) return null;
  if (cursor.take('binary')) return 'binary';
  return (cursor.peek().kind === 'string' ? cursor.next().text : cursor.name()).toLowerCase();
}

function names(cursor: Cursor): SetPart {
  const charset = charsetOrDefault(cursor);
  const collation = cursor.take('collate') ? charsetOrDefault(cursor) : null;
  return { kind: 'set-names', charset, collation };
}

function transaction(cursor: Cursor, scope: VariableScope | null): SetPart {
  if (scope !== null && scope !== 'global' && scope !== 'session') cursor.fail();
  let isolation: ReturnType<typeof isolationLevel> = null;
  let access: ReturnType<typeof accessMode> = null;
  do {
    const level = isolationLevel(cursor);
    if (level !== null) isolation = level;
    else access = accessMode(cursor) ?? cursor.fail();
  } while (cursor.at(',', 'isolation') || cursor.at(',', 'read') ? cursor.take(',') : false);
  return { kind: 'set-transaction', scope, isolation, access };
}
