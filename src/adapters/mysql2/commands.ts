/** Decides what kind a command of the driver is. Minifiers change names of classes, so it is told by what only it has. */
import { isExecute, isQuery } from './driver.js';
import type { Command, ExecuteCommand, PrepareCommand, QueryCommand } from './shapes.js';

/**
 * - `statement`: the text or the prepared statement is run.
 * - `prepare`: runs nothing.
 * - `renew`: another user, or a new session.
 * - `quiet`: changes nothing: a ping, the closing of a statement, the end of the connection.
 */
export type Kind =
  | { readonly kind: 'statement'; readonly command: QueryCommand | ExecuteCommand }
  | { readonly kind: 'prepare'; readonly command: PrepareCommand }
  | { readonly kind: 'renew'; readonly command: Command }
  | { readonly kind: 'quiet' };

export function kindOf(command: Command): Kind {
  if (isQuery(command) || isExecute(command)) return { kind: 'statement', command };
  if (isPrepare(command)) return { kind: 'prepare', command };
  if ('currentConfig' in command || 'resetConnectionResponse' in command) return { kind: 'renew', command };
  return { kind: 'quiet' };
}

const isPrepare = (command: Command): command is PrepareCommand => 'parameterDefinitions' in command;
