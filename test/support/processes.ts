/**
 * Decides how another process of ours is started, spoken to, stopped in the middle, and killed without warning.
 * Knows nothing of what it does.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

export interface StartProcessOptions {
  /** A module that Node can run as it is. */
  readonly entry: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly nodeArgs?: readonly string[];
}

/** What is sent and what comes back are JSON. */
export interface OtherProcess<Order, Answer> {
  readonly pid: number;
  readonly isRunning: boolean;
  send(order: Order): void;
  /** The next answer that fits. Rejects when the process ends before one came. */
  next<A extends Answer>(fits: (answer: Answer) => answer is A): Promise<A>;
  onAnswer(listener: (answer: Answer) => void): void;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGSTOP. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Resolves when it is gone, however it went. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

const OUTPUT_KEPT_CHARACTERS = 8_000;

const running = new Set<ChildProcess>();

// A paused process would never learn that we are gone.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** It is told by the end of its channel when this process is gone. */
export async function startProcess<Order extends object, Answer extends object>(
  options: StartProcessOptions,
): Promise<OtherProcess<Order, Answer>> {
  const child = fork(options.entry, [...(options.args ?? [])], {
    env: { ...process.env, ...options.env },
    execArgv: [...(options.nodeArgs ?? [])],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  await once(child, 'spawn');
  const { pid } = child;
  if (pid === undefined) throw new Error('A process that was started has no id.');
  return new Forked<Order, Answer>(child, pid);
}

class Forked<Order extends object, Answer extends object> implements OtherProcess<Order, Answer> {
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  isRunning = true;
  private readonly listeners = new Set<(answer: Answer) => void>();
  private output = '';

  constructor(
    private readonly child: ChildProcess,
    readonly pid: number,
  ) {
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.isRunning = false;
        resolve({ code, signal });
      });
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.output = (this.output + chunk.toString()).slice(-OUTPUT_KEPT_CHARACTERS);
      });
    child.on('error', () => undefined); // it was killed while it was sent something
    child.on('message', (answer) => {
      for (const listener of this.listeners) listener(answer as Answer);
    });
  }

  send(order: Order): void {
    if (this.isRunning && this.child.connected) this.child.send(order);
  }

  onAnswer(listener: (answer: Answer) => void): void {
    this.listeners.add(listener);
  }

  next<A extends Answer>(fits: (answer: Answer) => answer is A): Promise<A> {
    return new Promise((resolve, reject) => {
      const listener = (answer: Answer): void => {
        if (!fits(answer)) return;
        this.listeners.delete(listener);
        resolve(answer);
      };
      this.listeners.add(listener);
      void this.ended.then(({ code, signal }) => {
        this.listeners.delete(listener);
        reject(new Error(`process ${this.pid} ended with ${signal ?? code}: ${this.output.trim()}`));
      });
    });
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  pause(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }
}
