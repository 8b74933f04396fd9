/** Decides what a process writes down of its reads and writes. Judges nothing: it knows of no other process. */
import type { ChangeRecord, JudgedStep, LogWriter, RowNumber, SightingRecord } from './log.js';
import type { Acknowledged } from './neighbours.js';
import type { Change, Outcome, ReadWitness, Sighting, TrackedRow, Witness, WriteWitness } from './witness.js';

export class Recorder implements Witness {
  private readonly numbers: ReadonlyMap<TrackedRow, RowNumber>;
  private writes = 0;

  constructor(
    private readonly log: LogWriter,
    rows: readonly TrackedRow[],
    private readonly onAcknowledged: (acknowledged: Acknowledged) => void,
  ) {
    this.numbers = new Map(rows.map((row, number) => [row, number]));
  }

  write(changes: readonly Change[]): WriteWitness {
    const write = this.writes++;
    for (const { row } of changes) row.asked++; // for rows of which this process is the only writer
    const { log } = this;
    log.write(
      {
        kind: 'asked',
        write,
        at: log.nowNs(),
        changes: changes.map(({ row, removes, moves }): ChangeRecord => {
          const record: ChangeRecord = { row: this.numberOf(row) };
          return {
            ...record,
            ...(removes === true ? { removes } : {}),
            ...(moves === true ? { moves } : {}),
          };
        }),
      },
      true,
    );
    const tell = (kind: 'rolledBack' | 'lost'): void => log.write({ kind, write, at: log.nowNs() }, true);
    return {
      acknowledge: (outcomes: readonly Outcome[] = []) => {
        const atNs = log.nowNs();
        log.write({ kind: 'acknowledged', write, at: atNs, outcomes: outcomes.map(withoutGaps) }, true);
        this.onAcknowledged({
          atNs,
          rows: changes.map(({ row }) => this.numberOf(row)),
          places: changes.map((_, index) => outcomes[index]?.place ?? null),
        });
      },
      rollBack: () => {
        for (const { row } of changes) row.asked--;
        tell('rolledBack');
      },
      lose: () => tell('lost'),
    };
  }

  read(name: string, scope: readonly TrackedRow[], counts = true): ReadWitness {
    const steps: JudgedStep[] = [];
    const { log } = this;
    const numberOf = (row: TrackedRow): RowNumber => this.numberOf(row);
    const from = log.nowNs();
    const witness: ReadWitness = {
      returned(sightings, { place } = {}) {
        const rows = sightings.map((sighting) => recordOf(sighting, numberOf));
        steps.push(place === undefined ? { rows } : { rows, place });
        return this;
      },
      returnedTotal(total) {
        steps.push({ total });
        return this;
      },
      expect(holds, otherwise) {
        if (!holds) steps.push({ not: otherwise });
        return this;
      },
      end: () => {
        const scoped = scope.map(numberOf);
        const read = { kind: 'read', name, scope: scoped, from, to: log.nowNs(), steps } as const;
        log.write(counts ? read : { ...read, plain: true }, false);
      },
    };
    return witness;
  }

  private numberOf(row: TrackedRow): RowNumber {
    const number = this.numbers.get(row);
    if (number === undefined) throw new Error(`${row.name} is not among the rows`);
    return number;
  }
}

const recordOf = (
  { row, version, place }: Sighting,
  numberOf: (row: TrackedRow) => RowNumber,
): SightingRecord => (place === undefined ? [numberOf(row), version] : [numberOf(row), version, place]);

const withoutGaps = ({ version, place }: Outcome): { version?: number; place?: string } => ({
  ...(version === undefined ? {} : { version }),
  ...(place === undefined ? {} : { place }),
});
