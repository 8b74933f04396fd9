/**
 * Decides what is kept of each command that has run: its count and duration, whether it was slow, who watches.
 * Knows no particular command.
 */
import type { Clock } from '../../clock.js';
import type { Bytes } from '../byte-string.js';
import { byteString } from '../byte-string.js';
import type { Client } from '../client.js';
import { type ErrorReply, Status } from '../resp/reply.js';
import type { CommandCounters } from './command-counters.js';
import { LatencyMonitor } from './latency-monitor.js';
import { redacted } from './redact.js';
import { SlowLog } from './slow-log.js';

/** What the journal needs to know of a command. */
export interface JournalledCommand {
  readonly fullName: string;
  readonly counters: CommandCounters;
  readonly isFast: boolean;
  readonly isHiddenFromSlowLog: boolean;
  readonly isHiddenFromMonitors: boolean;
}

/** A command that has a shortcut takes no longer. */
const SHORTCUT_MICROS_MAX = 1000;
/** Different error codes that are counted; more are taken for an attack. */
const ERROR_CODES_MAX = 128;

export class Journal {
  readonly slowLog = new SlowLog();
  readonly latency = new LatencyMonitor();
  readonly monitors = new Set<Client>();
  /** `latency-tracking`. */
  countsDurations = true;
  /** `latency-tracking-info-percentiles`. */
  percentiles: readonly number[] = [50, 99, 99.9];
  readonly errors = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  nowMs(): number {
    return this.clock.monotonicMs();
  }

  /** Whether `ran` wants every command, and not only the slow ones. */
  get isWatching(): boolean {
    return this.monitors.size > 0 || this.latency.thresholdMs > 0;
  }

  /** Whether each command has to be timed by itself. */
  get wantsEach(): boolean {
    const { thresholdMicros } = this.slowLog;
    return this.isWatching || (thresholdMicros >= 0 && thresholdMicros < SHORTCUT_MICROS_MAX);
  }

  ran(
    command: JournalledCommand,
    client: Client,
    args: readonly Bytes[] | { args: readonly Bytes[] },
    ms: number,
  ): void {
    const micros = ms * 1000;
    if (this.slowLog.isSlow(micros) && !command.isHiddenFromSlowLog)
      this.slowLog.add(
        {
          atSeconds: Math.floor(this.clock.wallMs() / 1000),
          micros: Math.floor(micros),
          address: client.origin.address,
          name: client.name,
        },
        redacted(command.fullName, listOf(args)),
      );
    const { thresholdMs } = this.latency;
    if (thresholdMs > 0 && ms >= thresholdMs)
      this.latency.add(
        command.isFast ? 'fast-command' : 'command',
        Math.floor(ms),
        Math.floor(this.clock.wallMs() / 1000),
      );
    if (this.monitors.size > 0 && !command.isHiddenFromMonitors) this.show(command, client, listOf(args));
  }

  failed({ code }: ErrorReply): void {
    const count = this.errors.get(code);
    if (count === undefined && this.errors.size >= ERROR_CODES_MAX) return;
    this.errors.set(code, (count ?? 0) + 1);
  }

  private show(command: JournalledCommand, client: Client, args: readonly Bytes[]): void {
    const micros = Math.floor(this.clock.wallMs() * 1000);
    const time = `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, '0')}`;
    const { origin, db } = client;
    const where = origin.isUnix ? `unix:${origin.address.replace(/:0$/, '')}` : origin.address;
    const words = redacted(command.fullName, args).map((arg) => quotedForEyes(byteString(arg)));
    const line = new Status(`${time} [${db.index} ${where}] ${words.join(' ')}`);
    for (const monitor of this.monitors)
      if (monitor === client) monitor.sendAfterReply(line);
      else monitor.send(line);
  }
}

function listOf(args: readonly Bytes[] | { args: readonly Bytes[] }): readonly Bytes[] {
  return 'args' in args ? args.args : args;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\x07': '\\a',
  '"': '\\"',
  '\\': '\\\\',
};

/** As Redis writes strings that may hold anything. */
function quotedForEyes(text: string): string {
  const escaped = text.replace(
    /["\\]|[^ -~]/g,
    (char) => ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `"${escaped}"`;
}
