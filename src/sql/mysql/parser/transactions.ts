/** Decides how transactions are begun, ended and prepared. */
import type { BinaryLiteral, StringLiteral } from '../ast.js';
import type { Isolation, TransactionStatement, Xa, Xid } from '../statement-ast.js';
import type { Cursor } from './cursor.js';
import { literal } from './literals.js';

/** The statement that begins with this word, if it is about transactions. */
export function transactionStatement(cursor: Cursor): TransactionStatement | null {
  if (cursor.take('begin')) {
    cursor.take('work');
    return { kind: 'begin', access: null, hasSnapshot: false };
  }
  if (cursor.take('start', 'transaction')) return started(cursor);
  if (cursor.take('commit')) return { kind: 'commit', ...completion(cursor) };
  if (cursor.take('rollback')) return rolledBack(cursor);
  if (cursor.take('savepoint')) return { kind: 'savepoint', name: cursor.name() };
  if (cursor.take('release', 'savepoint')) return { kind: 'release-savepoint', name: cursor.name() };
  return cursor.take('xa') ? xa(cursor) : null;
}

function started(cursor: Cursor): TransactionStatement {
  let access: 'read only' | 'read write' | null = null;
  let hasSnapshot = false;
  if (cursor.at('read') || cursor.at('with'))
    cursor.list(() => {
      if (cursor.take('with', 'consistent', 'snapshot')) hasSnapshot = true;
      else access = accessMode(cursor) ?? cursor.fail();
    });
  return { kind: 'begin', access, hasSnapshot };
}

export function accessMode(cursor: Cursor): 'read only' | 'read write' | null {
  if (cursor.take('read', 'only')) return 'read only';
  return cursor.take('read', 'write') ? 'read write' : null;
}

const isolations: readonly Isolation[] = [
  'read uncommitted',
  'read committed',
  'repeatable read',
  'serializable',
];

export function isolationLevel(cursor: Cursor): Isolation | null {
  if (!cursor.take('isolation', 'level')) return null;
  return isolations.find((level) => cursor.takeAll(level.split(' '))) ?? cursor.fail();
}

function completion(cursor: Cursor): { readonly chain: boolean | null; readonly release: boolean | null } {
  cursor.take('work');
  const chain = cursor.take('and', 'no', 'chain') ? false : cursor.take('and', 'chain') || null;
  const release = cursor.take('no', 'release') ? false : cursor.take('release') || null;
  return { chain, release };
}

function rolledBack(cursor: Cursor): TransactionStatement {
  const start = cursor.position;
  cursor.take('work');
  if (cursor.take('to')) {
    // A savepoint may be called so.
    if (cursor.at('savepoint') && cursor.peek(1).kind !== 'end' && cursor.peek(1).word !== ';') cursor.next();
    return { kind: 'rollback-to', name: cursor.name() };
  }
  cursor.position = start;
  return { kind: 'rollback', ...completion(cursor) };
}

const xaActions = { start: 'start', begin: 'start', end: 'end', prepare: 'prepare' } as const;

function xa(cursor: Cursor): Xa {
  const { word } = cursor.next();
  if (word === 'recover') {
    if (cursor.take('format')) {
      cursor.expect('=');
      cursor.next();
    } else cursor.take('convert', 'xid');
    return { kind: 'xa', action: 'recover', xid: null, isOnePhase: false };
  }
  const isOutcome = word === 'commit' || word === 'rollback';
  if (!isOutcome && !(word in xaActions)) cursor.fail();
  const action = isOutcome ? word : xaActions[word as keyof typeof xaActions];
  const xid = xidOf(cursor);
  if (action === 'start' && !cursor.take('join')) cursor.take('resume');
  if (action === 'end' && cursor.take('suspend')) cursor.take('for', 'migrate');
  return { kind: 'xa', action, xid, isOnePhase: action === 'commit' && cursor.take('one', 'phase') };
}

function xidOf(cursor: Cursor): Xid {
  const gtrid = xidPart(cursor);
  const bqual = cursor.take(',') ? xidPart(cursor) : null;
  const hasFormat = bqual !== null && cursor.take(',');
  if (hasFormat && cursor.peek().kind !== 'integer' && cursor.peek().kind !== 'hex') cursor.fail();
  const isHex = cursor.peek().kind === 'hex';
  const formatId = hasFormat ? `${isHex ? '0x' : ''}${cursor.next().text}` : null;
  return { kind: 'xid', gtrid, bqual, formatId };
}

function xidPart(cursor: Cursor): StringLiteral | BinaryLiteral {
  const found = literal(cursor);
  return found?.kind === 'string' || found?.kind === 'binary-literal' ? found : cursor.fail();
}
