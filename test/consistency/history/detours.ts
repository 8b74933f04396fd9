/**
 * Decides where a socket of this process really goes: to the proxy in front of the server it means, whoever told it
 * about that server. That way each process has a network of its own that fails by itself, also where servers announce
 * their own addresses, as the nodes of a cluster do.
 */
import { Socket } from 'node:net';
import type { Detours } from './orders.js';

export function takeDetours(detours: Detours): void {
  const connect = Socket.prototype.connect as (this: Socket, ...args: unknown[]) => Socket;
  const detoured = (port: unknown): unknown => detours[Number(port)] ?? port;
  const patched = function (this: Socket, ...args: unknown[]): Socket {
    const [first] = args;
    // What net.connect() was given arrives as a list that Node knows again by a mark on it: changed in place.
    const options = Array.isArray(first) ? (first[0] as unknown) : first;
    if (typeof options === 'object' && options !== null && 'port' in options)
      options.port = detoured(options.port);
    else if (typeof first === 'number' || typeof first === 'string') args[0] = detoured(first);
    return connect.apply(this, args);
  };
  Object.assign(Socket.prototype, { connect: patched });
}
