/** Decides what kind of statement a tree is and who judges it. A kind that is not listed may do anything. */
import type { TransactionControl } from '../plan.js';
import { child, type Fields, flag, list, tagged, text } from './ast.js';
import { findRelation } from './catalog.js';
import { addWrites } from './closure.js';
import { walkExpression } from './expressions.js';
import { walkMerge } from './merge.js';
import { tablesRead } from './relations.js';
import { noteInto, walkSelect } from './select.js';
import { hasOption, isolationIn, isTemporary, noteDiscard, noteVariableSet } from './session.js';
import type { Surroundings, Walk } from './walk.js';
import { walkCopy, walkDelete, walkInsert, walkTruncate, walkUpdate } from './writes.js';

const topLevel: Surroundings = { ctes: null, outer: null };

/** Statements that change no table and keep the session as it is. */
const harmless: Readonly<Record<string, string>> = {
  VariableShowStmt: 'SHOW',
  ListenStmt: 'LISTEN',
  UnlistenStmt: 'UNLISTEN',
  NotifyStmt: 'NOTIFY',
  LockStmt: 'LOCK',
  CheckPointStmt: 'CHECKPOINT',
  VacuumStmt: 'VACUUM or ANALYZE',
  FetchStmt: 'FETCH or MOVE',
  ClosePortalStmt: 'CLOSE',
  DeallocateStmt: 'DEALLOCATE',
  ConstraintsSetStmt: 'SET CONSTRAINTS',
};

/** Walks one statement of a text. */
export function walkStatement(walk: Walk, node: unknown): void {
  const found = tagged(node);
  if (found === null) {
    doesAnything(walk, 'an empty tree');
    return;
  }
  const { tag, fields } = found;
  const { findings } = walk;
  const word = harmless[tag];
  if (word !== undefined) return findings.deny('utility', `${word} has no result to keep`);
  switch (tag) {
    case 'VariableSetStmt':
      return noteVariableSet(findings, fields);
    case 'DiscardStmt':
      return noteDiscard(findings, fields);
    case 'CopyStmt':
      return walkCopy(walk, fields, topLevel);
    case 'TruncateStmt':
      return walkTruncate(walk, fields);
    case 'RefreshMatViewStmt':
      return walkRefresh(walk, fields);
    case 'ExplainStmt':
      return walkExplain(walk, fields);
    case 'DeclareCursorStmt':
      findings.deny('cursor', 'it opens a cursor');
      return walkNested(walk, fields['query'], topLevel);
    case 'PrepareStmt':
      // EXECUTE is taken for a write of everything that leaves any session behind.
      findings.deny('prepare', 'it prepares a statement under a name');
      return walkNested(walk, fields['query'], topLevel);
    case 'ExecuteStmt':
      findings.writeEverything({
        code: 'execute',
        detail: 'EXECUTE runs a statement that is not in the text',
      });
      findings.depart();
      return walkExpression(walk, fields['params'], { entries: [], ctes: null, outer: null });
    case 'CreateTableAsStmt':
      return walkCreateTableAs(walk, fields);
    case 'CreateStmt':
      return isTemporary(child(fields, 'relation')) ? createsTemporary(walk, fields) : definesData(walk, tag);
    case 'CreateSeqStmt':
      return isTemporary(child(fields, 'sequence')) ? createsTemporary(walk, fields) : definesData(walk, tag);
    case 'ViewStmt':
      return isTemporary(child(fields, 'view')) ? createsTemporary(walk, fields) : definesData(walk, tag);
    case 'CallStmt':
    case 'DoStmt':
    case 'LoadStmt':
      return doesAnything(walk, tag === 'CallStmt' ? 'CALL' : tag === 'DoStmt' ? 'DO' : 'LOAD');
    default:
      return walkNested(walk, node, topLevel);
  }
}

