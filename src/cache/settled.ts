/**
 * Decides how a step that has to reach the store waits for nodes that are about to be confirmed: during a failover a
 * write is late rather than untold. Knows no write.
 */
import { type Conversation, converse, openSession, type Session, type Store } from './executor.js';

/**
 * Holds a conversation in a session; synchronous as long as the server is. Where nodes have to be confirmed it begins
 * once those that hold the keys are, and is held once more if they were not after all. So it has to be one that may be
 * held twice.
 *
 * @throws LookasideError `STORE_AWAY`, whatever else ends a session
 */
export function converseSettled<T>(
  store: Store,
  keys: readonly string[],
  conversation: (session: Session) => Conversation<T>,
): T | Promise<T> {
  const attempt = (): T | Promise<T> => {
    const session = openSession(store);
    return converse(session, conversation(session));
  };
  return store.settled === undefined ? attempt() : attemptSettled(store, keys, attempt);
}

async function attemptSettled<T>(
  store: Store,
  keys: readonly string[],
  attempt: () => T | Promise<T>,
): Promise<T> {
  const settle = async (): Promise<boolean> => {
    const settling = store.settled?.(keys) ?? null;
    if (settling === null) return false;
    return settling.then(
      () => true,
      () => false, // the attempt says what is wrong
    );
  };
  await settle();
  try {
    return await attempt();
  } catch (error) {
    if (await settle()) return attempt();
    throw error;
  }
}
