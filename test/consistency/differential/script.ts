/** Decides what a case of the differential test is: texts that make a database, and what is then asked of it. */
import { inspect } from 'node:util';
import type { Config } from '../../../src/index.js';

/** How a connection's session is set up: as its role and settings say, from its start. */
export const sessionNames = ['plain', 'path', 'zone', 'tenant'] as const;
export type SessionName = (typeof sessionNames)[number];

/** In a text: the name of the database. What a prepared transaction is called is known to the whole server. */
export const DATABASE = '{database}';

export interface Call {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Of a prepared statement. */
  readonly name?: string;
  readonly rowMode?: 'array';
  /** Of a client's calls: asked of another connection of its pool meanwhile, or of one without a cache. */
  readonly where?: 'elsewhere' | 'uncached';
}

export interface Read extends Call {
  readonly session: SessionName;
  /** The statement says in which order its rows come. */
  readonly isOrdered: boolean;
  /** Said before it on its connection, and after it: settings that hold for it alone. */
  readonly around?: readonly [before: readonly string[], after: readonly string[]];
  /** It means something on its own connection only. */
  readonly isLocal?: true;
}

export type Step =
  | { readonly kind: 'read'; readonly read: Read }
  | { readonly kind: 'write'; readonly session: SessionName; readonly call: Call }
  /** On one client, in order: transactions, settings, temporary tables. */
  | { readonly kind: 'client'; readonly session: SessionName; readonly calls: readonly (Call | Read)[] }
  /** Other tables from here on: what is kept is not asked for any more. */
  | { readonly kind: 'scene'; readonly name: string };

/** What a case needs to be said of its database. */
export type CaseConfig = Pick<Config, 'effects' | 'sessions'>;

export interface Case {
  readonly seed: number;
  readonly config: CaseConfig;
  /** One text each; what the database refuses is left out. */
  readonly setup: readonly string[];
  readonly steps: readonly Step[];
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

function linesOf(step: Step): readonly string[] {
  switch (step.kind) {
    case 'read':
      return [`read as ${step.read.session}: ${lineOf(step.read)}`];
    case 'write':
      return [`write as ${step.session}: ${lineOf(step.call)}`];
    case 'client':
      return [`one client as ${step.session}:`, ...step.calls.map((call) => `  ${lineOf(call)}`)];
    case 'scene':
      return [`scene: ${step.name}`];
  }
}

/** For people, and to be put into a test by hand. */
export function printed({ seed, setup, steps, config }: Case): string {
  const lines = steps.flatMap(linesOf);
  return [`seed ${seed}`, `with ${said(config)}`, ...setup.map((text) => `${text};`), ...lines].join('\n  ');
}
