/** Decides the plan of a text: lex, parse, walk, conclude. What could not be understood writes all it names, or everything. */
import type { Plan, Planner, Reason } from '../plan.js';
import { RecentTexts } from '../recent-texts.js';
import { Pins } from '../rows/candidates.js';
import { Sight } from '../rows/sight.js';
import { type Catalog, findRelation, type Routine } from './catalog.js';
import { isAscii } from './characters.js';
import { addWrites } from './closure.js';
import type { CodeEffect } from './code.js';
import { Findings } from './findings.js';
import { generatedColumn } from './inserts.js';
import { lex } from './lexer.js';
import { parseTokens } from './parser/index.js';
import { schemasReached } from './reach.js';
import { readCodeOf } from './read-code.js';
import { readingModeOf } from './reading.js';
import { toldRows } from './returned.js';
import { walkQuery } from './select.js';
import type { Delete, Insert, Statement } from './statement-ast.js';
import { type Controlled, transactionOf, walkStatement } from './statements.js';
import type { Lexed, ReadingMode, Token } from './tokens.js';
import { walkViews } from './views.js';
import type { Walk } from './walk.js';
import { relationsNamed, strangeCall, wordsOf } from './words.js';

export interface PlannerLimits {
  /** How many texts' plans are remembered. */
  readonly plansMax: number;
  /** How long these texts may be together, in UTF-16 code units. */
  readonly planCharactersMax: number;
}

export interface PlannerOptions {
  readonly catalog: Catalog;
  /** `schemasReached(catalog)`, where somebody has it already. */
  readonly reached?: ReadonlySet<string>;
  /** What a user says that routines do. */
  readonly declared?: ReadonlyMap<Routine, CodeEffect>;
  readonly limits?: Partial<PlannerLimits>;
}

const defaultLimits: PlannerLimits = { plansMax: 5_000, planCharactersMax: 8_000_000 };

/** A planner for one snapshot of the catalog: after DDL, make another one. */
export function createMysqlPlanner(options: PlannerOptions): Planner {
  const limits = { ...defaultLimits, ...options.limits };
  const mode = readingModeOf(options.catalog.session.sqlMode);
  // Its own: another planner of the same catalog may be told other things of code.
  const catalog: Catalog = { ...options.catalog };
  readCodeOf(catalog, options.declared);
  const others = schemasBeside(catalog, options.reached ?? schemasReached(catalog));
  const plans = new RecentTexts<Plan>({
    entriesMax: limits.plansMax,
    charactersMax: limits.planCharactersMax,
  });
  return {
    plan(text) {
      const known = plans.get(text);
      if (known !== undefined) return known;
      const plan = planWithinStack(catalog, text, { mode, others });
      plans.set(text, plan);
      return plan;
    },
  };
}

interface Reading {
  readonly mode: ReadingMode;
  /** In lower case. */
  readonly others: ReadonlySet<string>;
}

function schemasBeside(catalog: Catalog, reached: ReadonlySet<string>): ReadonlySet<string> {
  const all = [...catalog.relations.values(), ...[...catalog.routines.values()].flat()];
  return new Set(all.map(({ schema }) => schema.toLowerCase()).filter((name) => !reached.has(name)));
}

function opaque(detail: string): Plan {
  return {
    kind: 'write',
    writes: { scope: 'everything', reason: { code: 'not-understood', detail } },
    changesCatalog: true,
    session: 'departs',
    implicitCommit: true,
  };
}

/** A text nested deeper than the stack is not understood; any other error is a bug of ours and shows. */
function planWithinStack(catalog: Catalog, text: string, reading: Reading): Plan {
  try {
    return planOf(catalog, text, reading);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return opaque('the statement is nested too deeply');
  }
}

