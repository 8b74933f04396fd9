/** Decides how a call in this process becomes a command and its reply a value. Knows no transport and no client's life. */
import { type Bytes, byteStringOfText, Memory } from './byte-string.js';
import type { Client } from './client.js';
import type { Command, CommandTable } from './command.js';
import type { Dispatcher } from './dispatch.js';
import {
  type BulkForm,
  borrowedArgument,
  type CommandArguments,
  ownArgument,
  type Value,
  ValueSink,
  valueOf,
} from './in-process.js';
import { GivenRequest, RequestSlices } from './resp/request.js';

/** Longer requests are handed over as values. */
const SCRATCH_BYTES = 64 * 1024;

export class InProcessCalls {
  /** For calls that take a shortcut. */
  private readonly slices = new RequestSlices();
  private readonly scratch = new Memory(Buffer.allocUnsafeSlow(SCRATCH_BYTES));
  private readonly sink = new ValueSink();

  constructor(
    private readonly commands: CommandTable,
    private readonly dispatcher: Dispatcher,
    /** Says when the call begins. */
    private readonly beginTurn: () => number,
  ) {}

  run(client: Client, args: CommandArguments, bulk: BulkForm): Value {
    const name = args[0];
    const command = this.commands.find(name);
    if (command?.shortcut !== undefined && this.dispatcher.mayTakeShortcuts(client))
      if (this.slices.take(args, this.scratch) && this.takeShortcut(command, client, bulk))
        return this.sink.value;
    const toBytes = command?.isWrite === true || client.transaction !== null ? ownArgument : borrowedArgument;
    const bytes: Bytes[] = [byteStringOfText(name)];
    for (let index = 1; index < args.length; index++) bytes.push(toBytes(args[index] ?? ''));
    this.beginTurn();
    const reply = this.dispatcher.dispatchAs(client, command, new GivenRequest(bytes));
    const value = valueOf(reply, client.respVersion, bulk);
    client.replied();
    return value;
  }

  private takeShortcut(command: Command, client: Client, bulk: BulkForm): boolean {
    const nowMs = this.beginTurn();
    this.sink.begin(bulk);
    return this.dispatcher.takeSingleShortcut(command, client, this.slices, this.sink, nowMs);
  }
}
