/** Decides what a case on Postgres is: texts that make a database, and what is then asked of it. */
import { inspect } from 'node:util';
import type { Config } from '../../../src/index.js';
import { type AnyCall, type AnyCase, type Asking, printedCase, type StepOf } from './steps.js';

/** How a connection's session is set up: as its role and settings say, from its start. */
export const sessionNames = ['plain', 'path', 'zone', 'tenant'] as const;
export type SessionName = (typeof sessionNames)[number];

/** In a text: the name of the database. What a prepared transaction is called is known to the whole server. */
export const DATABASE = '{database}';

export interface Call extends AnyCall {
  /** Of a prepared statement. */
  readonly name?: string;
  readonly rowMode?: 'array';
  /** Of a client's calls: asked of another connection of its pool meanwhile, or of one without a cache. */
  readonly where?: 'elsewhere' | 'uncached';
}

export interface Read extends Call, Asking {
  readonly session: SessionName;
  /** Said before it on its connection, and after it: settings that hold for it alone. */
  readonly around?: readonly [before: readonly string[], after: readonly string[]];
  /** It means something on its own connection only. */
  readonly isLocal?: true;
}

export type Step = StepOf<Call, Read>;

/** What a case needs to be said of its database. */
export type CaseConfig = Pick<Config, 'effects' | 'sessions'>;

export interface Case extends AnyCase<Step> {
  readonly config: CaseConfig;
}

const said = (value: unknown): string => inspect(value, { breakLength: Number.POSITIVE_INFINITY });

export function lineOf(call: Call | Read): string {
  const { text, values, name, rowMode, where } = call;
  const around = 'around' in call ? call.around : undefined;
  const notes = [
    ...(where === undefined ? [] : [where]),
    ...(around === undefined ? [] : [`between ${around.map((texts) => texts.join('; ')).join(' and ')}`]),
    ...(values.length > 0 ? [`values ${said(values)}`] : []),
    ...(name === undefined ? [] : [`named ${name}`]),
    ...(rowMode === undefined ? [] : ['rows as arrays']),
  ];
  return notes.length === 0 ? `${text};` : `${text}; -- ${notes.join(', ')}`;
}

export const printed = (made: Case): string => `with ${said(made.config)}\n${printedCase(made, lineOf)}`;
