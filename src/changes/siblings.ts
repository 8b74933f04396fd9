/** Decides whether this process is visibly one of several with the same program, each with a cache of its own. */
import cluster from 'node:cluster';
import { isMainThread } from 'node:worker_threads';

/** What shows it; null when nothing does. */
export function siblings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | null {
  if (!isMainThread) return 'a worker thread';
  if (Number(environment['NODE_APP_INSTANCE'] ?? 0) > 0) return 'one of several instances of PM2';
  // PM2's cluster mode is node:cluster.
  return cluster.isWorker ? 'a worker of node:cluster' : null;
}

const warnedSymbol = Symbol.for('lookaside.siblings');

/** Once per thread, also when this package is loaded twice. */
export function warnOfSiblings(found: string | null = siblings()): void {
  const warned = globalThis as { [warnedSymbol]?: true };
  if (found === null || warned[warnedSymbol] === true) return;
  warned[warnedSymbol] = true;
  process.emitWarning(
    `lookaside: this is ${found}, and its cache is in it: what the others write is seen by polling only. One cache for all is a change of the config: see topology`,
    { type: 'LookasideWarning', code: 'LOOKASIDE_WARN_SIBLINGS' },
  );
}
