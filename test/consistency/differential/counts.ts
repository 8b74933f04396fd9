/** Decides what is counted while a case is played, how it is added up and told, and what an answer that is wrong is. */

export interface Counts {
  steps: number;
  writes: number;
  /** After how many of them some row or definition was another one. */
  effective: number;
  /** Writes and reads that the database refused. */
  refused: number;
  /** Answers that were compared with the database's. */
  compared: number;
  /** Of these, the ones from the cache. */
  hits: number;
  /** Kept results met again after a write. */
  met: number;
  /** Of these: not served any more, and the answer had changed. */
  killed: number;
  /** Not served any more, though the answer had not changed. */
  needless: number;
}

export const noCounts = (): Counts => ({
  steps: 0,
  writes: 0,
  effective: 0,
  refused: 0,
  compared: 0,
  hits: 0,
  met: 0,
  killed: 0,
  needless: 0,
});

export function added(sum: Counts, counts: Counts): Counts {
  const total = noCounts();
  for (const name of Object.keys(total) as (keyof Counts)[]) total[name] = sum[name] + counts[name];
  return total;
}

export function lineOfCounts(counts: Counts): string {
  const { steps, writes, effective, refused, compared, hits, met, killed, needless } = counts;
  const said = (count: number): string => count.toLocaleString('en');
  return [
    `${said(steps)} steps, ${said(writes)} writes (${said(effective)} that changed something)`,
    `${said(compared)} answers compared, ${said(hits)} of them hits, ${said(refused)} refused by the database`,
    `of ${said(met)} kept results met after a write ${said(killed)} had changed and were not served, ${said(needless)} were not served though they had not changed`,
  ].join('; ');
}

/** What was given for a call, and where it was something else than the database says. */
export interface Answers {
  readonly where: string;
  readonly given: string;
  readonly truth: string;
}

/** An answer that was not the database's. */
export class Mismatch extends Error {
  constructor(
    readonly kind: 'stale' | 'different',
    line: string,
    { where, given, truth }: Answers,
  ) {
    super(
      `${kind === 'stale' ? 'served from the cache though it had changed' : 'not what the database says'}: ${line}\n` +
        `${where}\ngiven:\n${given}\nthe database:\n${truth}`,
    );
  }
}
