/** Decides how one process reaches the servers: through proxies of its own, whose weather others do not share. */
import {
  type Direction,
  type HeldPacket,
  type HoldOptions,
  startTcpProxy,
  type TcpProxy,
} from '../../support/tcp-proxy.js';
import type { Detours } from './orders.js';

/** Everything that leads to one kind of server. */
export class Road {
  constructor(readonly proxies: readonly TcpProxy[]) {}

  /** The first packet that matches, wherever it goes. */
  async hold(options: HoldOptions): Promise<HeldPacket> {
    const holds = this.proxies.map((proxy) => proxy.hold(options));
    const first = await Promise.any(holds);
    for (const hold of holds)
      hold.then(
        (packet) => (packet === first ? undefined : packet.release()),
        () => undefined, // closed without one
      );
    return first;
  }

  cut(): void {
    for (const proxy of this.proxies) proxy.cut();
  }

  stall(direction: Direction): void {
    for (const proxy of this.proxies) proxy.stall(direction);
  }

  lose(direction: Direction): void {
    for (const proxy of this.proxies) proxy.lose(direction);
  }

  delay(direction: Direction, delayMs: number): void {
    for (const proxy of this.proxies) proxy.delay(direction, delayMs);
  }

  mend(): void {
    for (const proxy of this.proxies) proxy.mend();
  }
}

export interface Network {
  /** To all servers of the store but one. */
  readonly storeExcept: (port: number) => Road;
  readonly store: Road;
  readonly database: Road;
  readonly detours: Detours;
  close(): Promise<void>;
}

export async function buildNetwork(storePorts: readonly number[], databasePort: number): Promise<Network> {
  const ports = [...storePorts, databasePort];
  const proxies = await Promise.all(ports.map((port) => startTcpProxy({ port })));
  return {
    store: new Road(proxies.slice(0, -1)),
    storeExcept: (port) => new Road(proxies.slice(0, -1).filter((_, index) => ports[index] !== port)),
    database: new Road(proxies.slice(-1)),
    detours: detoursOf(ports, proxies),
    close: async () => {
      await Promise.all(proxies.map((proxy) => proxy.close()));
    },
  };
}

function detoursOf(ports: readonly number[], proxies: readonly TcpProxy[]): Detours {
  const detours: Record<number, number> = {};
  proxies.forEach((proxy, index) => (detours[ports[index] as number] = proxy.port)); // one for each
  return detours;
}
