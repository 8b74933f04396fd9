/**
 * Decides whether a request may run, in the order of Redis' processCommand: find, arity, authentication, memory,
 * queue; then runs it. Knows no particular command and no socket.
 */

import type { Denial } from './acl/selector.js';
import type { User } from './acl/user.js';
import { type Bytes, byteString, copyOf } from './byte-string.js';
import type { Client } from './client.js';
import { clientLine } from './client-line.js';
import { Call, type Command, type CommandTable, type ServerContext } from './command.js';
import { ShortcutTimer } from './introspection/shortcut-timer.js';
import { isPermitted } from './permission.js';
import { LOADING } from './persistence/persistence.js';
import { ErrorReply, fail, QUEUED, type Reply } from './resp/reply.js';
import type { Request, RequestSlices } from './resp/request.js';
import type { ShortcutSink } from './resp/writer.js';

const QUOTED_BYTES_MAX = 128;

const noAuthentication = new ErrorReply('NOAUTH Authentication required.');
const outOfMemory = new ErrorReply("OOM command not allowed when used memory > 'maxmemory'.");
/** All that a subscriber may ask for in RESP2. */
const subscriberCommands: ReadonlySet<string> = new Set([
  'subscribe',
  'psubscribe',
  'ssubscribe',
  'unsubscribe',
  'punsubscribe',
  'sunsubscribe',
  'ping',
  'quit',
  'reset',
]);
/** They change what others see, or what is stored, without being writes. */
const WRITES_IN_DISGUISE: ReadonlySet<string> = new Set(['publish', 'spublish', 'pfcount']);
const reasonsInExec = {
  command: 'no permission to execute the command or subcommand',
  key: 'no permission to touch the specified keys',
  channel: 'no permission to access one of the channels used as arguments',
} as const;
const monitorsOnly = fail("Replica can't interact with the keyspace");
const notInMulti = fail('Command not allowed inside a transaction');
const queueTooLong = fail('the transaction is larger than client-query-buffer-limit');

export class Dispatcher {
  /** Times stretches of shortcuts. */
  readonly shortcuts: ShortcutTimer;

  constructor(
    private readonly context: ServerContext,
    private readonly commands: CommandTable,
  ) {
    this.shortcuts = new ShortcutTimer(context.journal);
  }

  /** Runs one request. Its first argument is the command's name. */
  dispatch(client: Client, request: Request): Reply {
    const { slices } = request;
    const command =
      slices === null
        ? this.commands.find(byteString(request.args[0] ?? ''))
        : this.commands.findIn(slices.bytes, slices.start(0), slices.end(0));
    return this.dispatchAs(client, command, request);
  }

  /**
   * Whether nothing but a command itself has to be thought of when this client sends one: then shortcuts may be taken,
   * which know nothing else. Whoever lets something happen around commands says here when.
   */
  mayTakeShortcuts(client: Client): boolean {
    const { acl, pause, tracking, keyspace, notifications, journal, persistence } = this.context;
    if (!persistence.isCalm) return false;
    if (journal.wantsEach || client.isMonitor) return false;
    if (client.transaction !== null || client.replyMode !== 'on' || client.isBlocked) return false;
    if (client.tracking !== null || client.isLimitedToSubscribing) return false;
    if (!client.isAuthenticated && acl.needsLogin) return false;
    if (client.user !== null && !client.user.mayDoEverything) return false;
    return !pause.isActive && !tracking.isActive && !keyspace.hasWaiters && !notifications.isOn;
  }

  /** Answers a request by its command's shortcut; false, with nothing done, if there is none for it. `nowMs`, if known. */
  takeShortcut(client: Client, request: RequestSlices, out: ShortcutSink, nowMs?: number): boolean {
    const command = this.commands.findIn(request.bytes, request.start(0), request.end(0));
    return command !== undefined && this.takeShortcutOf(command, client, request, out, nowMs);
  }

  /** The same when the command has been looked up. */
  takeShortcutOf(
    command: Command,
    client: Client,
    request: RequestSlices,
    out: ShortcutSink,
    nowMs?: number,
  ): boolean {
    if (command.shortcut === undefined) return false;
    this.shortcuts.begins(command.counters, nowMs);
    if (!this.runShortcut(command, client, request, out)) return false;
    this.shortcuts.took(command.counters);
    return true;
  }

  /** The same for a call of its own, with nothing in front or behind: only some are timed. */
  takeSingleShortcut(
    command: Command,
    client: Client,
    request: RequestSlices,
    out: ShortcutSink,
    nowMs: number,
  ): boolean {
    if (command.counters.isDue) {
      const isTaken = this.takeShortcutOf(command, client, request, out, nowMs);
      this.shortcuts.settle();
      return isTaken;
    }
    if (!this.runShortcut(command, client, request, out)) return false;
    command.counters.ranUntimed(false);
    return true;
  }

