/** Decides what kind of statement it is and who judges it. A kind that is not listed may do anything. */
import type { TransactionControl } from '../plan.js';
import type { Scope } from '../rows/scope.js';
import { walkExpression } from './expressions.js';
import { relationItem } from './from.js';
import { walkInsert } from './inserts.js';
import { walkCall } from './routines.js';
import { walkSelect } from './select.js';
import { isHarmless, walkSet } from './session.js';
import type { OtherStatement, Statement, Xa, Xid } from './statement-ast.js';
import type { Walk } from './walk.js';
import { mayBeOfUsers } from './words.js';
import { walkDelete, walkTruncate, walkUpdate } from './writes.js';

const nowhere: Scope = { entries: [], ctes: null, outer: null };

/** Walks one statement of a text that controls no transaction. */
export function walkStatement(walk: Walk, statement: Statement): void {
  const { findings } = walk;
  switch (statement.kind) {
    case 'query':
      return walkSelect(walk, statement, { ctes: null, outer: null });
    case 'insert':
      return walkInsert(walk, statement);
    case 'update':
      return walkUpdate(walk, statement);
    case 'delete':
      return walkDelete(walk, statement);
    case 'truncate':
      return walkTruncate(walk, statement);
    case 'do':
      findings.deny('utility', 'DO has no result');
      return walkExpression(walk, statement.expressions, nowhere);
    case 'set':
      return walkSet(walk, statement);
    case 'set-for-statement':
      findings.deny('own-settings', 'it runs under settings of its own');
      findings.hasOwnSettings ||= !statement.settings.every(isHarmless);
      return walkStatement(walk, statement.statement);
    case 'use':
      findings.deny('session', 'it changes the default schema');
      return findings.depart();
    case 'call-procedure':
      walkExpression(walk, statement.arguments, nowhere);
      return walkCall(walk, statement);
    case 'other':
      return walkOther(walk, statement);
    case 'xa':
      return findings.deny('utility', 'XA END and XA RECOVER have no result to keep');
    default:
      return findings.doAnything('not-understood', 'a transaction is controlled where none can be');
  }
}

/** Statements that change no table and keep the session as it is. */
const harmless = /^(show|describe|desc|explain|kill|help|checksum|shutdown|purge)\b/;

/** The same, but for committing what is open: maintenance. */
const committing =
  /^(analyze|optimize|check|repair|flush|cache index|load index|reset|start (slave|replica|all)|stop (slave|replica|all)|change (master|replication))\b/;

function walkOther(walk: Walk, other: OtherStatement): void {
  const { findings } = walk;
  const { words } = other;
  const text = words.join(' ');
  const [verb = 'it'] = words;
  // EXPLAIN ANALYZE, and ANALYZE of a statement on MariaDB, run it: it may be a write.
  if (words.includes('analyze') && !/^analyze ((no_write_to_binlog|local) )?tables?\b/.test(text))
    return findings.doAnything('opaque', `${verb.toUpperCase()} may run its statement`);
  if (harmless.test(text)) return walkHarmless(walk, other);
  if (/^(lock|unlock)\b/.test(text)) {
    findings.deny('table-lock', `${verb.toUpperCase()} TABLES locks, or ends locks`);
    findings.commitsImplicitly = true;
    return;
  }
  if (/^(prepare|deallocate|drop prepare)\b/.test(text))
    return findings.deny('prepare', 'it prepares a statement under a name');
  if (/^execute\b/.test(text))
    return findings.doAnything('execute', 'EXECUTE runs a statement that is not in the text');
  if (/^(create( or replace)?|drop) temporary\b/.test(text)) {
    // CREATE TEMPORARY TABLE … SELECT may call anything, and is walked by nobody.
    findings.deny('session', 'it creates or drops something temporary');
    if (/^create\b/.test(text)) findings.writeEverything({ code: 'opaque', detail: 'its query is not read' });
    return findings.depart();
  }
  if (
    /^(flush( \w+)* privileges|create|alter|drop|rename|truncate|grant|revoke|set password|install|uninstall|import|comment)\b/.test(
      text,
    )
  ) {
    findings.writeEverything({
      code: 'ddl',
      detail: `${verb.toUpperCase()} changes the schema or privileges`,
    });
    findings.changesCatalog = true;
    findings.commitsImplicitly = true;
    return;
  }
  if (committing.test(text)) {
    findings.deny('utility', `${verb.toUpperCase()} has no result to keep`);
    findings.commitsImplicitly = true;
    return;
  }
  findings.doAnything('opaque', `${verb.toUpperCase()} may do anything`);
}

/** But EXPLAIN runs what it takes for a constant, also in a view, and SHOW its WHERE. */
function walkHarmless(walk: Walk, { words: [verb = 'it'], names, calls }: OtherStatement): void {
  const { catalog, findings } = walk;
  findings.deny('utility', `${verb.toUpperCase()} has no result to keep`);
  const called = calls.find((name) => mayBeOfUsers(catalog, name));
  if (called !== undefined)
    return findings.doAnything('unknown-function', `${verb.toUpperCase()} may run ${called}()`);
  for (const name of names)
    for (const relation of catalog.relationsByWord.get(name) ?? [])
      if (relation.kind === 'view') relationItem(walk, relation, { name: '', schema: '', relation });
}

export interface Controlled {
  readonly transaction: TransactionControl;
  /** It first commits what is open. */
  readonly commitsImplicitly: boolean;
}

/** What a statement does to its transaction, where it does nothing else; null for any other. */
export function transactionOf(statement: Statement): Controlled | null {
  const of = (transaction: TransactionControl, commitsImplicitly = false): Controlled => ({
    transaction,
    commitsImplicitly,
  });
  switch (statement.kind) {
    case 'begin':
      return of({ control: 'begin', isolation: null }, true);
    case 'commit':
      return of({ control: 'commit', chain: statement.chain === true });
    case 'rollback':
      return of({ control: 'rollback', chain: statement.chain === true });
    case 'savepoint':
    case 'release-savepoint':
      return of({ control: 'savepoint', undoes: false });
    case 'rollback-to':
      return of({ control: 'savepoint', undoes: true });
    case 'xa':
      return controlOfXa(statement);
    default:
      return null;
  }
}

function controlOfXa({ action, xid, isOnePhase }: Xa): Controlled | null {
  const of = (transaction: TransactionControl): Controlled => ({ transaction, commitsImplicitly: false });
  switch (action) {
    case 'start':
      return of({ control: 'begin', isolation: null });
    case 'prepare':
      return of({ control: 'prepare', gid: gidOf(xid) });
    case 'commit':
      return of(
        isOnePhase ? { control: 'commit', chain: false } : { control: 'commit-prepared', gid: gidOf(xid) },
      );
    case 'rollback':
      return of({ control: 'rollback-prepared', gid: gidOf(xid) });
    default:
      return null;
  }
}

/** One text for one xid: format, then both parts in hex, as XA RECOVER FORMAT='SQL' tells them. */
export function gidOf(xid: Xid | null): string {
  if (xid === null) return '';
  const hex = (part: Xid['gtrid']): string => {
    if (part.kind === 'string') return Buffer.from(part.value, 'utf8').toString('hex');
    if (part.base === 'hex') return part.digits.length % 2 === 0 ? part.digits : `0${part.digits}`;
    const bytes = BigInt(`0b${part.digits || '0'}`).toString(16);
    return bytes.length % 2 === 0 ? bytes : `0${bytes}`;
  };
  return `${Number(xid.formatId ?? '1')}:${hex(xid.gtrid)}:${xid.bqual === null ? '' : hex(xid.bqual)}`;
}
