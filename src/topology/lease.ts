/**
 * Decides how long a node may be taken for the primary: by what a majority of witnesses (sentinels, or the nodes of a
 * cluster) said of it, and when (CONSISTENCY §2, "Hits and acks need a lease"). Knows no connections.
 *
 * A primary is trusted while a majority named it within `LEASE_MS`, counted from when they were asked. A process that
 * sees another named trusts it only `HANDOVER_MS` after a majority had named it. Two majorities share a witness, and
 * what it says changes once: whoever still trusts the old primary asked that witness before, so his lease is over when
 * the first trust in the new one begins. Neither the cause of a failover nor its speed matters, and no two clocks are
 * compared; only that they run equally fast within the difference of the two.
 */

/** How long what a witness said counts, from when it was asked. The same in every process of every version. */
export const LEASE_MS = 1_000;

/** How long after a majority named another primary all leases of the old one are over. */
export const HANDOVER_MS = 1_200;

/** How often witnesses and nodes are asked: a lease outlives two answers that are lost. */
export const HEARTBEAT_MS = 300;

/** What one witness last said. */
export interface Testimony {
  /** The primary and the epoch in which it became one: the same node at a later time is another primary. */
  readonly named: string;
  /** When it was asked. */
  readonly askedAtMs: number;
  /** By when it surely said so already, and nothing else since. */
  readonly sinceMs: number;
}

export interface TestimonyTimes {
  readonly askedAtMs: number;
  readonly answeredAtMs: number;
  /** How long the witness has said so by its own count, where it tells. */
  readonly heldMs?: number;
}

/** What a witness that said `before` says now. */
export function renewed(before: Testimony | undefined, named: string, times: TestimonyTimes): Testimony {
  const { askedAtMs, answeredAtMs, heldMs = 0 } = times;
  const saidOtherAtMs = before?.askedAtMs ?? Number.NEGATIVE_INFINITY;
  const sinceMs = before?.named === named ? before.sinceMs : Math.max(answeredAtMs - heldMs, saidOtherAtMs);
  return { named, askedAtMs, sinceMs };
}

/** Whether one testimony counts for a primary now. */
export const counts = (askedAtMs: number, sinceMs: number, nowMs: number): boolean =>
  nowMs < askedAtMs + LEASE_MS && nowMs >= sinceMs + HANDOVER_MS;

export const majorityOf = (witnesses: number): number => Math.floor(witnesses / 2) + 1;

/** Whether a primary is known to be one now. @param witnesses how many there are, heard or not */
export function holdsLease(
  testimonies: Iterable<Testimony>,
  named: string,
  witnesses: number,
  nowMs: number,
): boolean {
  let agreeing = 0;
  for (const testimony of testimonies)
    if (testimony.named === named && counts(testimony.askedAtMs, testimony.sinceMs, nowMs)) agreeing++;
  return agreeing >= majorityOf(witnesses);
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Addresses as they are announced, to where they are reached: `{ '10.0.0.1:6379': { host: 'localhost', port: 7001 } }`. */
export type Announced = Readonly<Record<string, Endpoint>>;

/** Where an announced address is reached. */
export const reachable = ({ host, port }: Endpoint, announced: Announced): Endpoint =>
  announced[`${host}:${port}`] ?? { host, port };