function planOf(catalog: Catalog, text: string, { mode, others }: Reading): Plan {
  const lexed = lex(text, mode);
  if (!lexed.lexed) return opaque(`the text cannot be read: ${lexed.message}`);
  if (!catalog.session.keepsQuotes && !isAscii(text))
    return opaque('in the character set of the client other letters may be sent as quotes');
  const plan = planOfLexed(catalog, text, { lexed, mode });
  return wordsOf(lexed.tokens).some((word) => others.has(word)) ? { ...plan, namesOtherSchemas: true } : plan;
}

function planOfLexed(
  catalog: Catalog,
  text: string,
  { lexed, mode }: { readonly lexed: Lexed; readonly mode: ReadingMode },
): Plan {
  if (lexed.tokens.length < 2)
    return { kind: 'bypass', reason: { code: 'empty', detail: 'there is no statement' }, session: 'keeps' };
  const outcome = parseTokens(text, lexed, mode);
  if (!outcome.parsed) return planOfWords(catalog, lexed, `the parser says: ${outcome.message}`);
  const statements = outcome.statements.map(({ statement }) => statement);
  const [first] = statements;
  if (first === undefined)
    return { kind: 'bypass', reason: { code: 'empty', detail: 'there is no statement' }, session: 'keeps' };
  const controlled = statements.map(transactionOf);
  const [control] = controlled;
  if (statements.length === 1 && control !== null && control !== undefined) return planOfControl(control);
  const findings = new Findings();
  findings.hasOwnSettings = setsVariables(lexed);
  for (const [index, statement] of statements.entries()) {
    const each = controlled[index];
    if (each === null || each === undefined) walkOne(catalog, findings, statement);
    else noteTransaction(findings, each);
  }
  if (statements.length > 1) findings.deny('several-statements', 'the text has several statements');
  noteLexed(catalog, findings, { text, lexed });
  const plan = conclude(findings);
  return plan.kind === 'write' && statements.length === 1 ? withAnswer(catalog, findings, plan, first) : plan;
}

function planOfControl({ transaction, commitsImplicitly }: Controlled): Plan {
  const plan: Plan = { kind: 'transaction', transaction, session: 'keeps' };
  return commitsImplicitly ? { ...plan, implicitCommit: true } : plan;
}

function newWalk(catalog: Catalog, findings: Findings): Walk {
  const pins = new Pins();
  const sight = new Sight(pins, findings.parameterUses);
  return { catalog, findings, pins, sight, query: walkQuery };
}

function walkOne(catalog: Catalog, findings: Findings, statement: Statement): void {
  const walk = newWalk(catalog, findings);
  walkStatement(walk, statement);
  walk.pins.settle();
  findings.reads.push(...walk.sight.look());
}

/** Inside a string a COMMIT may make visible what earlier texts wrote. */
function noteTransaction(findings: Findings, { transaction: { control } }: Controlled): void {
  findings.deny('several-statements', 'the text controls a transaction among other things');
  findings.writeEverything({
    code: 'several-statements',
    detail: `the text has a ${control} among other statements`,
  });
  findings.commitsImplicitly = true;
}

/** What the lexer knows better than the parser. */
function noteLexed(
  catalog: Catalog,
  findings: Findings,
  { text, lexed }: { readonly text: string; readonly lexed: Lexed },
): void {
  const { tokens, hasVersionComment } = lexed;
  if (hasVersionComment) {
    // On a server that takes it for a comment the rest is the statement, which must be a SELECT as well.
    const isSelect = tokens[0]?.word === 'select' && tokens[0].start === leadingBlanks(text);
    if (!isSelect || /;\s*\S/.test(text))
      findings.doAnything('version-comment', 'it has a comment that some servers take for code');
    findings.deny('version-comment', 'it has a comment that some servers take for code');
  }
  if (setsVariables(lexed)) findings.deny('session', 'a hint sets variables for the statement');
  const named = relationsNamed(catalog, tokens);
  if ([...findings.named].every((relation) => named.has(relation))) return;
  findings.doAnything('not-understood', 'the parser found a table that the text does not name');
}

const setsVariables = ({ hints }: Lexed): boolean => hints.some((hint) => /set_var/i.test(hint));

