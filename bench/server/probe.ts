/**
 * Decides nothing: the process that asks for one key again and again while another one fills the server, and tells the
 * longest it waited. A process of its own, so that it waits for the server only.
 */
import { argumentsFromParent, endWithParent, failed, tellParent } from '../../examples/demo/parent.js';
import { exchange, open } from './loader.js';

export interface ProbeArguments {
  readonly port: number;
}

export type FromProbe = { readonly kind: 'ready' } | { readonly kind: 'longest'; readonly ms: number };

async function main(): Promise<void> {
  endWithParent();
  const { port } = argumentsFromParent() as ProbeArguments;
  const socket = await open(port);
  const stopped = new AbortController();
  process.once('message', () => stopped.abort());
  tellParent({ kind: 'ready' } satisfies FromProbe);
  let longestMs = 0;
  while (!stopped.signal.aborted) {
    const beganAtMs = performance.now();
    await exchange(socket, 'GET none\r\n', 5);
    longestMs = Math.max(longestMs, performance.now() - beganAtMs);
  }
  socket.destroy();
  tellParent({ kind: 'longest', ms: longestMs } satisfies FromProbe);
}

main().catch(failed);
