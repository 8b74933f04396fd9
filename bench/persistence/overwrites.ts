/**
 * Decides how much memory a snapshot takes while a share of all keys is overwritten: of us what the process grows by, of
 * redis-server what the system had to copy of its pages. Knows nothing of how long anybody waits.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { exchange, open } from '../server/loader.js';
import type { Saving } from './servers.js';

/** Of all keys, at random. */
export const OVERWRITTEN_SHARE = 0.2;
const PIPELINE = 64;
const LOOK_EVERY_MS = 20;

export async function extraBytes(server: Saving, keys: number, valueBytes: number): Promise<number> {
  const socket = await open(server.port);
  const before = await server.residentBytes();
  let most = before;
  const watch = { isOn: true };
  await server.client.bgsave();
  const watching = (async () => {
    while (watch.isOn) {
      most = Math.max(most, await server.residentBytes());
      await sleep(LOOK_EVERY_MS);
    }
  })();
  const tail = `$${valueBytes}\r\n${'y'.repeat(valueBytes)}\r\n`;
  for (let written = 0; written < keys * OVERWRITTEN_SHARE; written += PIPELINE) {
    let text = '';
    for (let count = 0; count < PIPELINE; count++) {
      const key = String(Math.floor(Math.random() * keys)).padStart(12, '0');
      text += `*3\r\n$3\r\nSET\r\n$16\r\nkey:${key}\r\n${tail}`;
    }
    await exchange(socket, text, PIPELINE * '+OK\r\n'.length);
  }
  await server.saved();
  watch.isOn = false;
  await watching;
  socket.destroy();
  return server.name === 'lookaside' ? most - before : Number(await server.info('rdb_last_cow_size'));
}
