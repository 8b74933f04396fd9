/** Decides what a case of the differential on the MySQL family is: texts that make two schemas, and what is then asked. */
import { inspect } from 'node:util';

/** How a connection's session is set up from its start. */
export const sessionNames = ['plain', 'other', 'zone', 'loose', 'committed'] as const;
export type SessionName = (typeof sessionNames)[number];

/** In a text: the names of a case's own schema, and of its second one. */
export const SCHEMA = '{schema}';
export const OTHER = '{other}';

/** By which method of mysql2 it is asked. */
export type Way = 'query' | 'execute' | 'callback' | 'prepare';

export interface Call {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly way: Way;
  /** Of a client's calls: asked of another connection of its pool meanwhile. */
  readonly where?: 'elsewhere';
}

export interface Read extends Call {
  readonly session: SessionName;
  /** The statement says in which order its rows come. */
  readonly isOrdered: boolean;
  readonly shape?: 'rowsAsArray' | 'nestTables';
}

export type Step =
  | { readonly kind: 'read'; readonly read: Read }
  | { readonly kind: 'write'; readonly session: SessionName; readonly call: Call }
  /** On one client, in order: transactions, settings, temporary tables, locks. */
  | { readonly kind: 'client'; readonly session: SessionName; readonly calls: readonly (Call | Read)[] }
  /** Other tables from here on: what is kept is not asked for any more. */
  | { readonly kind: 'scene'; readonly name: string };

export interface Case {
  readonly seed: number;
  readonly setup: readonly string[];
  readonly steps: readonly Step[];
}

export const isRead = (call: Call | Read): call is Read => 'isOrdered' in call;

export function lineOf({ text, values, way, where, ...rest }: Call | Read): string {
  const shape = 'shape' in rest && rest.shape !== undefined ? ` ${rest.shape}` : '';
  const said = values.length === 0 ? '' : ` ${inspect(values, { breakLength: Number.POSITIVE_INFINITY })}`;
  return `${where === undefined ? '' : `${where}: `}${way}${shape} ${text}${said}`;
}

/** The whole case, as a person reads it. */
export function printed({ seed, setup, steps }: Case): string {
  const lines = steps.flatMap((step): readonly string[] => {
    switch (step.kind) {
      case 'read':
        return [`${step.read.session} reads: ${lineOf(step.read)}`];
      case 'write':
        return [`${step.session}: ${lineOf(step.call)}`];
      case 'client':
        return [`${step.session} client:`, ...step.calls.map((call) => `  ${lineOf(call)}`)];
      default:
        return [];
    }
  });
  return [`seed ${seed}`, ...setup.map((text) => `${text};`), ...lines].join('\n');
}
