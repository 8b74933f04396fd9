/** Decides how the figures of `http` are laid out, judged and drawn. */
import { type Bars, drawBars } from '../lib/chart.js';
import { brief, ratio } from '../lib/numbers.js';
import { markdownTable } from '../lib/report.js';
import type { ContenderName } from './messages.js';

export interface ShareRow {
  readonly name: ContenderName;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly queriesPerThousand: number;
  readonly gets: number;
  readonly stale: number;
  readonly generatorBusy: number;
}

export interface ShareResult {
  readonly writeShare: number;
  readonly rows: readonly ShareRow[];
}

/** Of lookaside to a bare Map, in requests per second. */
const targetRatio = 0.85;
/** Beyond this the load generator may be what is measured. */
const generatorBusyMax = 0.95;

export function describeShare({ writeShare, rows }: ShareResult): string {
  const plain = rowOf(rows, 'plain pg');
  const lookaside = rowOf(rows, 'lookaside');
  const toMap = toBareMap(rows);
  const table = markdownTable(
    ['', 'requests/s', 'x plain', 'p50 ms', 'p99 ms', 'queries per 1,000 requests', 'stale per million GETs'],
    rows.map((row) => [
      row.name,
      brief(row.requestsPerSecond),
      ratio(row.requestsPerSecond / plain.requestsPerSecond),
      row.p50Ms.toFixed(2),
      row.p99Ms.toFixed(2),
      brief(row.queriesPerThousand),
      row.name === 'a constant reply' ? '' : brief(stalePerMillion(row)),
    ]),
  );
  const judged = [
    `lookaside to a bare Map: ${ratio(toMap)} (target ≥ ${targetRatio}x: ${verdict(toMap >= targetRatio)})`,
    `stale replies of lookaside: ${lookaside.stale} of ${lookaside.gets.toLocaleString('en-US')} GETs ` +
      `(target 0: ${verdict(lookaside.stale === 0)})`,
  ];
  const busy = rows.filter((row) => row.generatorBusy > generatorBusyMax).map(({ name }) => name);
  if (busy.length > 0)
    judged.push(`the load generator was at its limit, so the truth is higher: ${busy.join(', ')}`);
  return [`#### ${percent(writeShare)} writes`, table, judged.map((line) => `- ${line}`).join('\n')].join(
    '\n\n',
  );
}

/** Throughput and staleness of all shares in one table. */
export function digestOf(results: readonly ShareResult[]): string {
  const names = results[0]?.rows.map(({ name }) => name) ?? [];
  const header = results.flatMap(({ writeShare }) => [`${percent(writeShare)} writes`, 'stale per million']);
  const cells = (name: ContenderName): string[] =>
    results.flatMap(({ rows }) => {
      const row = rowOf(rows, name);
      const timesPlain = row.requestsPerSecond / rowOf(rows, 'plain pg').requestsPerSecond;
      return [ratio(timesPlain), name === 'a constant reply' ? '' : brief(stalePerMillion(row))];
    });
  const judged = results.map(({ writeShare, rows }) => {
    const toMap = toBareMap(rows);
    return `${ratio(toMap)} at ${percent(writeShare)} writes (${toMap >= targetRatio ? 'reached' : 'missed'})`;
  });
  return (
    `The demo's API over HTTP, 50 connections, Zipf 0.99, one process; requests per second as a multiple of plain \`pg\`, ` +
    `and replies that lack a write acknowledged before their GET was sent, per million GETs:\n\n` +
    `${markdownTable(
      ['', ...header],
      names.map((name) => [name, ...cells(name)]),
    )}\n\n` +
    `lookaside to the bare Map (target ≥ ${targetRatio}x): ${judged.join(', ')}. A Map hands the same object to everybody ` +
    `and was told by hand which key each write kills.`
  );
}

export function drawShares(results: readonly ShareResult[]): readonly { name: string; svg: string }[] {
  const names = results[0]?.rows.map(({ name }) => name) ?? [];
  const perShare = (value: (row: ShareRow, rows: readonly ShareRow[]) => number): Bars['series'] =>
    results.map(({ writeShare, rows }) => ({
      name: `${percent(writeShare)} writes`,
      values: names.map((name) => value(rowOf(rows, name), rows)),
    }));
  const throughput = drawBars({
    title: 'Requests per second of the demo’s API, times plain pg',
    subtitle: '50 connections, Zipf 0.99 over 135,233 cities; longer is better',
    scale: 'linear',
    format: ratio,
    categories: names,
    highlight: 'lookaside',
    series: perShare((row, rows) => row.requestsPerSecond / rowOf(rows, 'plain pg').requestsPerSecond),
  });
  const caching = names.filter((name) => name !== 'a constant reply' && name !== 'plain pg');
  const stale = drawBars({
    title: 'Stale replies per million GETs',
    subtitle: 'A reply that lacks a write acknowledged before the GET was sent; 0 is right',
    scale: 'linear',
    format: brief,
    categories: caching,
    highlight: 'lookaside',
    series: results
      .filter(({ writeShare }) => writeShare > 0)
      .map(({ writeShare, rows }) => ({
        name: `${percent(writeShare)} writes`,
        values: caching.map((name) => stalePerMillion(rowOf(rows, name))),
      })),
  });
  return [
    { name: 'http-throughput', svg: throughput },
    { name: 'http-stale', svg: stale },
  ];
}

function rowOf(rows: readonly ShareRow[], name: ContenderName): ShareRow {
  const row = rows.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`${name} did not take part`);
  return row;
}

const toBareMap = (rows: readonly ShareRow[]): number =>
  rowOf(rows, 'lookaside').requestsPerSecond / rowOf(rows, 'a bare Map').requestsPerSecond;
const stalePerMillion = ({ stale, gets }: ShareRow): number => (stale * 1_000_000) / gets;
const percent = (share: number): string => `${share * 100} %`;
const verdict = (reached: boolean): string => (reached ? 'reached' : '**missed**');
