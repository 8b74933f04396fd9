/** Decides how CLIENT LIST describes a client in one line. Knows nothing of who asks. */
import type { Client } from './client.js';
import { clientBytes } from './client-memory.js';
import type { ServerContext } from './command.js';

/** One line of CLIENT LIST. What this server has no notion of is told as Redis tells "none". */
export function clientLine(client: Client, server: ServerContext): string {
  const nowMs = server.clock.monotonicMs();
  const { origin, transaction, subscriptions, tracking } = client;
  const flags = [
    tracking === null ? '' : 't',
    tracking?.isRedirectBroken === true ? 'R' : '',
    tracking?.mode === 'broadcast' ? 'B' : '',
    client.isEvictable ? '' : 'e',
    client.isMonitor ? 'O' : '',
    client.subscriptionCount === 0 ? '' : 'P',
    transaction === null ? '' : 'x',
    client.isWatchBroken ? 'd' : '',
    client.isBlocked ? 'b' : '',
    client.closesAfterReply ? 'c' : '',
    origin.isUnix ? 'U' : '',
  ].join('');
  const { inputBytes, outputBytes } = origin.transport;
  const fields: Record<string, string | number> = {
    id: client.id,
    addr: origin.address,
    laddr: origin.localAddress,
    fd: -1,
    name: client.name,
    age: Math.floor((nowMs - client.createdMs) / 1000),
    idle: Math.floor((nowMs - client.lastActiveMs) / 1000),
    flags: flags === '' ? 'N' : flags,
    db: client.db.index,
    sub: subscriptions.channel.size,
    psub: subscriptions.pattern.size,
    ssub: subscriptions.shard.size,
    multi: transaction === null ? -1 : transaction.queue.length,
    qbuf: inputBytes,
    'qbuf-free': 0,
    'argv-mem': 0,
    'multi-mem': transaction?.bytes ?? 0,
    rbs: 0,
    rbp: 0,
    obl: 0,
    oll: outputBytes > 0 ? 1 : 0,
    omem: outputBytes,
    'tot-mem': clientBytes(client),
    events: 'r',
    cmd: client.lastCommand === '' ? 'NULL' : client.lastCommand,
    user: client.user?.name ?? 'default',
    redir: tracking?.redirectsTo ?? -1,
    resp: client.respVersion,
    'lib-name': client.libName,
    'lib-ver': client.libVersion,
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
