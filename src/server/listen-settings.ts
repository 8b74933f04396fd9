/** Decides which listeners the parameters of a server ask for. Opens none. */

import type { ListenOptions } from './net/listener.js';
import type { NetworkSettings } from './network-settings.js';
import { tlsOptions } from './tls.js';

export interface WantedListener {
  readonly options: ListenOptions;
  /** An address with a minus before it may be lacking on this machine. */
  readonly mayFail: boolean;
}

export function listenersOf(network: NetworkSettings): WantedListener[] {
  const { port, tlsPort, bind, unixSocket, unixSocketMode, backlog, keepAliveSeconds } = network;
  const common = { isProtected: true, backlog, keepAliveMs: keepAliveSeconds * 1000 };
  const wanted: WantedListener[] = [];
  for (const word of bind) {
    const mayFail = word.startsWith('-');
    const host = hostOf(mayFail ? word.slice(1) : word);
    if (port > 0) wanted.push({ options: { ...common, host, port }, mayFail });
    if (tlsPort > 0)
      wanted.push({ options: { ...common, host, port: tlsPort, tls: tlsOptions(network.tls) }, mayFail });
  }
  if (unixSocket !== null)
    wanted.push({ options: { path: unixSocket, mode: unixSocketMode }, mayFail: false });
  return wanted;
}

function hostOf(word: string): string {
  return word === '*' ? '0.0.0.0' : word === '::*' ? '::' : word;
}
