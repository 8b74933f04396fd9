/** Decides how a plan is put into words for people. Knows no dialect and no store. */
import type { Pin, Plan, Reason, TableRead, TableWrite, ValueSource, WritePin } from './plan.js';

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

export function explainPlan(plan: Plan): PlanExplanation {
  switch (plan.kind) {
    case 'read':
      return {
        kind: plan.kind,
        cached: true,
        summary: `A read: its result is cached, and dropped when ${plan.reads.length === 1 ? 'its table changes' : 'one of its tables changes'}.`,
        details: plan.reads.map(readWords),
      };
    case 'bypass':
      return {
        kind: plan.kind,
        cached: false,
        summary: `Not cached: ${reasonWords(plan.reason)}.`,
        details: sessionWords(plan),
      };
    case 'write':
      return { kind: plan.kind, cached: false, ...writeWords(plan) };
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

function writeWords(plan: Extract<Plan, { kind: 'write' }>): { summary: string; details: readonly string[] } {
  const catalog = plan.changesCatalog ? ['The catalog is read again afterwards.'] : [];
  if (plan.writes.scope === 'everything')
    return {
      summary: `A write: it invalidates everything, because ${reasonWords(plan.writes.reason)}.`,
      details: [...catalog, ...sessionWords(plan)],
    };
  return {
    summary: `A write: it invalidates what depends on ${plan.writes.tables.map(({ table }) => table.name).join(', ')}.`,
    details: [...plan.writes.tables.map(tableWriteWords), ...catalog, ...sessionWords(plan)],
  };
}

function sessionWords(plan: Plan): readonly string[] {
  switch (plan.session) {
    case 'keeps':
      return [];
    case 'departs':
      return ['The connection bypasses the cache afterwards, until it is reset.'];
    case 'resets':
      return ['The connection is as new afterwards.'];
  }
}

function readWords({ table, pin }: TableRead): string {
  return pin === null
    ? `Reads ${table.name}: any change to it counts.`
    : `Reads ${table.name}: only changes to rows with ${pinWords(pin)} count.`;
}

function pinWords(pin: Pin): string {
  const columns = pin.shape.split(',');
  return columns.map((column, index) => `column ${column} = ${valueWords(pin.values[index])}`).join(' and ');
}

function tableWriteWords({ table, pins }: TableWrite): string {
  return pins.length === 0
    ? `Writes ${table.name}: any of its rows.`
    : `Writes ${table.name}: only rows with ${pins.map(writePinWords).join(' and ')}.`;
}

function writePinWords({ column, values }: WritePin): string {
  return `column ${column} = ${values.map(valueWords).join(' or ')}`;
}

function valueWords(source: ValueSource | undefined): string {
  if (source === undefined) return '?';
  return source.kind === 'parameter' ? `$${source.index + 1}` : JSON.stringify(source.value);
}
