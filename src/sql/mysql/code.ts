/** Decides what code of users does: the tables it reads and writes, and the columns of its own row that it sets. */
import type { Reason, Table } from '../plan.js';
import { Pins } from '../rows/candidates.js';
import type { Scope } from '../rows/scope.js';
import { Sight } from '../rows/sight.js';
import type { Catalog, Code } from './catalog.js';
import { readBody } from './code-blocks.js';
import { Findings } from './findings.js';
import { readingModeOf } from './reading.js';
import type { SetPart, Statement } from './statement-ast.js';
import type { Walk } from './walk.js';

export interface CodeEffect {
  readonly writes: readonly Table[];
  readonly reads: readonly Table[];
  /** Names of the columns of `NEW` that it sets, in lower case. */
  readonly sets: ReadonlySet<string>;
  /** Why what it computes depends on more than its arguments and tables; null: it does not. */
  readonly unstable: Reason | null;
  /** As a user says: what it reads is the reads of the statement around it. */
  readonly isDeclared?: true;
}

interface CodeReader {
  readonly statement: (walk: Walk, statement: Statement) => void;
  readonly expression: (walk: Walk, value: unknown, scope: Scope) => void;
  readonly query: Walk['query'];
  /** What a user says of routines. */
  readonly declared: ReadonlyMap<Code, CodeEffect>;
}

const nowhere: Scope = { entries: [], ctes: null, outer: null };

/** Code is walked as texts are, by those who walk calls of code: given here, so that neither imports the other. */
const readers = new WeakMap<Catalog, CodeReader>();

export function installCodeReader(catalog: Catalog, reader: CodeReader): void {
  readers.set(catalog, reader);
}

/** The catalog where another schema is the default one: code and views are read there. */
export function seenFrom(catalog: Catalog, schema: string): Catalog {
  if (catalog.session.schema === schema) return catalog;
  const inside: Catalog = { ...catalog, session: { ...catalog.session, schema } };
  const reader = readers.get(catalog);
  if (reader !== undefined) readers.set(inside, reader);
  return inside;
}

/** Null: it is being read, further up, or was not understood. */
const known = new WeakMap<Code, CodeEffect | null>();

/** What code may do when it runs; null: anything. Read once per snapshot of the catalog. */
export function codeOf(catalog: Catalog, code: Code, parameters: readonly string[] = []): CodeEffect | null {
  const reader = readers.get(catalog);
  if (reader === undefined) throw new Error('nobody was told how code of this catalog is read');
  const said = reader.declared.get(code);
  if (said !== undefined) return said;
  const before = known.get(code);
  if (before !== undefined) return before;
  known.set(code, null);
  const effect = effectOf(catalog, reader, code, parameters);
  known.set(code, effect);
  return effect;
}

function effectOf(
  catalog: Catalog,
  reader: CodeReader,
  code: Code,
  parameters: readonly string[],
): CodeEffect | null {
  const read = code.body === null ? null : readBody(code.body, readingModeOf(code.sqlMode));
  if (read === null) return null;
  const findings = new Findings();
  const variables = new Set([...parameters, ...read.variables]);
  const sets = new Set<string>();
  const inside = seenFrom(catalog, code.schema);
  for (const statement of read.statements) {
    if (statement.kind === 'set' && !statement.parts.every((part) => noteSet(part, variables, sets)))
      return null;
    walkInside(inside, findings, reader, withoutSettings(statement));
  }
  if (findings.everything !== null || findings.session !== 'keeps' || findings.commitsImplicitly) return null;
  return {
    writes: [...findings.writes.values()].map(({ table }) => table),
    reads: findings.reads.map(({ table }) => table),
    sets,
    unstable: findings.uncacheable,
  };
}

/** Its variables may hide columns: so nothing is known of rows. */
function walkInside(catalog: Catalog, findings: Findings, reader: CodeReader, statement: Statement): void {
  const pins = new Pins();
  const sight = new Sight(pins, findings.parameterUses);
  const walk: Walk = { catalog, findings, pins, sight, query: reader.query };
  if (statement.kind === 'do') reader.expression(walk, statement.expressions, nowhere);
  else reader.statement(walk, statement);
  pins.settle();
  findings.reads.push(...sight.look());
}

/** Of a local variable, one of the session's user, or a column of the row at hand; false for anything else. */
function noteSet(part: SetPart, variables: ReadonlySet<string>, sets: Set<string>): boolean {
  if (part.kind === 'set-user-variable') return true;
  if (part.kind !== 'setting' || part.scope !== null) return false;
  const [first = '', second] = part.names.map((name) => name.toLowerCase());
  if (second === undefined) return variables.has(first);
  if (first !== 'new' || part.names.length > 2) return false;
  sets.add(second);
  return true;
}

/** A SET of variables and columns as what it computes; a SELECT INTO variables as the SELECT. */
function withoutSettings(statement: Statement): Statement {
  if (statement.kind === 'set')
    return {
      kind: 'do',
      expressions: statement.parts.flatMap((part) => ('value' in part ? [part.value] : [])),
    };
  if (statement.kind === 'query' && statement.into?.target === 'variables')
    return { ...statement, into: null };
  return statement;
}
