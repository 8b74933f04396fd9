/** Decides what is remembered of calls that were not permitted (ACL LOG). Knows neither users nor commands. */
import type { Clock } from '../../clock.js';

export interface DeniedCall {
  readonly reason: 'command' | 'key' | 'channel' | 'auth';
  readonly context: 'toplevel' | 'multi';
  /** The command, key or channel. */
  readonly object: string;
  readonly username: string;
  /** The client as CLIENT LIST tells it. */
  readonly clientInfo: string;
}

interface Entry extends DeniedCall {
  count: number;
  createdMs: number;
}

/** Calls alike within this time are told as one. */
const GROUPING_MS_MAX = 60_000;

export class AclLog {
  /** `acllog-max-len`. */
  lengthMax = 128;
  /** The latest first. */
  private entries: Entry[] = [];

  constructor(private readonly clock: Clock) {}

  add(call: DeniedCall): void {
    const nowMs = this.clock.wallMs();
    const index = this.entries.findIndex(
      (entry) =>
        entry.reason === call.reason &&
        entry.context === call.context &&
        entry.object === call.object &&
        entry.username === call.username &&
        nowMs - entry.createdMs <= GROUPING_MS_MAX,
    );
    const [known] = index < 0 ? [] : this.entries.splice(index, 1);
    this.entries.unshift({ ...call, count: (known?.count ?? 0) + 1, createdMs: nowMs });
    this.trim();
  }

  clear(): void {
    this.entries = [];
  }

  trim(): void {
    if (this.entries.length > this.lengthMax) this.entries.length = this.lengthMax;
  }

  latest(count: number): readonly (DeniedCall & { readonly count: number; readonly ageMs: number })[] {
    const nowMs = this.clock.wallMs();
    return this.entries.slice(0, count).map((entry) => ({ ...entry, ageMs: nowMs - entry.createdMs }));
  }
}
