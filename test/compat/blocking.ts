/**
 * Decides how several clients that wait for keys, and others that write them, are run against one server, and what
 * each is told. Nobody waits for a time: whoever is blocked is asked for.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Endpoint, encode, readReplies, type Tree } from './wire.js';

/** What one client sends in one piece. `{id:1}` stands for the number of client 1. */
export interface Turn {
  readonly client: number;
  readonly commands: readonly (readonly string[])[];
}

class Caller {
  id = '';
  /** Replies still to come. */
  awaited = 0;
  private chunks: Buffer[] = [];
  private arrived: () => void = () => undefined;

  constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.chunks.push(chunk);
      this.arrived();
    });
  }

  send(commands: readonly (readonly string[])[]): void {
    this.awaited += commands.length;
    this.socket.write(Buffer.concat(commands.map(encode)));
  }

  /** Replies so far; those that are not complete yet do not count. */
  replies(): readonly Tree[] {
    try {
      return readReplies(Buffer.concat(this.chunks));
    } catch {
      return [];
    }
  }

  get isIdle(): boolean {
    return this.replies().length >= this.awaited;
  }

  /** Resolves when everything sent is answered. */
  async idle(): Promise<void> {
    while (!this.isIdle)
      await new Promise<void>((resolve) => {
        this.arrived = resolve;
      });
  }

  async ask(command: readonly string[]): Promise<Tree | undefined> {
    this.send([command]);
    await this.idle();
    return this.replies().at(-1);
  }

  close(): void {
    this.socket.destroy();
  }
}

async function caller(endpoint: Endpoint): Promise<Caller> {
  const socket = connect({ ...endpoint, noDelay: true });
  await once(socket, 'connect');
  const opened = new Caller(socket);
  opened.id = String((await opened.ask(['CLIENT', 'ID']))?.[1]);
  return opened;
}

/** Who waited after each turn, what each client was told in the end, and then what the data is. */
export async function converseInTurns(
  endpoint: Endpoint,
  clients: number,
  turns: readonly Turn[],
  finalState: readonly (readonly string[])[],
): Promise<unknown> {
  const control = await caller(endpoint);
  await control.ask(['FLUSHALL']);
  const callers = await Promise.all(Array.from({ length: clients }, () => caller(endpoint)));
  const log: unknown[] = [];
  for (const { client, commands } of turns) {
    const sender = callers[client];
    if (sender === undefined || !sender.isIdle) continue;
    const named = commands.map((command) =>
      command.map((arg) => arg.replace(/^\{id:(\d)\}$/, (_, at) => callers[Number(at)]?.id ?? '0')),
    );
    sender.send(named);
    await settle(control, callers);
    log.push({ client, commands, waiting: callers.map((each) => !each.isIdle) });
  }
  for (const each of callers)
    while (!each.isIdle) {
      await control.ask(['CLIENT', 'UNBLOCK', each.id]);
      await settle(control, callers);
    }
  const told = callers.map((each) => each.replies().slice(1));
  for (const each of callers) each.close();
  const state: unknown[] = [];
  for (const command of finalState) state.push([command, await control.ask(command)]);
  control.close();
  return { log, told, state };
}

/** Until each client is answered or waits. */
async function settle(control: Caller, callers: readonly Caller[]): Promise<void> {
  for (;;) {
    const open = callers.filter((each) => !each.isIdle);
    if (open.length === 0) return;
    const lines = String((await control.ask(['CLIENT', 'LIST']))?.[1]).split('\n');
    const isBlocked = ({ id }: Caller): boolean =>
      lines.some((line) => line.startsWith(`id=${id} `) && / flags=\S*b/.test(line));
    if (open.every((each) => each.isIdle || isBlocked(each))) return;
  }
}
