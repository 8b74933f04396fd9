/**
 * Decides whether two processes can ever trust two primaries at once: witnesses change their minds in any order, are
 * asked at any time, and their answers take any time, or never come.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  counts,
  HANDOVER_MS,
  HEARTBEAT_MS,
  holdsLease,
  LEASE_MS,
  majorityOf,
  reachable,
  renewed,
  type Testimony,
} from '../../src/topology/lease.js';

const WITNESSES_MAX = 5;
const STEPS = 60;
const HORIZON_MS = 8_000;

/** When one witness begins to name each primary, in their order; it may never hear of one. */
interface Mind {
  readonly changesAtMs: readonly (number | null)[];
}

interface Question {
  readonly process: number;
  readonly witness: number;
  readonly askedAtMs: number;
  readonly heardAfterMs: number;
  readonly answeredAfterMs: number;
}

const minds = fc.array(
  fc.record({
    changesAtMs: fc
      .array(fc.option(fc.integer({ min: 1, max: HORIZON_MS })), { minLength: 2, maxLength: 2 })
      .map((times) => {
        let last = 0;
        // A later primary is one in a later epoch: who heard of it never goes back.
        return times.map((atMs) => (atMs === null ? null : (last = Math.max(last, atMs))));
      }),
  }),
  { minLength: 3, maxLength: WITNESSES_MAX },
);

const questions = fc.array(
  fc.record({
    process: fc.integer({ min: 0, max: 1 }),
    witness: fc.integer({ min: 0, max: WITNESSES_MAX - 1 }),
    askedAtMs: fc.integer({ min: 0, max: HORIZON_MS }),
    heardAfterMs: fc.integer({ min: 0, max: 800 }),
    answeredAfterMs: fc.integer({ min: 0, max: 800 }),
  }),
  { minLength: STEPS, maxLength: STEPS * 4 },
);

const namedBy = ({ changesAtMs }: Mind, atMs: number): string => {
  let named = 'first';
  changesAtMs.forEach((change, index) => {
    if (change !== null && change <= atMs) named = `successor ${index}`;
  });
  return named;
};

/** What each of two processes is told, in the order in which it arrives; connections keep their order. */
function told(all: readonly Mind[], asked: readonly Question[]) {
  const lastMs = new Map<string, number>();
  return asked
    .filter(({ witness }) => witness < all.length)
    .sort((left, right) => left.askedAtMs - right.askedAtMs)
    .map(({ process, witness, askedAtMs, heardAfterMs, answeredAfterMs }) => {
      const line = `${process} ${witness}`;
      const heardAtMs = Math.max(askedAtMs + heardAfterMs, lastMs.get(line) ?? 0);
      const answeredAtMs = heardAtMs + answeredAfterMs;
      lastMs.set(line, answeredAtMs);
      return { process, witness, askedAtMs, answeredAtMs, named: namedBy(all[witness] as Mind, heardAtMs) };
    })
    .sort((left, right) => left.answeredAtMs - right.answeredAtMs);
}

type Holds = typeof holdsLease;

/** The primaries that anybody trusts at some moment at which somebody trusts two. */
function twoAtOnce(all: readonly Mind[], asked: readonly Question[], holds: Holds): string[] {
  const answers = told(all, asked);
  const known = [new Map<number, Testimony>(), new Map<number, Testimony>()] as const;
  let next = 0;
  for (let nowMs = 0; nowMs <= HORIZON_MS + 2 * HANDOVER_MS; nowMs += 25) {
    for (let answer = answers[next]; answer !== undefined && answer.answeredAtMs <= nowMs; ) {
      const testimonies = known[answer.process === 0 ? 0 : 1];
      const before = testimonies.get(answer.witness);
      testimonies.set(answer.witness, renewed(before, answer.named, answer));
      answer = answers[++next];
    }
    const names = ['first', 'successor 0', 'successor 1'];
    const trusted = names.filter((named) =>
      known.some((testimonies) => holds(testimonies.values(), named, all.length, nowMs)),
    );
    if (trusted.length > 1) return trusted;
  }
  return [];
}

