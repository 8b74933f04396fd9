/** Decides how a pool tells the connection that runs one of its misses that the result may be kept. Knows no statement. */
import type { Capture } from './capture.js';
import type { Database } from './databases.js';
import { isQuery } from './driver.js';
import type { ExecuteCommand, QueryCommand } from './shapes.js';

/** A miss on its way through the pool's own methods, which keep options that they do not know. */
export interface Filling {
  /** For whose sessions it is. */
  readonly database: Database;
  /** A connection has taken it. */
  readonly captured: (capture: Capture) => void;
}

const fillingSymbol = Symbol('lookaside.filling');

export const withFilling = (options: object, filling: Filling): object => ({
  ...options,
  [fillingSymbol]: filling,
});

export function fillingOf(command: QueryCommand | ExecuteCommand): Filling | null {
  const options: object = isQuery(command) ? command._queryOptions : command._executeOptions;
  return (options as { readonly [fillingSymbol]?: Filling })[fillingSymbol] ?? null;
}
