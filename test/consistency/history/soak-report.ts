/** Decides how the figures of long runs are added up and said. */
import type { Hits } from './contenders.js';
import type { Figures, Violation } from './history.js';

export interface Reported {
  readonly figures: Figures;
  readonly violations: readonly Violation[];
  readonly operations: number;
  readonly hits: Hits;
  readonly events: Readonly<Record<string, number>>;
}

export const say = (line: string): void => void process.stdout.write(`${line}\n`);

export const total = <R>(reports: readonly R[], of: (report: R) => number): number =>
  reports.reduce((sum, report) => sum + of(report), 0);

export function added(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const record of records)
    for (const [name, count] of Object.entries(record)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

export function lineOf(reports: readonly Reported[]): string {
  const figures = (of: (report: Reported) => number): string => total(reports, of).toLocaleString('en');
  return [
    `${figures(({ operations }) => operations)} operations`,
    `${figures(({ figures: { acknowledged } }) => acknowledged)} writes acknowledged`,
    `${figures(({ figures: { reads } }) => reads)} reads checked`,
    `${figures(({ figures: { atRisk } }) => atRisk)} at risk, ${figures(({ figures: { atRiskOfOthers } }) => atRiskOfOthers)} of them after a write of another process`,
    `hits ${figures(({ hits }) => hits.near)} near, ${figures(({ hits }) => hits.store)} store, ${figures(({ hits }) => hits.joined)} joined`,
    `from the database ${figures(({ hits }) => hits.missed)} missed, ${figures(({ hits }) => hits.bypassed)} bypassed`,
    `violations ${JSON.stringify(added(reports.map(({ figures: { violations } }) => violations)))}`,
  ].join('; ');
}

/** What the reads at risk asked for. */
export function atRiskLine(reports: readonly Reported[]): string {
  const counts = Object.entries(added(reports.map(({ figures: { atRiskOf } }) => atRiskOf)));
  const said = counts
    .toSorted(([, left], [, right]) => right - left)
    .map(([name, count]) => `${count.toLocaleString('en')} ${name}`);
  return `at risk: ${said.join(', ')}`;
}

export function sayViolations({ violations }: Reported): void {
  for (const { kind, read, detail, trace } of violations)
    say(`  ${kind}: ${read}: ${detail}\n    ${trace.join('\n    ')}`);
}

/** With none among n, the rate is below 3 / n at 95 % (the rule of three). */
export function boundLine(reports: readonly Reported[]): string {
  const said = (of: (figures: Figures) => number, what: string): string => {
    const reads = total(reports, ({ figures }) => of(figures));
    const bound = reads === 0 ? 'nothing is known' : `at most ${((3 / reads) * 1e6).toFixed(2)} per million`;
    return `0 of ${reads.toLocaleString('en')} ${what}: ${bound} (95 %)`;
  };
  return `stale: ${said(({ reads }) => reads, 'reads')}; ${said(({ atRisk }) => atRisk, 'reads at risk')}`;
}