const leadingBlanks = (text: string): number => text.length - text.trimStart().length;

/** Words of the language between a verb and the first table. */
const beforeTarget = new Set(
  'insert replace update delete into from ignore low_priority delayed high_priority quick'.split(' '),
);

/** The first table that is named, without its schema, in lower case. */
function targetOf(tokens: readonly Token[]): string | undefined {
  const first = tokens.findIndex(
    ({ kind, word }) => kind === 'name' || (kind === 'word' && !beforeTarget.has(word)),
  );
  const own = tokens[first + 1]?.word === '.' ? first + 2 : first;
  return tokens[own]?.text.toLowerCase();
}

/** The plan of a text of which only the words are known. */
function planOfWords(catalog: Catalog, lexed: Lexed, detail: string): Plan {
  const { tokens, hasVersionComment } = lexed;
  const verb = tokens[0]?.word ?? '';
  const isAlone = !tokens.some(({ word }, index) => word === ';' && tokens[index + 1]?.kind !== 'end');
  const tables = relationsNamed(catalog, tokens);
  const strange = strangeCall(catalog, tokens, tables);
  const isSimple = isAlone && !hasVersionComment && strange === null;
  if (!isSimple || !/^(?:select|insert|update|delete|replace)$/.test(verb)) return opaque(detail);
  const findings = new Findings();
  findings.deny('not-understood', detail);
  walkViews(newWalk(catalog, findings), tables);
  if (verb === 'select') return conclude(findings);
  // A table that others have made since the catalog was read is none of them.
  const target = targetOf(tokens);
  if (![...tables].some(({ name }) => name.toLowerCase() === target)) return opaque(detail);
  const requests = [...tables].flatMap((relation) =>
    (['insert', 'update', 'delete'] as const).map((event) => ({ relation, event, changed: null, pins: [] })),
  );
  addWrites(catalog, findings, requests);
  return conclude(findings);
}

function conclude(findings: Findings): Plan {
  const { everything, writes, uncacheable, reads, changesCatalog, session } = findings;
  const commits = findings.commitsImplicitly ? ({ implicitCommit: true } as const) : {};
  if (everything !== null)
    return {
      kind: 'write',
      writes: { scope: 'everything', reason: everything },
      changesCatalog,
      session,
      ...commits,
    };
  if (writes.size > 0)
    return {
      kind: 'write',
      writes: { scope: 'tables', tables: [...writes.values()] },
      changesCatalog,
      session,
      ...commits,
    };
  const bypass = (reason: Reason): Plan => ({ kind: 'bypass', reason, session, ...commits });
  if (uncacheable !== null) return bypass(uncacheable);
  if (reads.length === 0) return bypass({ code: 'no-table', detail: 'it reads no table' });
  if (session !== 'keeps' || findings.commitsImplicitly)
    return bypass({ code: 'session', detail: 'it changes the session' });
  return { kind: 'read', reads, session };
}

/** What the answer to a write tells: that nothing was written, or the key that was generated. */
function withAnswer(
  catalog: Catalog,
  findings: Findings,
  plan: Extract<Plan, { kind: 'write' }>,
  statement: Statement,
): Plan {
  const isDml = ['insert', 'update', 'delete'].includes(statement.kind);
  if (plan.writes.scope !== 'tables' || !isDml || findings.runsCode) return plan;
  const told = statement.kind === 'update' ? null : toldRows(catalog, statement as Insert | Delete);
  const answered = { ...plan, isNothingAtZero: true, ...(told === null ? {} : { told }) } as const;
  if (statement.kind !== 'insert') return answered;
  const found = findRelation(catalog, statement.table);
  const column =
    found.found === 'relation' && !findings.tellsAnotherKey
      ? generatedColumn(catalog, statement, found.relation)
      : null;
  if (column === null || found.found !== 'relation') return answered;
  const generatedKey = { table: found.relation.table, column: String(column.number) };
  return { ...answered, generatedKey };
}
