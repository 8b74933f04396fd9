/**
 * Decides what the load of `http` is: a number of connections without a pause, cities by Zipf's law for reads and
 * writes, every GET judged. One process drives all contenders, one at a time, and remembers for each what was
 * acknowledged in its earlier turns. It ends with its parent.
 */
import { createHistogram, performance, type RecordableHistogram } from 'node:perf_hooks';
import { loadCities } from '../../examples/demo/dataset.js';
import { HttpConnection } from '../../examples/demo/load/http-connection.js';
import { Ledger } from '../../examples/demo/load/ledger.js';
import { Zipf } from '../../examples/demo/load/popularity.js';
import { argumentsFromParent, endWithParent, failed, tellParent } from '../../examples/demo/parent.js';
import type { FromGenerator, GeneratorArguments, ToGenerator, Turn, TurnFigures } from './messages.js';

interface Tally {
  gets: number;
  patches: number;
  stale: number;
  readonly latency: RecordableHistogram;
}

const cities = loadCities();
const popularity = new Zipf(cities.length);
const ledgers = new Map<number, Ledger>();

async function take(turn: Turn, connectionsCount: number): Promise<TurnFigures> {
  let ledger = ledgers.get(turn.port);
  if (ledger === undefined) ledgers.set(turn.port, (ledger = new Ledger()));
  const connections = await Promise.all(
    Array.from({ length: connectionsCount }, () => HttpConnection.open(turn.port)),
  );
  const tally: Tally = { gets: 0, patches: 0, stale: 0, latency: createHistogram() };
  const idle = performance.eventLoopUtilization();
  const beganAtMs = performance.now();
  const until = beganAtMs + turn.durationMs;
  await Promise.all(connections.map((connection) => drive({ connection, turn, ledger, tally, until })));
  const elapsedMs = performance.now() - beganAtMs;
  for (const connection of connections) connection.close();
  return {
    elapsedMs,
    gets: tally.gets,
    patches: tally.patches,
    stale: tally.stale,
    p50Ms: tally.latency.percentile(50) / 1e6,
    p99Ms: tally.latency.percentile(99) / 1e6,
    generatorBusy: performance.eventLoopUtilization(idle).utilization,
  };
}

interface Driving {
  readonly connection: HttpConnection;
  readonly turn: Turn;
  readonly ledger: Ledger;
  readonly tally: Tally;
  /** On the monotonic clock. */
  readonly until: number;
}

async function drive({ connection, turn, ledger, tally, until }: Driving): Promise<void> {
  const { writeShare, requestsMax = Number.POSITIVE_INFINITY } = turn;
  let beganAtMs = performance.now();
  while (beganAtMs < until && tally.gets + tally.patches < requestsMax) {
    const city = cities[popularity.rankOf(Math.random())];
    if (city === undefined) throw new Error('There are no cities to ask for');
    if (Math.random() < writeShare) {
      ledger.writeSent(city.id, { country: city.country, prefix: null });
      const population = Math.floor(Math.random() * 1e7);
      const body = await send(connection, 'PATCH', city.id, `{"population":${population}}`);
      ledger.writeAcknowledged({ id: city.id, version: versionIn(body), population });
      tally.patches++;
    } else {
      const sentAt = ledger.moment();
      const version = versionIn(await send(connection, 'GET', city.id));
      tally.gets++;
      // The ceiling looks nothing up, so it has nothing to be stale.
      if (turn.contender !== 'a constant reply' && ledger.isStaleCity({ id: city.id, version }, sentAt))
        tally.stale++;
    }
    const endedAtMs = performance.now();
    tally.latency.record(Math.max(1, Math.round((endedAtMs - beganAtMs) * 1e6)));
    beganAtMs = endedAtMs;
  }
}

async function send(
  connection: HttpConnection,
  method: 'GET' | 'PATCH',
  id: number,
  body?: string,
): Promise<string> {
  const path = `/cities/${id}`;
  const reply = await connection.request(body === undefined ? { method, path } : { method, path, body });
  if (reply.status !== 200) throw new Error(`${method} ${path} was answered ${reply.status}: ${reply.body}`);
  return reply.body;
}

const versionField = '"version":';

/** Parsing the whole reply would cost the generator more than the server needs to make it. */
function versionIn(body: string): number {
  const at = body.indexOf(versionField);
  if (at < 0) throw new Error(`A reply has no version: ${body}`);
  return Number.parseInt(body.slice(at + versionField.length, at + versionField.length + 20), 10);
}

function main(): void {
  endWithParent();
  const { connections } = argumentsFromParent() as GeneratorArguments;
  process.on('message', (message: ToGenerator) => {
    if (message.kind === 'stop') process.exit();
    take(message.turn, connections)
      .then((figures) => tellParent({ kind: 'figures', figures } satisfies FromGenerator))
      .catch(failed);
  });
}

main();
