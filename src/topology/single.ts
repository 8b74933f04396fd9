/** Decides how the engine reaches one server outside of this process: one connection, and the reason when there is none. */
import type { Session, Store } from '../cache/executor.js';
import type { Clock, Random } from '../clock.js';
import { type Address, type Connection, type ConnectionSettings, openConnection } from './connection.js';
import { Keeper } from './keeper.js';
import { TrackedReads } from './tracked.js';

export interface RemoteStoreOptions extends ConnectionSettings {
  readonly clock: Clock;
  readonly random: Random;
  /** The longest pause between two attempts to reach a server. */
  readonly reconnectMsMax: number;
  /** A server that was there is gone, or one that is asked for is not there or of no use. */
  readonly onTrouble: (error: Error) => void;
  /** In `bounded`: how long after its last sign of life what the store told counts, in ms; else null. */
  readonly boundMs?: number | null;
}

/** A store outside of this process. */
export interface RemoteStore extends Store {
  /**
   * Settles when it can be used.
   *
   * @throws LookasideError why it cannot
   */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** One that is late, or lost with its connection, is made up for by the next before the bound. */
export const HEARTBEATS_PER_BOUND = 4;

export function singleStore(address: Address, options: RemoteStoreOptions): RemoteStore {
  let session: Session | null = null;
  const keeper = new Keeper({
    clock: options.clock,
    random: options.random,
    reconnectMsMax: options.reconnectMsMax,
    open: (events) => openConnection(address, options, events),
    onOpen: (connection) => (session = sessionOn(connection)),
    onTrouble: options.onTrouble,
  });
  const tracking =
    options.boundMs === undefined || options.boundMs === null
      ? null
      : new TrackedReads({
          ...options,
          heartbeatMs: options.boundMs / HEARTBEATS_PER_BOUND,
          open: (events) => openConnection(address, options, events, 3),
          sessionOn,
        });
  return {
    ...(tracking === null ? {} : { tracking }),
    ready: async () => {
      await keeper.ready();
      await tracking?.ready();
    },
    session: () => (keeper.current === null ? null : session),
    trouble: () => keeper.trouble,
    close: async () => {
      await Promise.all([keeper.close(), tracking?.close()]);
    },
  };
}

/** One server without anybody who could promote another: it is the primary as long as it answers. */
export function sessionOn(connection: Connection): Session {
  const voucher = connection.facts.replicationId ?? ''; // judged: it has one
  return {
    run: (commands) => connection.run(commands),
    runBinary: (commands) => connection.runBinary(commands),
    voucher: () => voucher,
    isTrusted: () => true,
  };
}
