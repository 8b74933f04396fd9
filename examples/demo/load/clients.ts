/**
 * Decides what the readers and writers do: how many at once, in what order, and that every reply is judged by the
 * ledger. Knows ports and no process.
 */
import { createHistogram } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { City, CountryTotals, ListedCity } from '../cities.js';
import type { LoadArguments, LoadFigures } from '../messages.js';
import { HttpConnection, type HttpRequest } from './http-connection.js';
import { Ledger, type Moment } from './ledger.js';
import { type Read, type Requests, requestOf, requestOfWrite } from './requests.js';

const listLength = 10;
const examplesMax = 3;

/** One run against one API, in one process or several. */
export class Clients {
  private readonly ledger = new Ledger();
  private readonly latency = createHistogram();
  private readonly examples: string[] = [];
  private readonly startedAtMs = performance.now();
  private reads = 0;
  private writes = 0;
  private stale = 0;
  private stopped = false;

  constructor(
    private readonly load: LoadArguments,
    private readonly requests: Requests,
  ) {}

  /** Resolves when the time is up, or `stop` was called, and every reply is in. */
  async run(): Promise<LoadFigures> {
    const { ports, readers, writers, durationMs } = this.load;
    const connections = await Promise.all(
      Array.from({ length: readers + writers }, (_, index) =>
        HttpConnection.open(ports[index % ports.length] ?? 0),
      ),
    );
    const deadline = setTimeout(() => this.stop(), durationMs);
    try {
      await Promise.all(
        connections.map((connection, index) =>
          index < readers ? this.keepReading(connection) : this.keepWriting(connection),
        ),
      );
      return this.figures();
    } finally {
      clearTimeout(deadline);
      this.stop();
      for (const connection of connections) connection.close();
    }
  }

  stop(): void {
    this.stopped = true;
  }

  figures(): LoadFigures {
    return {
      elapsedMs: performance.now() - this.startedAtMs,
      reads: this.reads,
      writes: this.writes,
      p50Ms: this.latency.percentile(50) / 1e6,
      p99Ms: this.latency.percentile(99) / 1e6,
      staleAfterAck: this.stale,
      examples: this.examples,
    };
  }

  private async keepReading(connection: HttpConnection): Promise<void> {
    while (!this.stopped) await this.readOne(connection, this.requests.read());
  }

  /** Writes, reads what it wrote, and waits: as a person does who edits. */
  private async keepWriting(connection: HttpConnection): Promise<void> {
    while (!this.stopped) {
      const write = this.requests.write();
      this.ledger.writeSent(write.id, write.place);
      const city = await this.send<ListedCity>(connection, requestOfWrite(write));
      this.ledger.writeAcknowledged(city);
      this.writes++;
      await this.readOne(connection, { kind: 'city', id: write.id });
      await this.readOne(connection, { kind: 'totals', country: write.place.country });
      await pause(this.load.pauseMs * (0.5 + Math.random()));
    }
  }

  private async readOne(connection: HttpConnection, read: Read): Promise<void> {
    const sentAt = this.ledger.moment();
    const reply = await this.send<unknown>(connection, requestOf(read));
    this.reads++;
    if (!this.isStale(read, reply, sentAt)) return;
    this.stale++;
    if (this.examples.length < examplesMax)
      this.examples.push(`${requestOf(read).path} answered ${JSON.stringify(reply).slice(0, 300)}`);
  }

  private async send<Body>(connection: HttpConnection, request: HttpRequest): Promise<Body> {
    const beganAtMs = performance.now();
    const { status, body } = await connection.request(request);
    this.latency.record(Math.max(1, Math.round((performance.now() - beganAtMs) * 1e6)));
    if (status !== 200) throw new Error(`${request.method} ${request.path} was answered ${status}: ${body}`);
    return JSON.parse(body) as Body;
  }

  private isStale(read: Read, reply: unknown, sentAt: Moment): boolean {
    const { ledger } = this;
    switch (read.kind) {
      case 'city':
        return ledger.isStaleCity(reply as City, sentAt);
      case 'totals':
        return ledger.isStaleTotal(reply as CountryTotals, sentAt);
      case 'top':
        return ledger.isStaleList({ country: read.country }, citiesOf(reply), listLength, sentAt);
      case 'search':
        return ledger.isStaleList({ prefix: read.prefix }, citiesOf(reply), listLength, sentAt);
    }
  }
}

const citiesOf = (reply: unknown): readonly ListedCity[] =>
  (reply as { readonly cities: readonly ListedCity[] }).cities;
