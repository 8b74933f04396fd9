/**
 * Decides in which order the histories of several processes happened, and tells one history of all of them in that
 * order. What is right and wrong is known there.
 */
import type { History } from './history.js';
import type { LogRecord, ReadRecord } from './log.js';
import type { ReadWitness, TrackedRow, WriteWitness } from './witness.js';

/** What one process wrote down, in its order. */
export interface Testimony {
  /** Of the process, through all its lives. */
  readonly index: number;
  readonly process: string;
  readonly records: readonly LogRecord[];
}

interface Event {
  readonly atNs: number;
  /** Among events of the same nanosecond: what ends is told last, so that nothing is accused without proof. */
  readonly ends: boolean;
  readonly tell: () => void;
}

const NS_PER_MS = 1_000_000;

export class Judge {
  private nowNs = 0;
  private readonly history: History;

  /** @param rows as the processes number them */
  constructor(
    makeHistory: (nowMs: () => number) => History,
    private readonly rows: readonly TrackedRow[],
  ) {
    this.history = makeHistory(() => this.nowNs / NS_PER_MS);
  }

  /** Of a time in which nothing was left under way: writes without an outcome are those of processes that died. */
  hear(testimonies: readonly Testimony[]): void {
    const events = testimonies.flatMap((testimony) => this.eventsOf(testimony));
    events.sort((left, right) => left.atNs - right.atNs || Number(left.ends) - Number(right.ends));
    for (const { atNs, tell } of events) {
      this.nowNs = atNs;
      tell();
    }
  }

  private eventsOf({ process, records }: Testimony): readonly Event[] {
    const writes = new Map<number, WriteWitness>();
    return records.flatMap((record): Event[] => {
      switch (record.kind) {
        case 'read':
          return this.eventsOfRead(process, record);
        case 'asked': {
          const changes = record.changes.map(({ row, ...how }) => ({ row: this.row(row), ...how }));
          const tell = (): void => void writes.set(record.write, this.history.write(changes, process));
          return [{ atNs: record.at, ends: false, tell }];
        }
        default:
          return [
            {
              atNs: record.at,
              ends: true,
              tell: () => {
                const write = writes.get(record.write);
                if (write === undefined) throw new Error(`${process} ended a write that it never began`);
                if (record.kind === 'acknowledged') write.acknowledge(record.outcomes);
                else if (record.kind === 'rolledBack') write.rollBack();
                else write.lose();
              },
            },
          ];
      }
    });
  }

  private eventsOfRead(process: string, record: ReadRecord): Event[] {
    const { name, scope, from, to, plain, steps } = record;
    let read: ReadWitness | undefined;
    return [
      {
        atNs: from,
        ends: false,
        tell: () => {
          const rows = scope.map((row) => this.row(row));
          read = this.history.read(name, rows, plain !== true, process);
        },
      },
      {
        atNs: to,
        ends: true,
        tell: () => {
          for (const step of steps) {
            if ('rows' in step) {
              const sightings = step.rows.map(([row, version, place]) => {
                const seen = { row: this.row(row), version };
                return place === undefined ? seen : { ...seen, place };
              });
              read?.returned(sightings, step.place === undefined ? {} : { place: step.place });
            } else if ('total' in step) read?.returnedTotal(step.total);
            else read?.expect(false, step.not);
          }
          read?.end();
        },
      },
    ];
  }

  private row(number: number): TrackedRow {
    const row = this.rows[number];
    if (row === undefined) throw new Error(`there is no row ${number}`);
    return row;
  }
}
