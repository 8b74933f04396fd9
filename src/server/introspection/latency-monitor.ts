/** Decides which spikes of latency are remembered, per event (LATENCY). Knows no command. (Redis: `latency.c`.) */

/** Seconds with a spike that are remembered of each event. */
const SAMPLES_MAX = 160;

export interface LatencySample {
  readonly atSeconds: number;
  readonly ms: number;
}

export interface LatencyEvent {
  readonly samples: LatencySample[];
  maxMs: number;
}

export class LatencyMonitor {
  /** `latency-monitor-threshold`; 0 is off. */
  thresholdMs = 0;
  readonly events = new Map<string, LatencyEvent>();

  add(name: string, ms: number, atSeconds: number): void {
    let event = this.events.get(name);
    if (event === undefined) this.events.set(name, (event = { samples: [], maxMs: 0 }));
    event.maxMs = Math.max(event.maxMs, ms);
    const last = event.samples.at(-1);
    // Of one second the worst is kept.
    if (last?.atSeconds === atSeconds) {
      if (ms > last.ms) event.samples[event.samples.length - 1] = { atSeconds, ms };
      return;
    }
    event.samples.push({ atSeconds, ms });
    if (event.samples.length > SAMPLES_MAX) event.samples.shift();
  }

  /** All events, or those named; how many there were. */
  reset(names: readonly string[]): number {
    let count = 0;
    for (const name of names.length === 0 ? [...this.events.keys()] : names)
      if (this.events.delete(name)) count++;
    return count;
  }
}
