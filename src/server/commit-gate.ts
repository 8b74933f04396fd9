/**
 * Decides how replies wait until what they tell of is safe on disk. Knows neither files nor sockets.
 *
 * Whatever a client is told, of its own changes or of those of others, may be taken back by a crash before they are safe.
 * So nothing leaves before everything is that had been written down when it was said.
 */
import type { ErrorReply } from './resp/reply.js';

export interface CommitGate {
  /** What has to be safe before anything that is said now may leave; null: it may leave at once. */
  readonly position: number | null;
  /** Is told once, of what becomes safe next. */
  wait(waiter: CommitWaiter): void;
  /** Holds the thread until all is safe. False if it cannot be made so. */
  commitNow(): boolean;
  /** Why not. */
  readonly refusal: ErrorReply | null;
}

/** Resolves once what was written down until now is safe: true, or false when it cannot be made so. */
export function untilSafe(gate: CommitGate): Promise<boolean> {
  const { position } = gate;
  if (position === null) return Promise.resolve(true);
  return new Promise((resolve) => {
    const waiter: CommitWaiter = {
      committed: (safe) => {
        if (safe >= position) resolve(true);
        else gate.wait(waiter);
      },
      lost: () => resolve(false),
    };
    gate.wait(waiter);
  });
}

export interface CommitWaiter {
  /** Everything before `position` is safe. */
  committed(position: number): void;
  /** It cannot be made safe: what became of it nobody can say. */
  lost(): void;
}
