/**
 * Decides which keys are fetched from memory before their requests are served: the first argument of each, which most
 * commands take for their key. Where it is none, that costs little and changes nothing.
 */
import type { Database } from './keyspace/database.js';
import type { KeysAhead } from './keyspace/keys-ahead.js';
import type { RequestSlices } from './resp/request.js';
import type { RequestsAhead } from './resp/requests-ahead.js';

/** For the request at hand and those behind it. */
export function fetchAhead(
  requests: RequestsAhead,
  { memory, starts, ends, first }: RequestSlices,
  keys: KeysAhead,
  { keyTable }: Database,
): void {
  if (requests.waiting === 0) return;
  keys.begin(memory);
  let at = first;
  for (let number = 0; number <= requests.waiting; number++) {
    const count = requests.countAt(number);
    if (count > 1) keys.add(starts[at + 1] as number, ends[at + 1] as number);
    at += count;
  }
  keyTable.fetch(keys);
}
