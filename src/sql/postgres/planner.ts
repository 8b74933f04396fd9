/** Decides the plan of a text: parse, walk, conclude. What could not be understood is a write of everything. */
import type { Plan, Planner, Reason, TransactionControl } from '../plan.js';
import { RecentTexts } from '../recent-texts.js';
import { Pins } from '../rows/candidates.js';
import { Sight } from '../rows/sight.js';
import { tagged } from './ast.js';
import type { Catalog } from './catalog.js';
import { countedTable } from './counted.js';
import { mayTakeLong } from './duration.js';
import { Findings } from './findings.js';
import type { CodeEffect } from './function-code.js';
import { effectOfFunctionOid } from './functions.js';
import type { PostgresParser } from './parser.js';
import { installCodeReader } from './read-code.js';
import { walkQuery } from './select.js';
import { setsNothingElse } from './session.js';
import { transactionOf, walkNested, walkStatement } from './statements.js';
import type { Walk } from './walk.js';

export interface PlannerLimits {
  /** Longer texts are not parsed, in UTF-16 code units. */
  readonly textLengthMax: number;
  /** How many texts' plans are remembered. */
  readonly plansMax: number;
  /** How long these texts may be together, in UTF-16 code units. */
  readonly planCharactersMax: number;
}

export interface PlannerOptions {
  readonly parser: PostgresParser;
  readonly catalog: Catalog;
  /** What a user says that functions do, by oid. */
  readonly declared?: ReadonlyMap<string, CodeEffect>;
  /** Names of settings by which results are kept apart where they depend on them. */
  readonly settingsInKey?: readonly string[];
  readonly limits?: Partial<PlannerLimits>;
}

const defaultLimits: PlannerLimits = {
  textLengthMax: 100_000,
  plansMax: 5_000,
  planCharactersMax: 8_000_000,
};

/** A planner for one snapshot of the catalog: after DDL, make another one. */
export function createPostgresPlanner(options: PlannerOptions): Planner {
  const limits = { ...defaultLimits, ...options.limits };
  const plans = new RecentTexts<Plan>({
    entriesMax: limits.plansMax,
    charactersMax: limits.planCharactersMax,
  });
  installCodeReader({
    ...options,
    declared: options.declared ?? new Map(),
    walk: (catalog, findings, statement) => walkOne({ catalog, findings }, statement, () => undefined),
  });
  const hazard = castHazard(options.catalog);
  return {
    plan(text) {
      const known = plans.get(text);
      if (known !== undefined) return known;
      // Long texts are neither parsed nor remembered.
      if (text.length > limits.textLengthMax)
        return opaque({
          code: 'text-too-long',
          detail: `the text is longer than ${limits.textLengthMax} characters`,
        });
      const plan = planWithinStack(options, text, hazard);
      plans.set(text, plan);
      return plan;
    },
  };
}

function opaque(reason: Reason): Plan {
  return { kind: 'write', writes: { scope: 'everything', reason }, changesCatalog: true, session: 'departs' };
}

type Hazard = (findings: Findings) => void;

/** json and jsonb: what makes them of rows uses casts to them, explicit or not. */
const jsonTypes: ReadonlySet<string> = new Set(['114', '3802']);

/** User-defined casts that the server applies without being asked may be in every statement. */
function castHazard(catalog: Catalog): Hazard {
  const effects = catalog.casts
    .filter((cast) => cast.function !== '0' && (cast.context !== 'e' || jsonTypes.has(cast.target)))
    .map((cast) => effectOfFunctionOid(catalog, cast.function))
    .filter(({ effect }) => effect !== 'pure'); // all of them, as a rule, and each would be looked at for each statement
  return (findings) => {
    for (const effect of effects) findings.apply(effect);
  };
}

/** A tree nested deeper than the stack is not understood; any other error is a bug of ours and shows. */
function planWithinStack(options: PlannerOptions, text: string, hazard: Hazard): Plan {
  try {
    return planOf(options, text, hazard);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return opaque({ code: 'not-understood', detail: 'the statement is nested too deeply' });
  }
}

