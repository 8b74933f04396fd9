/** Decides of what steps a case is made, and how people read it. Knows no database: what is asked, and as whom, is handed in. */

export interface AnyCall {
  readonly text: string;
  readonly values: readonly unknown[];
  /** Of a client's calls: asked of another connection meanwhile. */
  readonly where?: string;
}

/** What makes a read of a call. */
export interface Asking {
  readonly session: string;
  /** The statement says in which order its rows come. */
  readonly isOrdered: boolean;
}

export type AnyRead = AnyCall & Asking;

export type StepOf<C extends AnyCall, R extends AnyRead> =
  | { readonly kind: 'read'; readonly read: R }
  | { readonly kind: 'write'; readonly session: R['session']; readonly call: C }
  /** On one client, in order: transactions, settings, temporary tables. */
  | { readonly kind: 'client'; readonly session: R['session']; readonly calls: readonly (C | R)[] }
  /** Other tables from here on: what is kept is not asked for any more. */
  | { readonly kind: 'scene'; readonly name: string };

export interface AnyCase<Step = unknown> {
  readonly seed: number;
  /** One text each; what the database refuses is left out. */
  readonly setup: readonly string[];
  readonly steps: readonly Step[];
}

export const isRead = <R extends AnyRead>(call: AnyCall | R): call is R => 'isOrdered' in call;

/** For people, and to be put into a test by hand. @param lineOf one call, as a line of text */
export function printedCase<C extends AnyCall, R extends AnyRead>(
  { seed, setup, steps }: AnyCase<StepOf<C, R>>,
  lineOf: (call: C | R) => string,
): string {
  const lines = steps.flatMap((step): readonly string[] => {
    switch (step.kind) {
      case 'read':
        return [`read as ${step.read.session}: ${lineOf(step.read)}`];
      case 'write':
        return [`write as ${step.session}: ${lineOf(step.call)}`];
      case 'client':
        return [`one client as ${step.session}:`, ...step.calls.map((call) => `  ${lineOf(call)}`)];
      default:
        return [`scene: ${step.name}`];
    }
  });
  return [`seed ${seed}`, ...setup.map((text) => `${text};`), ...lines].join('\n  ');
}
