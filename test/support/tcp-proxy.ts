/**
 * Decides what passes between clients and one server: in each direction bytes can be delayed, kept, or lost, and one
 * packet can be held between two steps of a protocol. Real sockets; knows no protocol.
 */
import { createServer, type Server, Socket } from 'node:net';

export type Direction = 'toServer' | 'toClient';

export interface TcpProxyOptions {
  /** Where the server is. */
  readonly port: number;
  readonly host?: string;
  /** Bytes kept per direction of a connection; then its sender is not read from any more. Default 1 MB. */
  readonly keptBytesMax?: number;
}

/** A packet that did not get through yet. Everything behind it on its connection waits, too. */
export interface HeldPacket {
  readonly bytes: Buffer;
  /** It and what is behind it goes on. */
  release(): void;
  /** It and what is behind it is lost, with its connection. */
  drop(): void;
}

export interface HoldOptions {
  readonly direction: Direction;
  /** Of the bytes that came last on one connection, the newest packet at the end. */
  readonly matches: (bytes: Buffer) => boolean;
}

export interface TcpProxy {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly bytesLost: number;
  /** Kept until `resume`. Connections made meanwhile are stalled as well. */
  stall(direction: Direction): void;
  resume(direction: Direction): void;
  /** How much later than it came each packet goes on, in ms. 0: at once. */
  delay(direction: Direction, delayMs: number): void;
  /** Whatever comes in this direction is lost, without anybody being told, as when a cable is cut. */
  lose(direction: Direction): void;
  /** Hangs up on everybody, with a reset, and refuses everybody until `mend`. */
  cut(): void;
  /** Ends all of the above; connections that lost bytes are reset. */
  mend(): void;
  /** Holds the first packet that matches from now on. Rejects when the proxy is closed before one came. */
  hold(options: HoldOptions): Promise<HeldPacket>;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const KEPT_BYTES_MAX = 1_048_576;
/** What is matched may lie across packets. */
const TAIL_BYTES_MAX = 512;

/** What holds for one direction of all connections. */
interface Weather {
  stalled: boolean;
  losing: boolean;
  delayMs: number;
}

interface Wanted extends HoldOptions {
  readonly resolve: (held: HeldPacket) => void;
  readonly reject: (error: Error) => void;
}

export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, HOST, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
  return new Proxy(server, address.port, options);
}

class Proxy implements TcpProxy {
  readonly host = HOST;
  bytesLost = 0;
  private readonly links = new Set<Link>();
  private readonly weather: Record<Direction, Weather> = {
    toServer: { stalled: false, losing: false, delayMs: 0 },
    toClient: { stalled: false, losing: false, delayMs: 0 },
  };
  private readonly wanted = new Set<Wanted>();
  private isCut = false;

  constructor(
    private readonly server: Server,
    readonly port: number,
    private readonly options: TcpProxyOptions,
  ) {
    server.on('connection', (client) => this.connected(client));
  }

  get connections(): number {
    return this.links.size;
  }

  stall(direction: Direction): void {
    this.weather[direction].stalled = true;
  }

  resume(direction: Direction): void {
    this.weather[direction].stalled = false;
    for (const link of this.links) link.lane(direction).flow();
  }

  delay(direction: Direction, delayMs: number): void {
    this.weather[direction].delayMs = delayMs;
  }

  lose(direction: Direction): void {
    this.weather[direction].losing = true;
    for (const link of this.links) link.lane(direction).lose();
  }

  cut(): void {
    this.isCut = true;
    for (const link of this.links) link.reset();
  }

  mend(): void {
    this.isCut = false;
    for (const direction of ['toServer', 'toClient'] as const) {
      this.weather[direction].losing = false;
      this.delay(direction, 0);
      this.resume(direction);
    }
    for (const link of this.links) if (link.hasLost) link.reset();
  }

  hold(options: HoldOptions): Promise<HeldPacket> {
    return new Promise((resolve, reject) => this.wanted.add({ ...options, resolve, reject }));
  }

