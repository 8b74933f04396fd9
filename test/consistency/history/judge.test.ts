/** Puts the judge of several processes to the test: logs made by hand, and what must be said of them together. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BoundedCourt, type Court, StrictCourt } from './court.js';
import type { Testimony } from './judge.js';
import { LogReader, type LogRecord, LogWriter } from './log.js';

const MS = 1_000_000;
const ROW = 0;
const strictly = { toleratesOlderThanShown: false };

const testimony = (index: number, records: readonly LogRecord[]): Testimony => ({
  index,
  process: `process ${index}`,
  records,
});

const writeAt = (askedMs: number, acknowledgedMs: number | null): readonly LogRecord[] => {
  const asked: LogRecord = { kind: 'asked', write: 0, at: askedMs * MS, changes: [{ row: ROW }] };
  if (acknowledgedMs === null) return [asked];
  return [asked, { kind: 'acknowledged', write: 0, at: acknowledgedMs * MS, outcomes: [{ version: 1 }] }];
};

const readAt = (fromMs: number, version: number, toMs = fromMs + 1): LogRecord => ({
  kind: 'read',
  name: 'account',
  scope: [ROW],
  from: fromMs * MS,
  to: toMs * MS,
  steps: [{ rows: [[ROW, version]] }],
});

/** The kinds of what is found wrong. */
function judged(court: Court, testimonies: readonly Testimony[]): readonly string[] {
  court.hear(testimonies, strictly);
  return court.violations.map(({ kind }) => kind);
}

describe('several processes', () => {
  it.each([
    ['that began after another had its write acknowledged', readAt(11, 0), ['stale']],
    ['that began before', readAt(9, 0, 12), []],
    ['that shows the write', readAt(11, 1), []],
    ['that shows it before it was asked for', readAt(2, 1, 4), ['future']],
  ] as const)('are judged in the order of their times: a read %s', (_, read, found) => {
    const testimonies = [testimony(1, [read]), testimony(0, writeAt(5, 10))];
    expect(judged(new StrictCourt(), testimonies)).toEqual(found);
  });

  it('may or may not see the write of one that was killed, and not forget it once it was seen', () => {
    const killed = testimony(0, writeAt(5, null));
    expect(judged(new StrictCourt(), [killed, testimony(1, [readAt(6, 0), readAt(8, 1)])])).toEqual([]);
    expect(judged(new StrictCourt(), [killed, testimony(1, [readAt(6, 1), readAt(8, 0)])])).toEqual([
      'older-than-shown',
    ]);
  });

  it('are at risk where another has had its write acknowledged within 5 ms', () => {
    const court = new StrictCourt();
    court.hear([testimony(0, writeAt(5, 10)), testimony(1, [readAt(14, 1), readAt(16, 1)])], strictly);
    expect(court.figures).toMatchObject({ reads: 2, atRisk: 1 });
  });

  it('are held to the bound for what others wrote, and to nothing less for what they wrote themselves', () => {
    const write = testimony(0, writeAt(5, 10));
    const bounded = (...testimonies: readonly Testimony[]): readonly string[] =>
      judged(new BoundedCourt(2, 100), testimonies);
    expect(bounded(write, testimony(1, [readAt(109, 0)]))).toEqual([]);
    expect(bounded(write, testimony(1, [readAt(111, 0)]))).toEqual(['stale']);
    expect(bounded(testimony(0, [...writeAt(5, 10), readAt(11, 0)]), testimony(1, []))).toEqual(['stale']);
  });
});

describe('a log', () => {
  it('holds a write before it is sent, and is read as far as its lines are whole', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lookaside-log-'));
    const path = join(folder, 'log');
    try {
      const log = new LogWriter(path);
      const reader = new LogReader(path);
      const [asked] = writeAt(5, null) as [LogRecord];
      const read = readAt(6, 0);
      log.write(read, false);
      expect(reader.read()).toEqual([]);
      log.write(asked, true);
      expect(reader.read()).toEqual([read, asked]);
      log.write(read, true);
      log.close();
      writeFileSync(path, '{"kind":"re', { flag: 'a' });
      expect(reader.read()).toEqual([read]);
      expect(reader.read()).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
