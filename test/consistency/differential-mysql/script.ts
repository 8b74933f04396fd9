/** Decides what a case of the differential on the MySQL family is: texts that make two schemas, and what is then asked. */
import { inspect } from 'node:util';
import { type AnyCall, type AnyCase, type Asking, printedCase, type StepOf } from '../differential/steps.js';

/** How a connection's session is set up from its start. */
export const sessionNames = ['plain', 'other', 'zone', 'loose', 'committed'] as const;
export type SessionName = (typeof sessionNames)[number];

/** In a text: the names of a case's own schema, and of its second one. */
export const SCHEMA = '{schema}';
export const OTHER = '{other}';

/** By which method of mysql2 it is asked. */
export type Way = 'query' | 'execute' | 'callback' | 'prepare';

export interface Call extends AnyCall {
  readonly way: Way;
  readonly where?: 'elsewhere';
}

export interface Read extends Call, Asking {
  readonly session: SessionName;
  readonly shape?: 'rowsAsArray' | 'nestTables';
}

export type Step = StepOf<Call, Read>;

export type Case = AnyCase<Step>;

export function lineOf({ text, values, way, where, ...rest }: Call | Read): string {
  const shape = 'shape' in rest && rest.shape !== undefined ? ` ${rest.shape}` : '';
  const said = values.length === 0 ? '' : ` ${inspect(values, { breakLength: Number.POSITIVE_INFINITY })}`;
  return `${where === undefined ? '' : `${where}: `}${way}${shape} ${text}${said}`;
}

export const printed = (made: Case): string => printedCase(made, lineOf);
