/** Decides how a plan is put into words for people. Knows no dialect and no store. */
import type { Pin, Plan, Reason, Table, TableRead, TableWrite, ValueSource, WritePin } from './plan.js';
import { NULL_VALUE } from './values.js';

/** What a column, by its number, is called; its number where that is not known. */
export type ColumnNames = (table: Table, column: string) => string | undefined;

/** A plan in words: one line for what it is, then one line per table. */
export interface PlanExplanation {
  readonly kind: Plan['kind'];
  /** Whether its result may be kept in the cache. */
  readonly cached: boolean;
  /** Why, or why not: one sentence. */
  readonly summary: string;
  /** One sentence per table and for the session. */
  readonly details: readonly string[];
}

/**
 * @param nameOf gives columns their names; without it they are called by their numbers
 */
export function explainPlan(plan: Plan, nameOf: ColumnNames = () => undefined): PlanExplanation {
  switch (plan.kind) {
    case 'read':
      return {
        kind: plan.kind,
        cached: true,
        summary: 'A read: its result is cached until something that it reads changes.',
        details: [
          ...plan.reads.map((read) => readWords(read, nameOf)),
          ...(plan.settings ?? []).map((name) => `Kept apart by ${name}, which row security looks at.`),
        ],
      };
    case 'bypass':
      return {
        kind: plan.kind,
        cached: false,
        summary: `Not cached: ${reasonWords(plan.reason)}.`,
        details: sessionWords(plan),
      };
    case 'write':
      return { kind: plan.kind, cached: false, ...writeWords(plan, nameOf) };
    case 'transaction':
      return {
        kind: plan.kind,
        cached: false,
        summary: `Transaction control (${plan.transaction.control.replace('-', ' ')}): never cached.`,
        details: sessionWords(plan),
      };
  }
}

function reasonWords(reason: Reason): string {
  return `${reason.detail} (${reason.code})`;
}

function writeWords(
  plan: Extract<Plan, { kind: 'write' }>,
  nameOf: ColumnNames,
): { summary: string; details: readonly string[] } {
  const catalog = plan.changesCatalog ? ['The catalog is read again afterwards.'] : [];
  if (plan.writes.scope === 'everything')
    return {
      summary: `A write: it invalidates everything, because ${reasonWords(plan.writes.reason)}.`,
      details: [...catalog, ...sessionWords(plan)],
    };
  return {
    summary: `A write: it invalidates what depends on ${plan.writes.tables.map(({ table }) => table.name).join(', ')}.`,
    details: [
      ...plan.writes.tables.map((write) => tableWriteWords(write, nameOf)),
      ...catalog,
      ...sessionWords(plan),
    ],
  };
}

function sessionWords(plan: Plan): readonly string[] {
  switch (plan.session) {
    case 'keeps':
      return [];
    case 'sets':
      return [
        `Afterwards results are kept apart from those under other settings: ${plan.kind === 'bypass' ? (plan.settings ?? []).map(({ name }) => name).join(', ') : ''}.`,
      ];
    case 'departs':
      return ['The connection bypasses the cache afterwards, until its session was looked at again.'];
    case 'resets':
      return ['The connection is as new afterwards.'];
  }
}

function readWords({ table, pins }: TableRead, nameOf: ColumnNames): string {
  if (pins === null) return `Reads ${table.name}: any change to it counts.`;
  const rows = pins.map((pin) => pinWords(pin, (column) => nameOf(table, column))).join(', or ');
  return `Reads ${table.name}: only changes to rows with ${rows} count.`;
}

function columnWords(name: string | undefined, column: string): string {
  return name ?? `column ${column}`;
}

function pinWords(pin: Pin, nameOf: (column: string) => string | undefined): string {
  const columns = pin.shape.split(',');
  return columns
    .map((column, index) => `${columnWords(nameOf(column), column)} = ${valueWords(pin.values[index])}`)
    .join(' and ');
}

function tableWriteWords({ table, pins }: TableWrite, nameOf: ColumnNames): string {
  return pins.length === 0
    ? `Writes ${table.name}: any of its rows.`
    : `Writes ${table.name}: only rows with ${pins.map((pin) => writePinWords(pin, nameOf(table, pin.column))).join(' and ')}.`;
}

function writePinWords({ column, values }: WritePin, name: string | undefined): string {
  return `${columnWords(name, column)} = ${values.map(valueWords).join(' or ')}`;
}

function valueWords(source: ValueSource | undefined): string {
  if (source === undefined) return '?';
  switch (source.kind) {
    case 'parameter':
      return `$${source.index + 1}`;
    case 'elements':
      return `any ($${source.index + 1})`;
    case 'literal':
      return source.value === NULL_VALUE ? 'null' : JSON.stringify(source.value);
  }
}
