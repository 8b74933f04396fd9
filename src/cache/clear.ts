/** Decides how entries are dropped from the store: by their names, a page at a time; tokens stay. */
import {
  arrayOf,
  type Conversation,
  converse,
  expectNoError,
  openSession,
  type Store,
  textOf,
} from './executor.js';
import { entryKey } from './protocol/keys.js';

const PAGE = 500;

/** On every node: each lists only what it has itself. */
export async function clearStore(store: Store, namespace: string): Promise<void> {
  const sessions = store.nodes?.() ?? [openSession(store)];
  await Promise.all(sessions.map(async (session) => converse(session, clearEntries(namespace))));
}

export function* clearEntries(namespace: string): Conversation<void> {
  const pattern = entryKey(namespace, '*');
  let cursor = '0';
  do {
    const [scanned] = yield [['SCAN', cursor, 'MATCH', pattern, 'COUNT', String(PAGE)]];
    if (scanned === undefined) return;
    expectNoError([scanned]);
    const [next, keys] = arrayOf(scanned);
    const names = arrayOf(keys).map((key) => textOf(key) ?? '');
    if (names.length > 0) expectNoError(yield names.map((name) => ['UNLINK', name])); // each has a slot of its own
    cursor = textOf(next) ?? '0';
  } while (cursor !== '0');
}
