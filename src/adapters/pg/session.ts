/** Decides what is known of one connection's session: which database it sees, as what, and whether it still does. */
import type { CacheCore } from '../../cache/core.js';
import {
  type Backend,
  type ConnectionProbe,
  probeConnection,
  type TextQuery,
} from '../../sql/postgres/database.js';
import type { Database, Databases } from './databases.js';
import type { PgClient } from './shapes.js';

export interface SessionOptions {
  readonly client: PgClient;
  readonly core: CacheCore;
  readonly databases: Databases;
  readonly query: TextQuery;
}

/** Settings that the server reports by itself and that results or plans depend on. */
const REPORTED =
  /^(TimeZone|DateStyle|IntervalStyle|client_encoding|standard_conforming_strings|search_path|session_authorization|is_superuser)$/;

/** Another server process crashed: all are ended, and what was committed asynchronously may be lost. */
const CRASH_SHUTDOWN = '57P02';

export class Session {
  /** What the planner and the results of this connection's statements belong to. */
  database: Database | null = null;
  private probe: ConnectionProbe | 'wanted' | 'impossible' = 'wanted';
  /** Settings were changed that the planner does not know of. */
  private hasDeparted = false;
  /** As reported when the connection was probed, or since. */
  private readonly reported = new Map<string, string>();

  constructor(private readonly options: SessionOptions) {
    options.client.connection.on('errorMessage', ({ code }: { code?: string }) => {
      if (code === CRASH_SHUTDOWN) this.voidAll('crash');
    });
    options.client.connection.on(
      'parameterStatus',
      ({ parameterName, parameterValue }: { parameterName: string; parameterValue: string }) =>
        this.note(parameterName, parameterValue),
    );
  }

  get isUnknown(): boolean {
    return this.probe === 'wanted';
  }

  get isStandby(): boolean {
    return typeof this.probe !== 'string' && this.probe.standby;
  }

  get isPooled(): boolean {
    return typeof this.probe !== 'string' && this.probe.pooled;
  }

  get departed(): boolean {
    return this.hasDeparted || (typeof this.probe !== 'string' && this.probe.temporary);
  }

  /** Null until it could be asked. */
  get backend(): Backend | null {
    return typeof this.probe === 'string' ? null : this.probe.backend;
  }

  /** Why no result may be exchanged with this session; null when it may. */
  refusal(): string | null {
    const { probe, database } = this;
    if (typeof probe === 'string') return 'connection-unknown';
    if (probe.standby) return 'standby';
    if (probe.pooled) return 'pooler';
    if (this.departed) return 'session-departed';
    if (database === null) return 'too-many-sessions';
    if (database.state.superseded) return 'superseded';
    return null;
  }

  /** The session is another one from now on; undone by what it returns, if nothing came of it. */
  depart(): () => void {
    const before = this.hasDeparted;
    this.hasDeparted = true;
    return () => {
      this.hasDeparted = before;
    };
  }

  /** To be asked again before it is used next. */
  forget(): void {
    if (this.probe !== 'impossible') this.probe = 'wanted';
  }

  /** Never rejects: a connection that cannot say what it is bypasses. */
  async learn(): Promise<void> {
    const { client, core, databases, query } = this.options;
    try {
      await this.connected();
      const lock = { high: lockHalf(core), low: lockHalf(core) };
      const probe = await probeConnection(query, { lock, expectedPid: client.processID });
      // A standby shares its primary's lineage, but has nothing to say about which state is the latest.
      this.database = probe.standby ? null : await databases.arrive(probe);
      this.probe = probe;
      this.hasDeparted = false;
    } catch (error) {
      this.probe = 'impossible';
      if (client._ended !== true) core.failed('probe', error);
    }
  }

  /** The protocol names the server process before it says that it is ready. */
  private connected(): Promise<void> | void {
    const { client } = this.options;
    if (client.processID !== null || client.readyForQuery === true || client._ended === true) return;
    return new Promise((resolve) => {
      client.connection.once('readyForQuery', resolve);
      client.connection.once('end', resolve);
    });
  }

  private note(name: string, value: string): void {
    const known = this.reported.get(name);
    this.reported.set(name, value);
    if (typeof this.probe === 'string' || value === known) return;
    if (name === 'in_hot_standby' && value === 'off') {
      this.probe = 'wanted';
      this.voidAll('promotion');
    } else if (REPORTED.test(name)) this.hasDeparted = true;
  }

  /** What was shown before may be gone, or something was written that nobody saw. */
  private voidAll(reason: string): void {
    const { core, databases } = this.options;
    core.engine.invalidate(databases.roots()).catch((error: unknown) => core.failed(reason, error));
  }
}

const lockHalf = (core: CacheCore): number => Number.parseInt(core.random.hex(4), 16) & 0x7fff_ffff;
