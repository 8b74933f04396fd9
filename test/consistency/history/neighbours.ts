/**
 * Decides how processes learn at once, outside of what is put to the test, that one of them has had a write
 * acknowledged: by a datagram. What they read then begins within a millisecond or so after the acknowledgement.
 */
import { createSocket, type Socket } from 'node:dgram';
import type { RowNumber } from './log.js';

export interface Acknowledged {
  /** By the clock of the logs. */
  readonly atNs: number;
  readonly rows: readonly RowNumber[];
  /** Of each row, where it is known. */
  readonly places: readonly (string | null)[];
}

const HOST = '127.0.0.1';

export class Neighbours {
  private ports: readonly number[] = [];

  private constructor(
    private readonly socket: Socket,
    readonly port: number,
  ) {}

  static open(onTold: (acknowledged: Acknowledged) => void): Promise<Neighbours> {
    const socket = createSocket('udp4');
    socket.on('message', (bytes) => onTold(JSON.parse(bytes.toString()) as Acknowledged));
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, HOST, () => {
        socket.off('error', reject);
        socket.on('error', () => undefined); // nobody depends on a datagram
        resolve(new Neighbours(socket, socket.address().port));
      });
    });
  }

  /** @param ports of everybody, this process among them or not */
  meet(ports: readonly number[]): void {
    this.ports = ports.filter((port) => port !== this.port);
  }

  tell(acknowledged: Acknowledged): void {
    const bytes = JSON.stringify(acknowledged);
    for (const port of this.ports) this.socket.send(bytes, port, HOST, () => undefined); // who is gone is gone
  }

  close(): void {
    this.socket.close();
  }
}
