/**
 * Decides nothing: the thread that asks for one key again and again while another thread fills the server, and tells the
 * longest it waited. A thread of its own, so that it waits for the server only.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { exchange, open } from './loader.js';

async function main(): Promise<void> {
  const { port } = workerData as { readonly port: number };
  const socket = await open(port);
  let longestMs = 0;
  let isStopped = false;
  parentPort?.once('message', () => {
    isStopped = true;
  });
  parentPort?.postMessage('ready');
  while (!isStopped) {
    const beganAtMs = performance.now();
    await exchange(socket, 'GET none\r\n', 5);
    longestMs = Math.max(longestMs, performance.now() - beganAtMs);
  }
  socket.destroy();
  parentPort?.postMessage(longestMs);
  parentPort?.close();
}

void main();
