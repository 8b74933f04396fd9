/** Decides what a case of the differential test is: texts that make a database, and what is then asked of it. */
import { inspect } from 'node:util';

/** How a connection's session is set up: as its role and settings say, from its start. */
export const sessionNames = ['plain', 'path', 'zone', 'tenant'] as const;
export type SessionName = (typeof sessionNames)[number];

export interface Call {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Of a prepared statement. */
  readonly name?: string;
  readonly rowMode?: 'array';
}

export interface Read extends Call {
  readonly session: SessionName;
  /** The statement says in which order its rows come. */
  readonly isOrdered: boolean;
}

export type Step =
  | { readonly kind: 'read'; readonly read: Read }
  | { readonly kind: 'write'; readonly session: SessionName; readonly call: Call }
  /** On one client, in order: transactions, settings, temporary tables. */
  | { readonly kind: 'client'; readonly session: SessionName; readonly calls: readonly (Call | Read)[] };

export interface Case {
  readonly seed: number;
  /** One text each; what the database refuses is left out. */
  readonly setup: readonly string[];
  readonly steps: readonly Step[];
}

const said = (value: unknown): string => inspect(value, { breakLength: Number.POSITIVE_INFINITY });

export function lineOf({ text, values, name, rowMode }: Call): string {
  const notes = [
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
  }
}

/** For people, and to be put into a test by hand. */
export function printed({ seed, setup, steps }: Case): string {
  const lines = steps.flatMap(linesOf);
  return [`seed ${seed}`, ...setup.map((text) => `${text};`), ...lines].join('\n  ');
}