  private runShortcut(command: Command, client: Client, request: RequestSlices, out: ShortcutSink): boolean {
    if (command.shortcut === undefined) return false;
    const { keyspace, statistics, settings, propagation } = this.context;
    keyspace.beginCommand();
    if (
      !keyspace.makeRoom() ||
      !command.shortcut(request, client.db, out, client.respVersion, settings.encodings)
    )
      return false;
    if (propagation !== null) propagation.ranShortcut(command.fullName, request, client.db);
    statistics.commandsProcessed++;
    client.lastCommand = command.fullName;
    return true;
  }

  /** The same when the command has been looked up. */
  dispatchAs(client: Client, found: Command | undefined, request: Request): Reply {
    const { context } = this;
    context.keyspace.beginCommand();
    context.statistics.commandsProcessed++;
    const command =
      found === undefined || found.subcommands.size === 0 ? found : subcommandOf(found, request.args);
    if (command === undefined) return this.refuse(client, command, unknownCommand(found, request.args));
    const refusal = this.refusal(client, command, request);
    if (refusal !== null) return this.refuse(client, command, refusal);
    if (context.pause.isActive && context.pause.holds(client, mayWrite(client, command)))
      return context.pause.postpone(client, request.args);
    if (client.transaction !== null && !command.runsInMulti)
      return this.enqueue(client, command, request.args);
    context.tracking.current = client;
    const reply = this.run(client, command, request.args);
    if (context.blocking.hasReady) context.blocking.serve();
    if (context.tracking.isActive) context.tracking.trim();
    context.tracking.current = null;
    return reply;
  }

  /** Runs what EXEC takes from the queue: it was found and checked when it was queued. */
  runQueued(client: Client, args: readonly Bytes[]): Reply {
    const found = this.commands.find(byteString(args[0] ?? ''));
    const command = found && subcommandOf(found, args);
    if (command === undefined) return unknownCommand(found, args);
    const { user } = client;
    const denial = user === null || user.mayDoEverything ? null : user.denial(command, args);
    if (user === null || denial === null) return this.run(client, command, args);
    this.denied(client, user, command, args, denial);
    const error = new ErrorReply(
      `NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: ${reasonsInExec[denial.reason]}`,
    );
    this.countError(error);
    return error;
  }

  private countError(error: ErrorReply): void {
    this.context.statistics.errorReplies++;
    this.context.journal.failed(error);
  }

  /** What was not permitted is remembered. */
  private denied(
    client: Client,
    user: User,
    command: Command,
    args: readonly Bytes[],
    { reason, index }: Denial,
  ): ErrorReply {
    this.context.acl.log.add({
      reason,
      context: client.transaction !== null || client.execReplies !== null ? 'multi' : 'toplevel',
      object: reason === 'command' ? command.fullName : byteString(args[index] ?? ''),
      username: user.name,
      clientInfo: clientLine(client, this.context),
    });
    return new ErrorReply(
      reason === 'command'
        ? `NOPERM this user has no permissions to run the '${command.fullName}' command`
        : `NOPERM this user has no permissions to access one of the ${reason}s used as arguments`,
    );
  }

  private run(client: Client, command: Command, args: readonly Bytes[]): Reply {
    client.lastCommand = command.fullName;
    const { context } = this;
    const { journal } = context;
    const { db } = client;
    const isTimed = !command.isShort || command.counters.isDue || journal.wantsEach;
    const startMs = isTimed ? journal.nowMs() : 0;
    const reply =
      command.run === undefined ? wrongCount(command) : command.run(new Call(args, db, client, context));
    if (context.propagation !== null)
      context.propagation.ran(command.declaration.propagate, args, db, reply, client.execReplies !== null);
    const hasFailed = reply instanceof ErrorReply;
    if (hasFailed) this.countError(reply);
    if (isTimed) {
      const ms = journal.nowMs() - startMs;
      command.counters.ran(ms, hasFailed, journal.countsDurations);
      if (journal.isWatching || journal.slowLog.isSlow(ms * 1000)) journal.ran(command, client, args, ms);
    } else command.counters.ranUntimed(hasFailed);
    const { tracking } = client;
    if (tracking !== null) {
      if (command.isRead) context.tracking.remember(client, command.keysOf(args));
      // What CLIENT CACHING announced is the next command, or the whole of the next transaction.
      if (client.transaction === null && client.execReplies === null && command.parent?.fullName !== 'client')
        tracking.isNextAnnounced = false;
    }
    return reply;
  }