function planOf(options: PlannerOptions, text: string, hazard: Hazard): Plan {
  const { parser, catalog } = options;
  if (!catalog.standardConformingStrings && text.includes('\\'))
    return opaque({
      code: 'not-understood',
      detail: 'backslashes escape here (standard_conforming_strings is off)',
    });
  const outcome = parser.parse(text);
  if (!outcome.parsed)
    return opaque({ code: 'not-understood', detail: `the parser says: ${outcome.message}` });
  const { statements } = outcome;
  const [first] = statements;
  if (first === undefined) return bypass(new Findings(), { code: 'empty', detail: 'there is no statement' });
  const transactions = statements.map(transactionOf);
  if (statements.length === 1 && transactions[0] !== null && transactions[0] !== undefined)
    return { kind: 'transaction', transaction: transactions[0], session: 'keeps' };
  const findings = new Findings(new Set(options.settingsInKey));
  for (const [index, statement] of statements.entries()) {
    const transaction = transactions[index];
    if (transaction !== null && transaction !== undefined) noteTransaction(findings, transaction);
    else walkOne({ catalog, findings }, statement, hazard);
  }
  if (statements.length > 1) findings.deny('several-statements', 'the text has several statements');
  const plan = conclude(findings, statements);
  if (plan.kind !== 'write' || statements.length > 1) return plan;
  // What may do anything may also empty the table.
  const counted = plan.writes.scope === 'tables' ? countedTable(catalog, first) : null;
  const told = plan.writes.scope === 'tables' ? findings.toldBy(tagged(first)?.fields ?? {}) : null;
  const isLong = plan.writes.scope === 'tables' && mayTakeLong(catalog, first, plan.writes.tables);
  return {
    ...plan,
    ...(counted === null ? {} : { counted }),
    ...(told === null ? {} : { told }),
    ...(isLong ? { mayTakeLong: true } : {}),
  };
}

function walkOne(
  about: { readonly catalog: Catalog; readonly findings: Findings },
  statement: unknown,
  hazard: Hazard,
): void {
  const pins = new Pins();
  const sight = new Sight(pins, about.findings.parameterUses);
  const walk: Walk = { ...about, pins, sight, query: walkQuery, statement: walkNested };
  hazard(about.findings);
  walkStatement(walk, statement);
  pins.settle();
  about.findings.reads.push(...sight.look());
}

/** Inside a string a COMMIT may make visible what earlier texts wrote. */
function noteTransaction(findings: Findings, { control }: TransactionControl): void {
  findings.deny('several-statements', 'the text controls a transaction among other things');
  if (control !== 'begin' && control !== 'savepoint')
    findings.writeEverything({
      code: 'several-statements',
      detail: `the text has a ${control} among other statements`,
    });
}

function bypass(findings: Findings, reason: Reason, statements: readonly unknown[] = []): Plan {
  const { session, settings } = findings;
  if (session !== 'sets') return { kind: 'bypass', reason, session };
  // Several statements may have begun or ended a transaction.
  if (statements.length !== 1) return { kind: 'bypass', reason, session: 'departs' };
  if (!setsNothingElse(statements[0], settings)) return { kind: 'bypass', reason, session: 'departs' };
  return { kind: 'bypass', reason, session, settings };
}

function conclude(findings: Findings, statements: readonly unknown[]): Plan {
  const { everything, writes, uncacheable, reads, changesCatalog } = findings;
  // Beside a write it may have been set for some row, or none.
  const session = findings.session === 'sets' ? 'departs' : findings.session;
  if (everything !== null)
    return { kind: 'write', writes: { scope: 'everything', reason: everything }, changesCatalog, session };
  if (writes.size > 0)
    return {
      kind: 'write',
      writes: { scope: 'tables', tables: [...writes.values()] },
      changesCatalog,
      session,
    };
  if (uncacheable !== null) return bypass(findings, uncacheable, statements);
  if (reads.length === 0) return bypass(findings, { code: 'no-table', detail: 'it reads no table' });
  if (session !== 'keeps') return bypass(findings, { code: 'session', detail: 'it changes the session' });
  const settings = [...findings.settingsRead];
  return { kind: 'read', reads, session, ...(settings.length === 0 ? {} : { settings }) };
}
