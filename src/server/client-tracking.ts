/** Decides what CLIENT TRACKING and its relatives understand and answer. Knows nothing of who is told of what. */
import { type Bytes, byteString } from './byte-string.js';
import { argumentAt, cString, NOT_AN_INTEGER, SYNTAX_ERROR, wordAt } from './call.js';
import type { Call } from './command.js';
import { integerOf } from './integers.js';
import { ErrorReply, fail, MapReply, OK, type Reply, SetReply } from './resp/reply.js';
import type { TrackingState } from './tracking-state.js';

interface Options {
  redirectsTo: number;
  isBroadcast: boolean;
  isOptIn: boolean;
  isOptOut: boolean;
  skipsOwn: boolean;
  readonly prefixes: string[];
}

const SWITCHED_BROADCAST = fail(
  "You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.",
);
const SWITCHED_OPTION = fail(
  "You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.",
);
const NO_CACHING = fail(
  'CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled',
);

export function tracking(call: Call): Reply {
  const { args, client, server } = call;
  const options = parse(call);
  if (options instanceof ErrorReply) return options;
  const word = wordAt(args, 2);
  if (word === 'OFF') {
    server.tracking.stop(client);
    return OK;
  }
  if (word !== 'ON') return SYNTAX_ERROR;
  const problem = conflict(options, client.tracking);
  if (problem !== null) return problem;
  const { isBroadcast, isOptIn, isOptOut, skipsOwn, redirectsTo, prefixes } = options;
  server.tracking.start(client, {
    mode: isBroadcast ? 'broadcast' : 'keys',
    counts: isOptIn ? 'announced' : isOptOut ? 'not-renounced' : 'all',
    skipsOwn,
    redirectsTo,
    prefixes: new Set(isBroadcast && prefixes.length === 0 ? [''] : prefixes),
    isNextAnnounced: client.tracking?.isNextAnnounced ?? false,
    isRedirectBroken: false,
  });
  return OK;
}

function parse({ args, server }: Call): Options | ErrorReply {
  const options: Options = {
    redirectsTo: 0,
    isBroadcast: false,
    isOptIn: false,
    isOptOut: false,
    skipsOwn: false,
    prefixes: [],
  };
  for (let index = 3; index < args.length; index++) {
    const word = wordAt(args, index);
    const next = args[index + 1];
    if (word === 'REDIRECT' && next !== undefined) {
      if (options.redirectsTo !== 0) return fail('A client can only redirect to a single other client');
      const id = integerOf(next);
      if (id === null) return NOT_AN_INTEGER;
      if (server.clients.byId(Number(id)) === undefined)
        return fail('The client ID you want redirect to does not exist');
      options.redirectsTo = Number(id);
      index++;
    } else if (word === 'PREFIX' && next !== undefined) {
      options.prefixes.push(byteString(next));
      index++;
    } else if (word === 'BCAST') options.isBroadcast = true;
    else if (word === 'OPTIN') options.isOptIn = true;
    else if (word === 'OPTOUT') options.isOptOut = true;
    else if (word === 'NOLOOP') options.skipsOwn = true;
    else return SYNTAX_ERROR;
  }
  return options;
}

function conflict(options: Options, old: TrackingState | null): ErrorReply | null {
  const { isBroadcast, isOptIn, isOptOut, prefixes } = options;
  if (!isBroadcast && prefixes.length > 0) return fail('PREFIX option requires BCAST mode to be enabled');
  if (old !== null && (old.mode === 'broadcast') !== isBroadcast) return SWITCHED_BROADCAST;
  if (isBroadcast && (isOptIn || isOptOut)) return fail('OPTIN and OPTOUT are not compatible with BCAST');
  if (isOptIn && isOptOut) return fail("You can't specify both OPTIN mode and OPTOUT mode");
  if ((isOptIn && old?.counts === 'not-renounced') || (isOptOut && old?.counts === 'announced'))
    return SWITCHED_OPTION;
  return isBroadcast ? collision(prefixes, [...(old?.prefixes ?? [])]) : null;
}

/** Else one write would be told twice. */
function collision(prefixes: readonly string[], existing: readonly string[]): ErrorReply | null {
  const overlaps = (one: string, other: string): boolean => one.startsWith(other) || other.startsWith(one);
  for (const [index, prefix] of prefixes.entries()) {
    const old = existing.find((other) => overlaps(prefix, other));
    const own = prefixes.slice(index + 1).find((other) => overlaps(prefix, other));
    const words = old === undefined ? 'another provided' : 'an existing';
    const other = old ?? own;
    if (other !== undefined)
      return fail(
        `Prefix '${cString(prefix)}' overlaps with ${words} prefix '${cString(other)}'. Prefixes for a single client must not overlap.`,
      );
  }
  return null;
}

export function caching({ args, client: { tracking } }: Call): Reply {
  if (tracking === null) return NO_CACHING;
  const word = wordAt(args, 2);
  if (word === 'YES') {
    if (tracking.counts !== 'announced')
      return fail('CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.');
  } else if (word !== 'NO') return SYNTAX_ERROR;
  else if (tracking.counts !== 'not-renounced')
    return fail('CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.');
  tracking.isNextAnnounced = true;
  return OK;
}

export function getredir({ client: { tracking } }: Call): Reply {
  return tracking?.redirectsTo ?? -1;
}

export function trackinginfo({ client: { tracking } }: Call): Reply {
  const flags = tracking === null ? ['off'] : flagsOf(tracking);
  return new MapReply([
    'flags',
    new SetReply(flags),
    'redirect',
    tracking?.redirectsTo ?? -1,
    'prefixes',
    [...(tracking?.prefixes ?? [])].sort(byBytes),
  ]);
}

function flagsOf({ mode, counts, isNextAnnounced, skipsOwn, isRedirectBroken }: TrackingState): string[] {
  const flags = ['on'];
  if (mode === 'broadcast') flags.push('bcast');
  if (counts === 'announced') flags.push('optin', ...(isNextAnnounced ? ['caching-yes'] : []));
  if (counts === 'not-renounced') flags.push('optout', ...(isNextAnnounced ? ['caching-no'] : []));
  if (skipsOwn) flags.push('noloop');
  if (isRedirectBroken) flags.push('broken_redirect');
  return flags;
}

function byBytes(one: Bytes, other: Bytes): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

export function noEvict({ args, client }: Call): Reply {
  const word = wordAt(args, 2);
  if (word !== 'ON' && word !== 'OFF') return SYNTAX_ERROR;
  client.isEvictable = word === 'OFF';
  return OK;
}

/** A client that waits because of CLIENT PAUSE cannot be woken by this. */
export function unblock({ args, server }: Call): Reply {
  const id = integerOf(argumentAt(args, 2));
  const word = args.length > 3 ? wordAt(args, 3) : 'TIMEOUT';
  if (args.length > 4)
    return fail("unknown subcommand or wrong number of arguments for 'unblock'. Try CLIENT HELP.");
  if (word !== 'TIMEOUT' && word !== 'ERROR') return fail('CLIENT UNBLOCK reason should be TIMEOUT or ERROR');
  if (id === null) return NOT_AN_INTEGER;
  const target = server.clients.byId(Number(id));
  if (target === undefined) return 0;
  return server.blocking.unblock(target, word === 'ERROR' ? 'error' : 'timeout') ? 1 : 0;
}