  /** The guards in their order; null when the request may run. */
  private refusal(client: Client, command: Command, request: Request): ErrorReply | null {
    if (!command.acceptsCount(request.count)) return wrongCount(command);
    if (!this.isPermitted(client, command)) return notPermitted(command);
    if (!client.isAuthenticated && command.needsAuthentication && this.context.acl.needsLogin)
      return noAuthentication;
    if (client.transaction !== null && !command.isAllowedInMulti) return notInMulti;
    const { user } = client;
    if (user !== null && !user.mayDoEverything) {
      const denial = user.denial(command, request.args);
      if (denial !== null) return this.denied(client, user, command, request.args, denial);
    }
    if (!this.context.keyspace.makeRoom() && needsMemory(client, command)) return outOfMemory;
    const writeRefusal = this.writeRefusal(client, command);
    if (writeRefusal !== null) return writeRefusal;
    if (client.isMonitor && (command.isRead || mayWrite(client, command))) return monitorsOnly;
    if (client.isLimitedToSubscribing && !subscriberCommands.has(command.fullName))
      return fail(
        `Can't execute '${command.fullName}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context`,
      );
    if (this.context.persistence.loading !== null && !command.runsWhileLoading) return LOADING;
    return null;
  }

  /** What cannot be kept on disk is not taken in. */
  private writeRefusal({ transaction }: Client, command: Command): ErrorReply | null {
    const { persistence } = this.context;
    if (persistence.isCalm) return null;
    const writes = command.isWrite || command.fullName === 'ping';
    const runsWrites = command.fullName === 'exec' && transaction?.hasWrite === true;
    return writes || runsWrites ? persistence.writeRefusal() : null;
  }

  private isPermitted(client: Client, { declaration }: Command): boolean {
    if (declaration.needsParameter === undefined) return true;
    const { debugCommand } = this.context.settings.protection;
    return isPermitted(declaration.needsParameter === 'enable-debug-command' ? debugCommand : 'no', client);
  }

  private refuse(client: Client, command: Command | undefined, error: ErrorReply): ErrorReply {
    if (command !== undefined) command.counters.rejected++;
    const { transaction } = client;
    if (command?.fullName !== 'exec') {
      if (transaction !== null) transaction.hasError = true;
      this.countError(error);
      return error;
    }
    // Also outside of MULTI, as Redis does.
    client.transaction = null;
    this.context.watches.unwatch(client);
    const aborted = new ErrorReply(
      `EXECABORT Transaction discarded because of: ${error.message.replace(/^ERR /, '')}`,
    );
    this.countError(aborted);
    return aborted;
  }

  private enqueue(client: Client, command: Command, args: readonly Bytes[]): Reply {
    const { transaction } = client;
    if (transaction === null) return QUEUED;
    transaction.bytes += args.reduce((sum, arg) => sum + arg.length + 64, 0);
    if (transaction.bytes > this.context.settings.limits.queryBufferBytesMax)
      return this.refuse(client, command, queueTooLong);
    // Once it cannot run, nothing more is kept of it.
    if (!transaction.hasError) transaction.queue.push(args.map(copyOf));
    transaction.hasWrite ||= command.isWrite || WRITES_IN_DISGUISE.has(command.fullName);
    transaction.needsMemory ||= command.needsMemory;
    return QUEUED;
  }
}

/** What has to wait while writes are paused. */
function mayWrite({ transaction }: Client, command: Command): boolean {
  if (command.fullName === 'exec') return transaction?.hasWrite === true;
  return command.isWrite || WRITES_IN_DISGUISE.has(command.fullName);
}

/** What is queued takes memory as well, so inside MULTI every command counts; EXEC counts as what it will run. */
function needsMemory({ transaction }: Client, command: Command): boolean {
  if (transaction === null) return command.needsMemory;
  return command.fullName === 'exec' ? transaction.needsMemory : !command.runsInMulti;
}

function subcommandOf(command: Command, args: readonly Bytes[]): Command | undefined {
  const sub = args[1];
  if (sub === undefined || command.subcommands.size === 0) return command;
  return command.subcommands.get(byteString(sub).toLowerCase());
}

function unknownCommand(container: Command | undefined, args: readonly Bytes[]): ErrorReply {
  if (container !== undefined)
    return fail(
      `unknown subcommand '${quoted(args[1], QUOTED_BYTES_MAX)}'. Try ${container.fullName.toUpperCase()} HELP.`,
    );
  let list = '';
  for (const arg of args.slice(1)) {
    if (list.length >= QUOTED_BYTES_MAX) break;
    list += `'${quoted(arg, QUOTED_BYTES_MAX - list.length)}' `;
  }
  return fail(`unknown command '${quoted(args[0], QUOTED_BYTES_MAX)}', with args beginning with: ${list}`);
}

/** As C prints it: up to the first zero byte. */
function quoted(arg: Bytes | undefined, bytesMax: number): string {
  return (byteString(arg ?? '').split('\0', 1)[0] ?? '').slice(0, bytesMax);
}

function notPermitted({ fullName, declaration }: Command): ErrorReply {
  return fail(
    `${fullName.toUpperCase()} command not allowed. If the ${declaration.needsParameter} option is set to "local", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.`,
  );
}

function wrongCount(command: Command): ErrorReply {
  return fail(`wrong number of arguments for '${command.fullName}' command`);
}
