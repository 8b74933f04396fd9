/** Decides in which order one connection's calls run when some have to wait. Knows nothing of what they are. */
import { keepScope } from '../cache/scope.js';

interface Waiting {
  readonly task: () => void;
  /** What it would send; null: a task of ours. */
  readonly subject: object | null;
}

export class Gate {
  private waiting: Waiting[] = [];
  private holds = 0;

  /** @param closing asked before each call; a promise is awaited first, and the question asked again */
  constructor(private readonly closing: () => Promise<unknown> | null) {}

  /** Whether a call may run now; otherwise it has to `wait`. */
  isOpen(): boolean {
    if (!this.isIdle) return false;
    const until = this.closing();
    if (until === null) return true;
    this.hold(until);
    return false;
  }

  /** Whether nothing waits and nothing is held. */
  get isIdle(): boolean {
    return this.holds === 0 && this.waiting.length === 0;
  }

  /** Runs a task behind everything that waits already, in its caller's scope. The task must not throw. */
  wait(task: () => void, subject: object | null = null): void {
    this.waiting.push({ task: keepScope(task), subject });
    if (this.holds === 0) queueMicrotask(() => this.drain());
  }

  /** Everything later waits until the promise settles, whichever way. */
  hold(until: Promise<unknown>): void {
    const release = this.close();
    until.then(release, release);
  }

  /** Everything later waits until what is returned is called, once. */
  close(): () => void {
    this.holds++;
    return () => {
      this.holds--;
      this.drain();
    };
  }

  /** What waits to be sent does not wait here any more: the subjects, in order. */
  withdraw(): object[] {
    const withdrawn = this.waiting.flatMap(({ subject }) => subject ?? []);
    this.waiting = this.waiting.filter(({ subject }) => subject === null);
    return withdrawn;
  }

  private drain(): void {
    while (this.holds === 0 && this.waiting.length > 0) {
      const until = this.closing();
      if (until !== null) return this.hold(until);
      this.waiting.shift()?.task();
    }
  }
}
