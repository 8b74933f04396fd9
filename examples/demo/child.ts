/**
 * Decides how a process of ours is started, listened to and ended, and that its unexpected end is an error for
 * whoever waits for it. Knows nothing of what it does.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface ChildProgram {
  /** Of this folder, compiled or not. */
  readonly program: URL;
  readonly name: string;
  readonly args: object;
}

/** How long a process may take to end when asked, before it is made to. */
const patienceMs = 5_000;

/** An exit is told within this of the sockets it closed. */
const blameMs = 1_000;

export class Child<From extends { readonly kind: string }, To extends object> {
  private readonly process: ChildProcess;
  /** Rejects when the process ends before it was asked to. Never resolves. */
  readonly died: Promise<never>;
  private readonly ended: Promise<void>;
  private ending = false;

  constructor({ program, name, args }: ChildProgram) {
    // execArgv is inherited: what runs this program's TypeScript runs the child's.
    this.process = fork(fileURLToPath(program), [JSON.stringify(args)]);
    this.ended = new Promise((resolve) => {
      this.process.once('exit', () => resolve());
      this.process.once('error', () => resolve());
    });
    this.died = new Promise((_, reject) => {
      this.process.once('error', reject);
      this.process.once('exit', (code, signal) => {
        if (!this.ending) reject(new Error(`${name} ended unexpectedly (${signal ?? `code ${code}`})`));
      });
    });
    this.died.catch(() => undefined); // it is looked at by whoever waits for a message; nobody may be waiting
  }

  get pid(): number | undefined {
    return this.process.pid;
  }

  /** A process that is gone is told nothing: its end speaks for itself. */
  tell(message: To): void {
    this.process.send(message, () => undefined);
  }

  /** Rejects with this process' own end if that is what is behind another's failure, which may be seen first. */
  async blame(failure: unknown): Promise<never> {
    await Promise.race([this.died, pause(blameMs)]);
    throw failure;
  }

  /** Calls back for every message from now on. */
  onMessage(callback: (message: From) => void): void {
    this.process.on('message', callback);
  }

  /** The next message of a kind. Rejects if the process ends first. */
  next<Kind extends From['kind']>(kind: Kind): Promise<Extract<From, { kind: Kind }>> {
    const arrived = new Promise<Extract<From, { kind: Kind }>>((resolve) => {
      const listen = (message: From): void => {
        if (message.kind !== kind) return;
        this.process.off('message', listen);
        resolve(message as Extract<From, { kind: Kind }>);
      };
      this.process.on('message', listen);
    });
    return Promise.race([arrived, this.died]);
  }

  /** From now on its end is no surprise. */
  expectEnd(): Promise<void> {
    this.ending = true;
    return this.ended;
  }

  /** Asks it to end, and makes it if it does not. */
  async stop(message: To): Promise<void> {
    this.ending = true;
    const impatience = setTimeout(() => this.process.kill('SIGKILL'), patienceMs);
    if (this.process.connected) this.process.send(message, () => undefined); // gone meanwhile: it has ended
    await this.ended;
    clearTimeout(impatience);
  }
}
