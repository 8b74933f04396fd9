/** Decides who may do what could harm the host. Knows neither commands nor parameters. */
import type { Client } from './client.js';
import type { Permission } from './settings.js';

/** Calls from this process are the application's own; it may do anything. */
export function isPermitted(permission: Permission, { origin }: Client): boolean {
  if (permission === 'yes' || origin.transport.isInProcess) return true;
  return permission === 'local' && (origin.isUnix || isLocal(origin.address));
}

/** `127.0.0.1:4711`, `[::1]:4711`. */
export function isLocal(address: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|\[(::ffff:127\.\d+\.\d+\.\d+|::1)\]):\d+$/.test(address);
}
