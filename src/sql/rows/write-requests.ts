/**
 * Decides the words in which a change to the rows of a table is told before it is known what follows from it, and that
 * what follows is found out once for each kind of change. Knows no dialect.
 */
import type { Table, WritePin } from '../plan.js';

/** One kind of change that a statement makes to its table. */
export interface Change<Event extends string> {
  readonly event: Event;
  /** The columns an update may change; null if that is not known. */
  readonly changed: ReadonlySet<number> | null;
}

/** One kind of change to one relation. */
export interface WriteRequest<Relation, Event extends string> extends Change<Event> {
  readonly relation: Relation;
  readonly pins: readonly WritePin[];
}

export interface Following<Request> {
  /** Notes one request's own effects; gives what follows from it. */
  readonly spread: (request: Request) => readonly Request[];
  /** Notes that any rows of its table may change, of which it is known already what follows. */
  readonly noteAnyRow: (request: Request) => void;
}

/** Follows what a statement itself writes, from table to table. */
export function followWrites<Request extends WriteRequest<{ readonly table: Pick<Table, 'id'> }, string>>(
  requests: readonly Request[],
  { spread, noteAnyRow }: Following<Request>,
): void {
  /** Whether what follows was found out for any rows. */
  const done = new Map<string, 'some rows' | 'any row'>();
  const queue = [...requests];
  for (const next of queue) {
    const columns = next.changed === null ? '*' : [...next.changed].join(',');
    const key = `${next.relation.table.id} ${next.event} ${columns}`;
    const before = done.get(key);
    if (before === 'any row') {
      noteAnyRow(next);
      continue;
    }
    // Met again, along another reference say: what follows from the first one's rows is not all that follows.
    const request = before === undefined ? next : { ...next, pins: [] };
    done.set(key, request.pins.length === 0 ? 'any row' : 'some rows');
    queue.push(...spread(request));
  }
}
