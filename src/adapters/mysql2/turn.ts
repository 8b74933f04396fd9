/**
 * Decides when an answer that takes no packet may be given on a connection that has other commands under way, a ping, say:
 * when the driver comes to it, so that callers hear in the order in which they asked. Knows nothing of what is answered.
 */
import { EventEmitter } from 'node:events';
import type { Command, MysqlConnection } from './shapes.js';

/** Whether a command is under way or waits for its turn. */
export const isBusy = ({ _command, _commands }: MysqlConnection): boolean =>
  (_command ?? null) !== null || _commands.length > 0;

/**
 * A place in the driver's queue, which sends nothing.
 *
 * @param lost is told what the driver tells a command that never gets its turn
 */
export const turnFor = (task: () => void, lost: (error: Error | null) => void): Command =>
  Object.assign<object, Partial<Command>>(new EventEmitter(), {
    next: null,
    onResult: lost,
    execute: () => {
      task();
      return true;
    },
  }) as Command;