/** Walks what can also stand inside another statement; anything else is taken for a definition. */
export function walkNested(walk: Walk, node: unknown, around: Surroundings): void {
  const found = tagged(node);
  if (found === null) return;
  switch (found.tag) {
    case 'SelectStmt':
      return walkSelect(walk, found.fields, around);
    case 'InsertStmt':
      return walkInsert(walk, found.fields, around);
    case 'UpdateStmt':
      return walkUpdate(walk, found.fields, around);
    case 'DeleteStmt':
      return walkDelete(walk, found.fields, around);
    case 'MergeStmt':
      return walkMerge(walk, found.fields, around);
    default:
      return definesData(walk, found.tag);
  }
}

/** GRANT, REVOKE, CREATE, ALTER, DROP, COMMENT and whatever a later version brings. */
function definesData(walk: Walk, tag: string): void {
  walk.findings.writeEverything({
    code: 'ddl',
    detail: `${tag.replace(/Stmt$/, '')} changes the schema or privileges`,
  });
  walk.findings.changesCatalog = true;
}

function doesAnything(walk: Walk, word: string): void {
  walk.findings.writeEverything({ code: 'opaque', detail: `${word} may run anything` });
  walk.findings.changesCatalog = true;
  walk.findings.depart();
}

function createsTemporary(walk: Walk, fields: Fields): void {
  walk.findings.deny('session', 'it creates something temporary');
  walk.findings.depart();
  walkNested(walk, fields['query'], topLevel);
}

function walkRefresh(walk: Walk, fields: Fields): void {
  const { catalog, findings } = walk;
  const rangeVar = child(fields, 'relation') ?? {};
  const found = findRelation(catalog, text(rangeVar, 'schemaname'), text(rangeVar, 'relname'));
  if (found.found !== 'relation') {
    findings.writeEverything({
      code: 'unknown-relation',
      detail: 'the materialised view is not in the catalog',
    });
    return;
  }
  const { relation } = found;
  // Its query runs now: what that may write counts too.
  tablesRead(catalog, findings, { relation: { ...relation, kind: 'v' }, withChildren: false });
  addWrites(catalog, findings, [{ relation, event: 'insert', changed: null, pins: [], source: fields }]);
}

function walkExplain(walk: Walk, fields: Fields): void {
  walk.findings.deny('explain', 'a plan is not data');
  if (!hasOption(fields, 'analyze')) return;
  walkStatement(walk, fields['query']);
}

function walkCreateTableAs(walk: Walk, fields: Fields): void {
  noteInto(walk, child(fields, 'into') ?? {});
  // CREATE TABLE AS EXECUTE is a statement of its own kind.
  if (tagged(fields['query'])?.tag === 'ExecuteStmt') walkStatement(walk, fields['query']);
  else walkNested(walk, fields['query'], topLevel);
}

/** What a transaction statement does; null for any other. */
export function transactionOf(node: unknown): TransactionControl | null {
  const found = tagged(node);
  if (found?.tag !== 'TransactionStmt') return null;
  const chain = flag(found.fields, 'chain');
  const gid = text(found.fields, 'gid');
  switch (text(found.fields, 'kind')) {
    case 'TRANS_STMT_BEGIN':
    case 'TRANS_STMT_START':
      return { control: 'begin', isolation: isolationIn(list(found.fields, 'options')) };
    case 'TRANS_STMT_COMMIT':
      return { control: 'commit', chain };
    case 'TRANS_STMT_ROLLBACK':
      return { control: 'rollback', chain };
    case 'TRANS_STMT_PREPARE':
      return { control: 'prepare', gid };
    case 'TRANS_STMT_COMMIT_PREPARED':
      return { control: 'commit-prepared', gid };
    case 'TRANS_STMT_ROLLBACK_PREPARED':
      return { control: 'rollback-prepared', gid };
    case 'TRANS_STMT_SAVEPOINT':
    case 'TRANS_STMT_RELEASE':
      return { control: 'savepoint', undoes: false };
    case 'TRANS_STMT_ROLLBACK_TO':
      return { control: 'savepoint', undoes: true };
    default:
      return null;
  }
}
