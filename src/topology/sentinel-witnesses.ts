/**
 * Decides which node the sentinels name as primary, and whether a majority of them still does
 * (https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel). Knows nothing of the node itself.
 */
import { arrayOf, type Replies, type Reply, ReplyError, textOf } from '../cache/executor.js';
import type { Clock, Random } from '../clock.js';
import { LookasideError } from '../errors.js';
import type { Connection, ConnectionEvents } from './connection.js';
import { type Endpoint, holdsLease, renewed, type Testimony, type TestimonyTimes } from './lease.js';
import { Watch } from './lease-watch.js';

export interface SentinelWitnessesOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** The primary's, as the sentinels know it. */
  readonly name: string;
  readonly sentinels: readonly Endpoint[];
  readonly reconnectMsMax: number;
  readonly open: (sentinel: Endpoint, events: ConnectionEvents) => Promise<Connection>;
  /** Somebody said something, or fell silent. */
  readonly onChange: () => void;
}

/** A primary as it is named: who, and since which failover. */
export interface NamedPrimary extends Endpoint {
  readonly named: string;
  readonly epoch: number;
}

interface Witness {
  readonly watch: Watch;
  /** Its own id: it may be known by several addresses. */
  id: string | null;
  primary: NamedPrimary | null;
  /** Sentinels that it knows, itself included. */
  sentinels: number;
}

/** More than anybody runs: what an answer lists beyond is not believed. */
const SENTINELS_MAX = 50;

export class SentinelWitnesses {
  /** By address. */
  private readonly witnesses = new Map<string, Witness>();
  /** By the sentinel's own id: nobody counts twice. */
  private readonly testimonies = new Map<string, Testimony>();
  private refusal: Error | null = null;

  constructor(private readonly options: SentinelWitnessesOptions) {
    for (const sentinel of options.sentinels) this.add(sentinel);
  }

  /** Who was named last, whether trusted or not: what is newer in the sentinels' own count goes before. */
  get primary(): NamedPrimary | null {
    let newest: NamedPrimary | null = null;
    for (const { primary } of this.witnesses.values())
      if (primary !== null && (newest === null || primary.epoch > newest.epoch)) newest = primary;
    return newest;
  }

  /** Why nobody is named. */
  get trouble(): Error | null {
    if (this.primary !== null) return null;
    const watches = [...this.witnesses.values()].map(({ watch }) => watch.trouble);
    return this.refusal ?? watches.find((trouble) => trouble !== null) ?? null;
  }

  /** Whether a majority of all sentinels that there are vouches for it now. */
  confirms(named: string): boolean {
    let count = 1;
    for (const { sentinels } of this.witnesses.values()) count = Math.max(count, sentinels);
    return holdsLease(this.testimonies.values(), named, count, this.options.clock.monotonicMs());
  }

  /** Asks everybody now. */
  hurry(): void {
    for (const { watch } of this.witnesses.values()) watch.hurry();
  }

  async close(): Promise<void> {
    await Promise.all([...this.witnesses.values()].map(({ watch }) => watch.close()));
  }

  private add(sentinel: Endpoint): void {
    const key = `${sentinel.host}:${sentinel.port}`;
    if (this.witnesses.has(key) || this.witnesses.size >= SENTINELS_MAX) return;
    const { clock, random, reconnectMsMax, open, onChange } = this.options;
    const witness: Witness = {
      watch: new Watch({
        clock,
        random,
        reconnectMsMax,
        open: (events) => open(sentinel, { ...events, onPush: () => this.hurry() }),
        judge: () => [],
        ask: (connection, askedAtMs) => this.hear(witness, connection, askedAtMs),
        onChange,
      }),
      id: null,
      primary: null,
      sentinels: 0,
    };
    this.witnesses.set(key, witness);
  }

  private async hear(witness: Witness, sentinel: Connection, askedAtMs: number): Promise<void> {
    const { name, clock } = this.options;
    const asked = [
      ['SENTINEL', 'MASTER', name],
      ['SENTINEL', 'SENTINELS', name],
      ['SENTINEL', 'MYID'],
    ];
    const replies = await sentinel.run(asked);
    const answeredAtMs = clock.monotonicMs();
    const [master, others, id] = this.understood(replies);
    const fields = fieldsOf(master);
    const primary = primaryOf(fields);
    const heldMs = fields['role-reported'] === 'master' ? Number(fields['role-reported-time'] ?? 0) : 0;
    this.testify(textOf(id) ?? '', primary.named, { askedAtMs, answeredAtMs, heldMs });
    witness.id = textOf(id);
    witness.primary = primary;
    const known = arrayOf(others).map(fieldsOf);
    witness.sentinels = known.length + 1;
    this.refusal = null;
    const ids = new Set([...this.witnesses.values()].map((one) => one.id));
    for (const { ip, port, runid } of known)
      if (ip !== undefined && !ids.has(runid ?? null)) this.add({ host: ip, port: Number(port) });
  }

  private testify(id: string, named: string, times: TestimonyTimes): void {
    const before = this.testimonies.get(id);
    if (before !== undefined && before.askedAtMs > times.askedAtMs) return; // asked again by another address since
    this.testimonies.set(id, renewed(before, named, times));
  }

  private understood(replies: Replies): Replies {
    const error = replies.find((reply) => reply instanceof ReplyError);
    if (error === undefined) return replies;
    this.refusal = new LookasideError('STORE_AWAY', `a sentinel answered: ${error.message}`);
    throw this.refusal;
  }
}

function primaryOf(fields: Readonly<Record<string, string>>): NamedPrimary {
  const host = fields['ip'];
  const port = Number(fields['port']);
  const epoch = Number(fields['config-epoch']);
  if (host === undefined || !(port > 0) || !(epoch >= 0))
    throw new LookasideError('STORE_AWAY', 'a sentinel named a primary in a way that is not understood');
  return { host, port, epoch, named: `${host}:${port}@${epoch}` };
}

/** Names and values in turns. */
function fieldsOf(reply: Reply | undefined): Record<string, string> {
  const cells = arrayOf(reply);
  const fields: Record<string, string> = {};
  for (let index = 0; index + 1 < cells.length; index += 2)
    fields[textOf(cells[index]) ?? ''] = textOf(cells[index + 1]) ?? '';
  return fields;
}
