/**
 * Decides how reads of one connection are answered: at once from a decoded result, by the engine, or for a pool whose miss
 * runs here. Knows neither writes nor the order of commands.
 */
import type { Gate } from '../gate.js';
import { CAPTURE_BYTES_MAX } from '../reads.js';
import { isCached } from '../statements.js';
import type { Call } from './calls.js';
import { captureResult } from './capture.js';
import type { Database, Statement } from './databases.js';
import { type Driver, factsKey, factsOf } from './driver.js';
import type { Filling } from './filling.js';
import { hearResult } from './following.js';
import type { Host } from './host.js';
import { protocolPrefix } from './keys.js';
import type { Payload } from './payload.js';
import { type CachedStatement, type RunRead, requestOf } from './reads.js';
import { answerInto, canReplay, type Result, resultOf } from './replay.js';
import type { Session } from './session.js';
import type { MysqlConnection, ResultCallback } from './shapes.js';
import type { Tracker } from './tracker.js';

export interface Surroundings {
  readonly connection: MysqlConnection;
  readonly driver: Driver;
  readonly host: Host;
  readonly session: Session;
  readonly gate: Gate;
  readonly tracker: Tracker;
  /** Why a read may neither hit nor fill now; null when it may. */
  readonly refusal: () => string | null;
  /** Why the answer to a miss that came through the pool may not be kept; null when it may. */
  readonly refusalToFill: (isItsOwn: boolean) => string | null;
  /** Has the catalog looked at over some connection that sees it, soon. */
  readonly refresh: (database: Database) => void;
}

export class ConnectionReads {
  constructor(private readonly about: Surroundings) {}

  /** Null where there is no decoded result that may be served. */
  near(call: Call, statement: Statement | undefined): Result | null {
    if (statement === undefined || !isCached(statement) || call.key === null) return null;
    if (this.refusalOf(call) !== null) return null;
    const payload = this.about.host.core.engine.peek(statement.group, this.keyOf(call, call.key));
    if (payload === undefined) return null;
    const { refresh, session } = this.about;
    if (session.database?.isCheckDue === true) refresh(session.database);
    return this.decoded(payload, call);
  }

  /** Why this call can never be cached, or not now; null when it may. */
  refusalOf({ command, key, options }: Call): string | null {
    if (options.refusal !== null) return options.refusal;
    if (!command.onResult) return 'emitter';
    if (key === null) return 'parameters';
    return this.about.refusal();
  }

  read(call: Call, statement: CachedStatement): void {
    const { connection, host, session, gate, tracker, refresh } = this.about;
    const { command } = call;
    const tell = command.onResult as ResultCallback; // a call without one is refused
    const database = session.database as Database; // it planned the statement
    let isTold = false;
    const refused = (given: Parameters<ResultCallback>): void => {
      isTold = true;
      command.onResult = tell;
      tell.apply(command, given);
    };
    const request = requestOf(
      {
        core: host.core,
        database,
        prefix: session.own,
        statement,
        key: `${protocolPrefix(call.protocol)}${call.key}`,
        values: call.values,
        facts: factsKey(factsOf(connection)),
        joins: false, // the execution may be waiting for this very connection to come back to the pool
      },
      () => this.sendCapturing(call, refused),
    );
    // What is called next must reach the connection after this, wherever this is answered from.
    const release = gate.close();
    const served = host.core.engine.read(request);
    if (database.isCheckDue) refresh(database);
    served
      .then((outcome) => {
        if (outcome.from === 'database')
          return process.nextTick(() => tell.call(command, null, ...outcome.result));
        command.onResult = tell;
        const result = this.decoded(outcome.payload, call);
        if (result === null) tracker.pass(command);
        else process.nextTick(() => answerInto(command, result, call.protocol));
      })
      .catch((error: unknown) => {
        if (!isTold) process.nextTick(() => tell.call(command, error as Error));
      })
      .finally(release);
  }

  /** A miss that came through the pool fills if this connection may. */
  capture(call: Call, filling: Filling, statement: Statement | undefined): void {
    const { driver, session, refusalToFill } = this.about;
    const capture = captureResult(call.command, { driver, bytesMax: CAPTURE_BYTES_MAX });
    filling.captured(capture);
    const isItsOwn = filling.database === session.database && session.own === '';
    const reason = refusalToFill(isItsOwn);
    if (reason !== null) capture.refuse(reason);
    if (statement === undefined || !isCached(statement)) capture.refuse('planned-otherwise');
  }

  private keyOf({ protocol }: Call, key: string): string {
    return `${this.about.session.own}${protocolPrefix(protocol)}${key}`;
  }

  /** Null where it cannot be decoded here: the driver meets what was thrown again, and tells the caller. */
  private decoded(payload: Payload, { options }: Call): Result | null {
    const { connection, driver, host } = this.about;
    if (!canReplay(payload, driver)) return null;
    try {
      const reader = { driver, config: connection.config, facts: factsOf(connection) };
      return resultOf(payload, reader, options.overrides);
    } catch (error) {
      host.core.failed('read', error);
      return null;
    }
  }

  /**
   * The caller's own command: its callback is called once it is known what became of it.
   *
   * @param refused is called in its place where the driver says that it failed: at once, so that it is heard before the end
   */
  private sendCapturing(
    { command }: Call,
    refused: (given: Parameters<ResultCallback>) => void,
  ): ReturnType<RunRead> {
    const { driver, tracker } = this.about;
    const capture = captureResult(command, { driver, bytesMax: CAPTURE_BYTES_MAX });
    return new Promise((resolve, reject) => {
      const hear = (given: Parameters<ResultCallback>): void => {
        const [error, rows, fields] = given;
        if (!error) return resolve({ result: [rows, fields] as Result, outcome: () => capture.outcome() });
        reject(error);
        refused(given);
      };
      hearResult(command, { hear });
      tracker.expectPlain(command);
      tracker.pass(command);
    });
  }
}
