/** Decides how figures look: a line while a run goes on, a table at the end, a line of JSON for programs. */
import type { RunFigures } from './run.js';

export interface Screen {
  line(text: string): void;
  /** What is going on now: rewritten in place on a terminal, else repeated every few seconds. */
  progress(text: string): void;
}

const repeatEveryMs = 2_000;

export function screenOn(stream: NodeJS.WriteStream): Screen {
  let lineIsOpen = false;
  let nextRepeatMs = 0;
  return {
    line(text) {
      if (lineIsOpen) stream.write('\n');
      lineIsOpen = false;
      nextRepeatMs = 0;
      stream.write(`${text}\n`);
    },
    progress(text) {
      if (stream.isTTY) {
        stream.write(`\r\u001b[2K${text.slice(0, stream.columns - 1)}`);
        lineIsOpen = true;
      } else if (performance.now() >= nextRepeatMs) {
        nextRepeatMs = performance.now() + repeatEveryMs;
        stream.write(`${text}\n`);
      }
    },
  };
}

export function progressLine(name: string, secondsTotal: number, figures: RunFigures): string {
  return [
    `  ${name.padEnd(7)} ${(figures.elapsedMs / 1_000).toFixed(1).padStart(5)} / ${secondsTotal} s`,
    `${whole(figures.requestsPerSecond)} req/s`,
    `p50 ${milliseconds(figures.p50Ms)}`,
    `p99 ${milliseconds(figures.p99Ms)}`,
    `${whole(figures.databaseQueries)} queries`,
    `${percent(figures.hitRatio)} hits`,
    `${whole(figures.staleAfterAck)} stale`,
  ].join('  ');
}

interface Row {
  readonly label: string;
  readonly show: (figures: RunFigures) => string;
}

const rows: readonly Row[] = [
  { label: 'requests/s', show: (figures) => whole(figures.requestsPerSecond) },
  { label: '  of them writes', show: (figures) => whole(figures.writesPerSecond) },
  { label: 'p50', show: (figures) => milliseconds(figures.p50Ms) },
  { label: 'p99', show: (figures) => milliseconds(figures.p99Ms) },
  { label: 'database queries', show: (figures) => whole(figures.databaseQueries) },
  { label: 'hit ratio', show: (figures) => percent(figures.hitRatio) },
  { label: 'invalidations', show: (figures) => whole(figures.invalidations) },
  { label: 'reads checked', show: (figures) => whole(figures.readsChecked) },
  { label: 'stale reads after acknowledgement', show: (figures) => whole(figures.staleAfterAck) },
];

export interface BothRuns {
  readonly without: RunFigures;
  readonly with: RunFigures;
  /** What the second run had. */
  readonly withName: string;
}

export function table({ without, with: withCache, withName }: BothRuns): string {
  const cells = [
    ['', 'without', withName, ''],
    ...rows.map(({ label, show }) => [label, show(without), show(withCache), '']),
  ];
  const faster = withCache.requestsPerSecond / without.requestsPerSecond;
  const requests = cells[1];
  if (requests !== undefined) requests[3] = `${faster.toFixed(1)}x`;
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map(([label = '', first = '', second = '', note = '']) =>
      `  ${label.padEnd(widths[0] ?? 0)}  ${first.padStart(widths[1] ?? 0)}  ${second.padStart(widths[2] ?? 0)}  ${note}`.trimEnd(),
    )
    .join('\n');
}

export function json(runs: Pick<BothRuns, 'without' | 'with'>): string {
  return JSON.stringify({ without: published(runs.without), with: published(runs.with) });
}

const published = (figures: RunFigures) => ({
  requestsPerSecond: rounded(figures.requestsPerSecond, 1),
  p50Ms: rounded(figures.p50Ms, 3),
  p99Ms: rounded(figures.p99Ms, 3),
  databaseQueries: figures.databaseQueries,
  hitRatio: rounded(figures.hitRatio, 4),
  invalidations: figures.invalidations,
  staleAfterAck: figures.staleAfterAck,
});

const rounded = (number: number, digits: number): number => Number(number.toFixed(digits));
const whole = (number: number): string => Math.round(number).toLocaleString('en-US');
const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const milliseconds = (ms: number): string => `${ms.toFixed(ms < 10 ? 2 : 1)} ms`;
