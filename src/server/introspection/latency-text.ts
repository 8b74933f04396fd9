/** Decides what LATENCY DOCTOR says and how LATENCY GRAPH draws. Knows no command. (Redis: `latency.c`, `sparkline.c`.) */
import type { LatencyEvent, LatencySample } from './latency-monitor.js';

const COLUMNS = 80;
const ROWS = 4;
/** From low to high within one row; what is higher fills it. */
const INK = '_o#';

export function latencyGraph(name: string, { samples, maxMs }: LatencyEvent, nowSeconds: number): string {
  const heights = samples.map(({ ms }) => ms);
  const [low, high] = [Math.min(...heights), Math.max(...heights)];
  const parts: string[] = [];
  for (let start = 0; start < samples.length; start += COLUMNS)
    parts.push(rowsOf(samples.slice(start, start + COLUMNS), { low, high }, nowSeconds));
  const title = `${name} - high ${high} ms, low ${low} ms (all time high ${maxMs} ms)`;
  return `${title}\n${'-'.repeat(COLUMNS)}\n${parts.join('\n')}`;
}

function rowsOf(
  samples: readonly LatencySample[],
  { low, high }: { low: number; high: number },
  nowSeconds: number,
): string {
  const steps = INK.length * ROWS;
  const levels = samples.map(({ ms }) =>
    Math.min(steps - 1, Math.floor(((ms - low) * steps) / (high - low || 1))),
  );
  const rows = Array.from({ length: ROWS }, (_, row) =>
    levels.map((level) => inkAt(level - (ROWS - row - 1) * INK.length)).join(''),
  );
  const labels = samples.map(({ atSeconds }) => ageText(nowSeconds - atSeconds));
  const longest = Math.max(...labels.map((label) => label.length));
  const labelRows = Array.from({ length: longest }, (_, at) =>
    labels.map((label) => label.charAt(at) || ' ').join(''),
  );
  return [...rows, ' '.repeat(samples.length), ...labelRows, ''].join('\n');
}

function inkAt(level: number): string {
  return level < 0 ? ' ' : INK.charAt(level) || '|';
}

function ageText(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

export interface DoctorFacts {
  readonly events: ReadonlyMap<string, LatencyEvent>;
  readonly nowSeconds: number;
  readonly thresholdMs: number;
  readonly slowLogThresholdMicros: number;
}

const DISABLED =
  "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. You may use \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in order to enable it. If we weren't in a deep space mission I'd suggest to take a look at https://redis.io/topics/latency-monitor.\n";
const HEALTHY =
  'Dave, no latency spike was observed during the lifetime of this Redis instance, not in the slightest bit. I honestly think you ought to sit down calmly, take a stress pill, and think things over.\n';
const GREETING =
  "Dave, I have observed latency spikes in this Redis instance. You don't mind talking about it, do you Dave?\n\n";

export function latencyReport({
  events,
  nowSeconds,
  thresholdMs,
  slowLogThresholdMicros,
}: DoctorFacts): string {
  if (events.size === 0) return thresholdMs === 0 ? DISABLED : HEALTHY;
  const lines = [...events].map(
    ([name, event], index) => `${index + 1}. ${name}: ${summary(event, nowSeconds)}\n`,
  );
  const advice: string[] = [];
  if (events.has('command')) {
    if (slowLogThresholdMicros < 0 || slowLogThresholdMicros > thresholdMs * 1000)
      advice.push(
        `- Your current Slow Log configuration only logs events that are slower than your configured latency monitor threshold. Please use 'CONFIG SET slowlog-log-slower-than ${thresholdMs * 1000}'.\n`,
      );
    advice.push(
      '- Check your Slow Log to understand what are the commands you are running which are too slow to execute. Please check https://redis.io/commands/slowlog for more information.\n',
      '- Deleting, expiring or evicting (because of maxmemory policy) large objects is a blocking operation. If you have very large objects that are often deleted, expired, or evicted, try to fragment those objects into multiple smaller objects.\n',
    );
  }
  const introduction = advice.length === 0 ? '' : '\nI have a few advices for you:\n\n';
  return `${GREETING}${lines.join('')}${introduction}${advice.join('')}`;
}

function summary({ samples, maxMs }: LatencyEvent, nowSeconds: number): string {
  const average = Math.floor(samples.reduce((sum, { ms }) => sum + ms, 0) / samples.length);
  const deviation = Math.floor(
    samples.reduce((sum, { ms }) => sum + Math.abs(ms - average), 0) / samples.length,
  );
  const period = (nowSeconds - (samples[0]?.atSeconds ?? nowSeconds)) / samples.length;
  return `${samples.length} latency spikes (average ${average}ms, mean deviation ${deviation}ms, period ${period.toFixed(2)} sec). Worst all time event ${maxMs}ms.`;
}
