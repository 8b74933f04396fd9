/**
 * Decides what is wrong with a store outside of this process for the promise that the configuration makes: the same
 * checks at start-up and in `lookaside doctor`. Changes nothing.
 */
import type { Command, Session, Store } from '../cache/executor.js';
import { arrayOf, ReplyError, textOf } from '../cache/executor.js';
import { type Clock, systemClock, systemRandom } from '../clock.js';
import type { ResolvedConfig } from '../config/schema.js';
import { LookasideError } from '../errors.js';
import { createRemoteStore } from './create-store.js';
import { type Finding, factsFrom, judgeServer } from './server-facts.js';

const PINGS = 5;
/** A hit that takes this share of the time limit will miss it under load. */
const LATENCY_SHARE_MAX = 0.2;
/** Nothing is decided by the server's clock; but people compare its logs with theirs. */
const CLOCK_DIFFERENCE_MS_MAX = 60_000;

export interface ExaminationOptions {
  readonly clock: Clock;
  readonly commandTimeoutMs: number;
}

/** Looks at every node that can be reached now. */
export async function examine(store: Store, options: ExaminationOptions): Promise<readonly Finding[]> {
  const session = store.session();
  const sessions = store.nodes?.() ?? (session === null ? [] : [session]);
  const findings = await Promise.all(sessions.map((each) => examineNode(each, options)));
  return findings.flat();
}

async function examineNode(session: Session, options: ExaminationOptions): Promise<readonly Finding[]> {
  const { clock, commandTimeoutMs } = options;
  const ask = async (command: Command) => (await session.run([command]))[0];
  const info = await ask(['INFO']);
  const findings = [...judgeServer(factsFrom(info instanceof ReplyError ? '' : (textOf(info) ?? '')))];
  const warn = (name: Finding['name'], text: string): void =>
    void findings.push({ severity: 'warning', name, text });
  const time = await ask(['TIME']);
  const seconds = time instanceof ReplyError ? null : Number(textOf(arrayOf(time)[0]));
  if (seconds !== null && Math.abs(seconds * 1_000 - clock.wallMs()) > CLOCK_DIFFERENCE_MS_MAX)
    warn('clock', 'its clock and that of this machine differ by more than a minute: synchronise them');
  let fastestMs = Number.POSITIVE_INFINITY;
  for (let ping = 0; ping < PINGS; ping++) {
    const startMs = clock.monotonicMs();
    await ask(['PING']);
    fastestMs = Math.min(fastestMs, clock.monotonicMs() - startMs);
  }
  if (fastestMs > commandTimeoutMs * LATENCY_SHARE_MAX)
    warn(
      'latency',
      `a round trip takes ${Math.round(fastestMs)} ms at best, and topology.commandTimeout is ${commandTimeoutMs} ms: move the server nearer, raise the limit, or set consistency to 'bounded'`,
    );
  return findings;
}

/**
 * What is wrong with the store that a configuration names. Nothing, for the embedded one.
 *
 * @throws LookasideError `CONFIG_INVALID` from whoever resolved it; a store that cannot be used is a finding
 */
export async function diagnose({ topology, boundMs }: ResolvedConfig): Promise<readonly Finding[]> {
  if (topology.kind === 'embedded') return [];
  const clock = systemClock;
  const surroundings = { clock, random: systemRandom, onTrouble: () => undefined, boundMs };
  const store = createRemoteStore(topology, surroundings);
  try {
    await store.ready();
    const findings = await examine(store, { clock, commandTimeoutMs: topology.remote.commandTimeoutMs });
    return findings;
  } catch (error) {
    if (!(error instanceof LookasideError)) throw error;
    return [{ severity: 'error', name: 'use', text: error.message }];
  } finally {
    await store.close();
  }
}
