/** Decides how a pool tells the connection that runs one of its misses that the result may be kept. Knows no statement. */
import type { Capture } from './capture.js';
import type { Database } from './databases.js';
import { isQuery } from './driver.js';
import type { ExecuteCommand, QueryCommand } from './shapes.js';

/** A miss on its way through the pool's own methods. */
export interface Filling {
  /** For whose sessions it is. */
  readonly database: Database;
  /** As it was keyed, and as it is sent. */
  readonly text: string;
  readonly values: readonly unknown[];
  readonly key: string;
  /** A connection has taken it. */
  readonly captured: (capture: Capture) => void;
}

const fillingSymbol = Symbol('lookaside.filling');

/** Beside the values that it is sent with: the driver keeps options that it does not know. */
export const withFilling = (options: object, filling: Filling): object => ({
  ...options,
  [fillingSymbol]: filling,
});

interface Marked {
  [fillingSymbol]?: Filling;
}

/** A query that the driver has made and not given to a connection yet. */
export function fillBy(command: unknown, filling: Filling): void {
  (command as Marked)[fillingSymbol] = filling;
}

export function fillingOf(command: QueryCommand | ExecuteCommand): Filling | null {
  const options: object = isQuery(command) ? command : command._executeOptions;
  return (options as Marked)[fillingSymbol] ?? null;
}