  async close(): Promise<void> {
    for (const wanted of this.wanted)
      wanted.reject(new Error('The proxy was closed before a packet matched.'));
    this.wanted.clear();
    for (const link of this.links) link.reset();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private connected(client: Socket): void {
    if (this.isCut) {
      client.resetAndDestroy();
      return;
    }
    const upstream = new Socket({ allowHalfOpen: true });
    upstream.connect(this.options.port, this.options.host ?? HOST);
    const link = new Link(
      client,
      upstream,
      (direction, from, to, reset) =>
        new Lane({
          from,
          to,
          reset,
          weather: this.weather[direction],
          keptBytesMax: this.options.keptBytesMax ?? KEPT_BYTES_MAX,
          holds: (bytes) => this.take(direction, bytes),
          onLost: (bytes) => (this.bytesLost += bytes),
        }),
      () => this.links.delete(link),
    );
    this.links.add(link);
  }

  /** Who waits for this packet, if anybody does. */
  private take(direction: Direction, bytes: Buffer): Wanted | undefined {
    for (const wanted of this.wanted)
      if (wanted.direction === direction && wanted.matches(bytes)) {
        this.wanted.delete(wanted);
        return wanted;
      }
    return undefined;
  }
}

type MakeLane = (direction: Direction, from: Socket, to: Socket, reset: () => void) => Lane;

/** One client and its connection to the server. */
class Link {
  private readonly lanes: Record<Direction, Lane>;
  private isOver = false;

  constructor(
    private readonly client: Socket,
    private readonly upstream: Socket,
    makeLane: MakeLane,
    private readonly onEnd: () => void,
  ) {
    const reset = (): void => this.reset();
    this.lanes = {
      toServer: makeLane('toServer', client, upstream, reset),
      toClient: makeLane('toClient', upstream, client, reset),
    };
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', reset); // whoever of the two went: the other learns it the same way
      socket.on('close', () => {
        if (client.destroyed && upstream.destroyed) this.over();
      });
    }
  }

  get hasLost(): boolean {
    return this.lanes.toServer.hasLost || this.lanes.toClient.hasLost;
  }

  lane(direction: Direction): Lane {
    return this.lanes[direction];
  }

  reset(): void {
    this.client.resetAndDestroy();
    this.upstream.resetAndDestroy();
    this.over();
  }

  private over(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.onEnd();
  }
}

interface LaneOptions {
  readonly from: Socket;
  readonly to: Socket;
  readonly reset: () => void;
  readonly weather: Weather;
  readonly keptBytesMax: number;
  readonly holds: (bytes: Buffer) => Wanted | undefined;
  readonly onLost: (bytes: number) => void;
}

interface Kept {
  /** Null: the end. */
  readonly bytes: Buffer | null;
  readonly dueMs: number;
}

/** One direction of one connection. */
class Lane {
  hasLost = false;
  private readonly kept: Kept[] = [];
  private keptBytes = 0;
  private held = false;
  private tail: Buffer = Buffer.alloc(0);
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: LaneOptions) {
    const { from, to } = options;
    from.on('data', (bytes: Buffer) => this.came(bytes));
    from.on('end', () => this.keep(null));
    from.on('close', () => clearTimeout(this.timer));
    to.on('drain', () => this.flow());
    from.resume();
  }

  /** Nothing kept is sent any more, nor is anything to come. */
  lose(): void {
    if (this.kept.length > 0) this.lost(this.keptBytes);
    this.kept.length = this.keptBytes = 0;
    this.options.from.resume();
  }

  /** Sends what may go now. */
  flow(): void {
    const { from, to, weather, keptBytesMax } = this.options;
    clearTimeout(this.timer);
    while (!this.held && !weather.stalled && !to.writableNeedDrain) {
      const [first] = this.kept;
      if (first === undefined) break;
      const waitMs = first.dueMs - performance.now();
      if (waitMs > 0) {
        this.timer = setTimeout(() => this.flow(), waitMs);
        break;
      }
      this.kept.shift();
      if (first.bytes === null) to.end();
      else {
        this.keptBytes -= first.bytes.length;
        to.write(first.bytes);
      }
    }
    if (this.keptBytes <= keptBytesMax) from.resume();
  }

  private came(bytes: Buffer): void {
    if (this.options.weather.losing) return this.lost(bytes.length);
    const recent = Buffer.concat([this.tail, bytes]);
    this.tail = recent.subarray(-TAIL_BYTES_MAX);
    const wanted = this.held ? undefined : this.options.holds(recent);
    if (wanted !== undefined) {
      this.flow();
      this.held = true;
      wanted.resolve({
        bytes,
        release: () => {
          this.held = false;
          this.flow();
        },
        drop: this.options.reset,
      });
    }
    this.keep(bytes);
  }

  private lost(bytes: number): void {
    this.hasLost = true;
    this.options.onLost(bytes);
  }

  private keep(bytes: Buffer | null): void {
    const { from, weather, keptBytesMax } = this.options;
    this.kept.push({ bytes, dueMs: weather.delayMs === 0 ? 0 : performance.now() + weather.delayMs });
    this.keptBytes += bytes?.length ?? 0;
    if (this.keptBytes > keptBytesMax) from.pause();
    this.flow();
  }
}