/** Asked by nobody: two processes that ask everybody at every heartbeat, one of which hears nothing of a failover. */
const partition: { minds: Mind[]; asked: Question[] } = {
  minds: [0, 1, 2].map((witness) => ({ changesAtMs: [2_500 + 100 * witness, null] })),
  asked: [0, 1, 2].flatMap((witness) =>
    Array.from({ length: HORIZON_MS / HEARTBEAT_MS }, (_, beat) => beat * HEARTBEAT_MS).flatMap((askedAtMs) =>
      [0, 1]
        .filter((process) => process === 0 || askedAtMs <= 2_500)
        .map((process) => ({ process, witness, askedAtMs, heardAfterMs: 1, answeredAfterMs: 1 })),
    ),
  ),
};

describe('a lease', () => {
  it('is never held on two primaries at once', () => {
    fc.assert(
      fc.property(minds, questions, (all, asked) => {
        expect(twoAtOnce(all, asked, holdsLease)).toEqual([]);
      }),
      { numRuns: 300 },
    );
    expect(twoAtOnce(partition.minds, partition.asked, holdsLease)).toEqual([]);
  });

  it('is held in time: by who asks at every heartbeat, and on the successor after the handover', () => {
    const answers = told(partition.minds, partition.asked).filter(({ process }) => process === 0);
    const testimonies = new Map<number, Testimony>();
    const heldAt = (named: string, nowMs: number): boolean => {
      testimonies.clear();
      for (const answer of answers)
        if (answer.answeredAtMs <= nowMs)
          testimonies.set(answer.witness, renewed(testimonies.get(answer.witness), answer.named, answer));
      return holdsLease(testimonies.values(), named, 3, nowMs);
    };
    expect(heldAt('first', HANDOVER_MS + 50)).toBe(true);
    expect(heldAt('first', 2_500)).toBe(true);
    expect(heldAt('first', 2_500 + HEARTBEAT_MS + LEASE_MS)).toBe(false);
    expect(heldAt('successor 0', 2_700 + HANDOVER_MS - 100)).toBe(false);
    expect(heldAt('successor 0', 2_700 + HANDOVER_MS + 2 * HEARTBEAT_MS)).toBe(true);
  });

  const withRules =
    (rules: { majority?: (witnesses: number) => number; handoverMs?: number }): Holds =>
    (testimonies, named, witnesses, nowMs) => {
      const { majority = majorityOf, handoverMs = HANDOVER_MS } = rules;
      const agreeing = [...testimonies].filter(
        (one) => one.named === named && nowMs < one.askedAtMs + LEASE_MS && nowMs >= one.sinceMs + handoverMs,
      );
      return agreeing.length >= majority(witnesses);
    };

  it.each([
    ['no handover', withRules({ handoverMs: 0 })],
    ['a handover shorter than the lease', withRules({ handoverMs: LEASE_MS / 2 })],
    ['one witness is enough', withRules({ majority: () => 1 })],
    [
      'a lease that does not end',
      ((testimonies, named, witnesses) =>
        [...testimonies].filter((one) => one.named === named).length >= majorityOf(witnesses)) as Holds,
    ],
  ])('with %s would be held on two', (_, holds) => {
    const found = fc.check(
      fc.property(minds, questions, (all, asked) => twoAtOnce(all, asked, holds).length === 0),
      { numRuns: 200 },
    );
    const inPartition = twoAtOnce(partition.minds, partition.asked, holds).length > 0;
    expect(found.failed || inPartition).toBe(true);
  });

  it('counts what a witness has said for long by its own count, but nothing from before it said otherwise', () => {
    const times = { askedAtMs: 9_990, answeredAtMs: 10_000 };
    expect(renewed(undefined, 'a', { ...times, heldMs: 60_000 }).sinceMs).toBe(-50_000);
    const other: Testimony = { named: 'b', askedAtMs: 9_500, sinceMs: 0 };
    expect(renewed(other, 'a', { ...times, heldMs: 60_000 }).sinceMs).toBe(9_500);
    expect(renewed({ ...other, named: 'a' }, 'a', times)).toEqual({
      named: 'a',
      askedAtMs: 9_990,
      sinceMs: 0,
    });
    expect(counts(0, -HANDOVER_MS, LEASE_MS - 1)).toBe(true);
    expect(counts(0, -HANDOVER_MS, LEASE_MS)).toBe(false);
  });

  it('reaches who announces an address of another network where the configuration says', () => {
    const announced = { '10.0.0.1:1': { host: 'here', port: 2 } };
    expect(reachable({ host: '10.0.0.1', port: 1 }, announced)).toEqual({ host: 'here', port: 2 });
    expect(reachable({ host: '10.0.0.1', port: 2 }, announced)).toEqual({ host: '10.0.0.1', port: 2 });
  });
});
