/**
 * Decides how several clients talk to one server in turns, and when two servers told each of them the same.
 * Knows no particular command.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Endpoint, encode, readCompleteReplies, type Tree } from './wire.js';

export interface Step {
  readonly client: number;
  readonly command: readonly string[];
}

/** Stands for the number that the server gave to a client. */
const ID = /\{id:(\d)\}/;

/** What is told without being asked for, in RESP2 words. */
const UNASKED = ['message', 'pmessage', 'smessage', 'invalidate', 'tracking-redir-broken'];

class Talker {
  private chunks: Buffer[] = [];
  private answered: () => void = () => undefined;
  private isClosed = false;

  constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.chunks.push(chunk);
      this.answered();
    });
    socket.on('close', () => {
      this.isClosed = true;
      this.answered();
    });
    socket.on('error', () => this.answered());
  }

  /** Resolves when an answer has come: pushes of others are none. */
  async ask(command: readonly string[]): Promise<void> {
    if (this.isClosed) return;
    const before = this.answers();
    this.socket.write(encode(command));
    while (!this.isClosed && this.answers() <= before)
      await new Promise<void>((resolve) => {
        this.answered = resolve;
      });
  }

  async id(): Promise<string> {
    await this.ask(['CLIENT', 'ID']);
    const [[, id] = []] = this.replies();
    this.chunks = [];
    return String(id);
  }

  /** Everything told so far, to the end of what is under way. */
  async all(): Promise<Tree[]> {
    await this.ask(['RESET']);
    this.socket.destroy();
    return this.replies();
  }

  private answers(): number {
    return this.replies().filter((reply) => !isUnasked(reply)).length;
  }

  private replies(): Tree[] {
    return readCompleteReplies(Buffer.concat(this.chunks));
  }
}

function isUnasked([mark, items]: Tree): boolean {
  if (!Array.isArray(items) || (mark !== '>' && mark !== '*')) return false;
  return UNASKED.includes(String((items as Tree[])[0]?.[1]));
}

/** What each client was told from its first command on. `{id:1}` stands for the number of the second. */
export async function dialogue(
  endpoint: Endpoint,
  clients: number,
  steps: readonly Step[],
): Promise<unknown[][]> {
  const talkers = await Promise.all(
    Array.from({ length: clients }, async () => {
      const socket = connect({ ...endpoint, noDelay: true });
      await once(socket, 'connect');
      return new Talker(socket);
    }),
  );
  const ids = steps.some(({ command }) => command.some((word) => ID.test(word)))
    ? await Promise.all(talkers.map((talker) => talker.id()))
    : [];
  const named = (word: string): string => word.replace(ID, (_, index: string) => String(ids[Number(index)]));
  for (const { client, command } of steps) await talkers[client]?.ask(command.map(named));
  const told: unknown[][] = [];
  for (const talker of talkers) told.push(normal(await talker.all()));
  return told;
}

/**
 * One publication reaches the patterns of a client in an order nobody promised, as do the receipts of one UNSUBSCRIBE;
 * and each client has a number of its own.
 */
function normal(replies: readonly Tree[]): unknown[] {
  const result: unknown[] = [];
  let run: string[] = [];
  let cause = '';
  const close = (): void => {
    result.push(...run.sort());
    run = [];
  };
  for (const reply of replies) {
    const own = causeOf(reply);
    if (own !== cause || own === '') close();
    cause = own;
    // Receipts count down in whatever order the names have.
    if (own === '') result.push(withoutId(reply));
    else
      run.push(JSON.stringify(own === 'unsubscribe' ? [reply[0], (reply[1] as Tree[]).slice(0, 2)] : reply));
  }
  close();
  return result;
}

/** What several pushes may have in common. */
function causeOf([, content]: Tree): string {
  const [kind, ...rest] = Array.isArray(content) ? (content as Tree[]).map(([, text]) => String(text)) : [];
  if (kind === 'message') return JSON.stringify(rest);
  if (kind === 'pmessage') return JSON.stringify(rest.slice(1));
  return kind?.endsWith('unsubscribe') === true ? 'unsubscribe' : '';
}

function withoutId(tree: Tree): unknown {
  const [mark, items] = tree;
  if (!Array.isArray(items)) return tree;
  const at = items.findIndex((item: Tree) => item[1] === 'id' || item[1] === 'tracking-redir-broken');
  return [mark, items.map((item: Tree, index) => (at >= 0 && index === at + 1 ? 'id' : withoutId(item)))];
}
