/**
 * Decides how a command of a file is run: as it was, whatever is allowed now. Knows nothing of files.
 * (Redis: `aof.c`, loadSingleAppendOnlyFile.)
 */
import { type Bytes, byteString } from '../../byte-string.js';
import type { Client } from '../../client.js';
import { Call, type Command, type CommandTable, type ServerContext } from '../../command.js';
import { ErrorReply } from '../../resp/reply.js';

/** Not writes, and yet about the data. */
const NEEDED: ReadonlySet<string> = new Set(['select', 'pfcount']);

export interface Replay {
  /** Null, or why it cannot be run at all. */
  run(args: readonly Bytes[]): string | null;
  /** Commands that answered with an error, as they may have done at the time. */
  readonly failed: number;
  /** What the first of them said. */
  readonly firstFailure: string | null;
}

/** What `client` selects counts. Nobody is told of anything, and nothing is over before the file says so. */
export function replayFor(server: ServerContext, client: Client): Replay {
  const { keyspace, commands } = server;
  let failed = 0;
  let firstFailure: string | null = null;
  return {
    get failed() {
      return failed;
    },
    get firstFailure() {
      return firstFailure;
    },
    run(args) {
      const name = byteString(args[0] ?? '');
      const command = commandOf(commands, name, args);
      if (command?.run === undefined) return `unknown command '${name.slice(0, 64)}'`;
      if (!command.isWrite && !NEEDED.has(command.fullName))
        return `the command '${command.fullName}' changes no data`;
      if (!command.acceptsCount(args.length)) return `wrong number of arguments for '${command.fullName}'`;
      keyspace.beginCommand();
      const reply = command.run(new Call(args, client.db, client, server));
      if (reply instanceof ErrorReply) {
        failed++;
        firstFailure ??= `${command.fullName}: ${reply.message}`;
      }
      return null;
    },
  };
}

/** Also one that has another name now, or none. */
function commandOf(commands: CommandTable, name: string, args: readonly Bytes[]): Command | undefined {
  const found = commands.find(name) ?? commands.original(name);
  if (found === undefined || found.subcommands.size === 0) return found;
  return found.subcommands.get(byteString(args[1] ?? '').toLowerCase());
}
