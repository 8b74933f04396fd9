/** Puts the checker to the test: hand-made histories, right and wrong ones, and what it must say of them. */
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../src/clock.js';
import { History } from './history.js';
import { TrackedRow } from './witness.js';

function given(): { history: History; row: TrackedRow; clock: ReturnType<typeof manualClock> } {
  const clock = manualClock();
  return { history: new History(() => clock.monotonicMs()), row: new TrackedRow('row'), clock };
}

/** What is found wrong with a read of one row that begins and ends at once. */
const readAt = (history: History, row: TrackedRow, version: number): readonly string[] =>
  history
    .read('read', [row])
    .returned([{ row, version }])
    .end()
    .map(({ kind }) => kind);

describe('a read of a row', () => {
  it('is stale when a newer version was acknowledged before it began', () => {
    const { history, row } = given();
    history.write([{ row }]).acknowledge([{ version: 1 }]);
    expect(readAt(history, row, 0)).toEqual(['stale']);
    expect(readAt(history, row, 1)).toEqual([]);
    expect(history.figures.violations.stale).toBe(1);
    expect(history.violations[0]?.trace.at(-1)).toContain('1 acknowledged');
  });

  it('may miss a write that was acknowledged while it ran', () => {
    const { history, row } = given();
    const read = history.read('read', [row]);
    history.write([{ row }]).acknowledge([{ version: 1 }]);
    expect(read.returned([{ row, version: 0 }]).end()).toEqual([]);
  });

  it('may show a write before it is acknowledged, and no later read may miss it', () => {
    const { history, row } = given();
    history.write([{ row }]);
    expect(readAt(history, row, 1)).toEqual([]);
    expect(readAt(history, row, 0)).toEqual(['older-than-shown']);
  });

  it('comes from the future when nobody asked for its version, or it was rolled back', () => {
    const { history, row } = given();
    expect(readAt(history, row, 1)).toEqual(['future']);
    history.write([{ row }]).rollBack();
    expect(readAt(history, row, 1)).toEqual(['future']);
    expect(readAt(history, row, 0)).toEqual([]);
  });

  it('may or may not show a write whose outcome is unknown, until somebody saw it', () => {
    const { history, row } = given();
    history.write([{ row }]).lose();
    expect(readAt(history, row, 0)).toEqual([]);
    expect(readAt(history, row, 1)).toEqual([]);
    expect(readAt(history, row, 0)).toEqual(['older-than-shown']);
  });

  it('is stale when a write is missing that was committed without telling its version', () => {
    const { history, row } = given();
    history.write([{ row }]).acknowledge();
    expect(readAt(history, row, 0)).toEqual(['stale']);
    expect(readAt(history, row, 1)).toEqual([]);
  });

  it('may miss a write past the cache that was never acknowledged, however long ago, where only that is promised', () => {
    const { history } = given();
    const row = new TrackedRow('label', false);
    history.write([{ row }]).lose();
    row.rebase(1, undefined);
    expect(readAt(history, row, 0)).toEqual([]);
    history.write([{ row }]).acknowledge([{ version: 2 }]);
    expect(readAt(history, row, 1)).toEqual(['stale']);
  });

  it('is at risk within 5 ms after an acknowledgement', () => {
    const { history, row, clock } = given();
    history.write([{ row }]).acknowledge([{ version: 1 }]);
    clock.advance(5);
    readAt(history, row, 1);
    clock.advance(1);
    readAt(history, row, 1);
    expect(history.figures).toMatchObject({ reads: 2, atRisk: 1 });
  });
});

describe('a row that is not in the result', () => {
  const missing = (history: History, row: TrackedRow, place?: string): readonly string[] =>
    history
      .read('read', [row])
      .returned([], place === undefined ? {} : { place })
      .end()
      .map(({ kind }) => kind);

  it('must have been removed', () => {
    const { history, row } = given();
    history.write([{ row }]).acknowledge([{ version: 1 }]);
    expect(missing(history, row)).toEqual(['stale']);
    const removal = history.write([{ row, removes: true }]);
    expect(missing(history, row)).toEqual([]);
    removal.acknowledge([{ version: 2 }]);
    expect(missing(history, row)).toEqual([]);
    expect(readAt(history, row, 2)).toEqual(['mixed']);
    history.write([{ row }]).acknowledge([{ version: 3 }]);
    expect(missing(history, row)).toEqual(['stale']);
  });

  it('must have been elsewhere', () => {
    const { history, row } = given();
    row.rebase(0, 'here');
    expect(missing(history, row, 'there')).toEqual([]);
    expect(missing(history, row, 'here')).toEqual(['stale']);
    const move = history.write([{ row, moves: true }]);
    expect(missing(history, row, 'here')).toEqual([]);
    move.acknowledge([{ version: 1, place: 'there' }]);
    expect(missing(history, row, 'there')).toEqual(['stale']);
    history.write([{ row }]); // under way, and moves nothing
    expect(missing(history, row, 'there')).toEqual(['stale']);
    expect(missing(history, row, 'here')).toEqual([]);
  });
});

describe('a result of several rows', () => {
  it('is stale by its total, too', () => {
    const { history, row } = given();
    const other = new TrackedRow('other');
    history.write([{ row }, { row: other }]).acknowledge([{ version: 1 }, { version: 1 }]);
    const total = (versions: number): readonly string[] =>
      history
        .read('total', [row, other])
        .returnedTotal(versions)
        .end()
        .map(({ kind }) => kind);
    expect(total(1)).toEqual(['stale']);
    expect(total(2)).toEqual([]);
    expect(total(3)).toEqual(['future']);
  });

  it('is mixed when it breaks what holds in every snapshot, and counts once as the worst of what is found', () => {
    const { history, row } = given();
    history.write([{ row }]).acknowledge([{ version: 1 }]);
    const read = history.read('read', [row]).expect(false, 'the sum has changed');
    expect(
      read
        .returned([{ row, version: 0 }])
        .end()
        .map(({ kind }) => kind),
    ).toEqual(['mixed', 'stale']);
    expect(history.figures.violations).toMatchObject({ stale: 1, mixed: 0 });
  });

  it('is mixed when a row is at a place where it was not at that version', () => {
    const { history, row } = given();
    row.rebase(0, 'here');
    const read = history.read('read', [row]);
    expect(read.returned([{ row, version: 0, place: 'there' }]).end()[0]?.kind).toBe('mixed');
  });
});
