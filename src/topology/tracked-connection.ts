/**
 * Decides how a connection comes to be on which the server remembers what is read, and tells of what is changed of it
 * (CLIENT TRACKING, RESP3): a reply and the news that it is void come on the same one, in order. Knows no tokens.
 *
 * https://redis.io/docs/reference/client-side-caching
 */
import { arrayOf, expectNoError, textOf } from '../cache/executor.js';
import type { Connection, ConnectionEvents } from './connection.js';

/** Told of each key that was read and has changed; null: of all, now that nobody would tell. */
export type OnTouch = (key: string | null) => void;

/** @param open opens a connection with protocol 3 */
export async function openTracked(
  open: (events: ConnectionEvents) => Promise<Connection>,
  events: ConnectionEvents,
  onTouch: OnTouch,
): Promise<Connection> {
  const connection = await open({
    ...events,
    onEnd: (error) => {
      onTouch(null);
      events.onEnd?.(error);
    },
    onPush: ([kind, keys]) => {
      if (kind !== 'invalidate') return;
      if (keys === null || keys === undefined) return onTouch(null);
      for (const key of arrayOf(keys)) onTouch(textOf(key));
    },
  });
  try {
    expectNoError(await connection.run([['CLIENT', 'TRACKING', 'ON']]));
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}
