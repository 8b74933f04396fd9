/**
 * Decides a loopback port that nobody listens on now. Somebody may by the time it is used: be ready to try again. Below
 * those that the operating system gives to connections (from 32768 on Linux), which come and go all the time.
 */
import { createServer } from 'node:net';

const LOWEST = 20_000;
const COUNT = 12_000;
const TRIES_MAX = 100;

export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error(`Of ${TRIES_MAX} ports from ${LOWEST} on, none was free.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
