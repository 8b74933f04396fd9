/**
 * Decides how a statement is followed from the moment its intent is placed to the moment its outcome is known, so
 * that the intent ends before the caller is answered. Knows the connection's protocol, not the meaning of texts.
 */
import type { OwnRows } from '../../cache/changes.js';
import type { Target } from '../../cache/protocol/refs.js';
import type { PlacedWrite, WriteOwner } from '../../cache/writes.js';
import type { TransactionControl } from '../../sql/plan.js';
import { nameOfBackend, type WriteBackend } from '../../sql/postgres/backend.js';
import { arePreparedGone, type Backend } from '../../sql/postgres/database.js';
import type { Effect, TransactionWrites, WriteUnderWay } from '../transaction.js';
import type { DatabaseState } from './databases.js';
import type { HeldConstructor } from './held.js';
import type { Host } from './host.js';
import type { Call, SubmittableCall, TextCall } from './query-arguments.js';
import { nameTheCaller } from './reads.js';
import { hasEndedInDatabase } from './resolver.js';
import { Returned } from './returned.js';
import type {
  PgClient,
  PgQuery,
  PgResult,
  QueryCallback,
  QueryFunction,
  TransactionStatus,
} from './shapes.js';

export interface Surroundings {
  readonly client: PgClient;
  readonly host: Host;
  readonly writes: TransactionWrites;
  readonly rows: OwnRows | null;
  /** The client's own `query`. */
  readonly send: QueryFunction;
}

/** What else hangs on the outcome of a statement. */
export interface Aftermath {
  readonly succeeded: (() => void) | undefined;
  /** The server could not parse the text: nothing of it was run. */
  readonly rejected: (() => void) | undefined;
  /** After the intent of a write has ended, before the caller is answered. */
  readonly ended: (() => void | Promise<void>) | undefined;
  readonly control: TransactionControl | null;
  readonly backend: Backend | null;
  /** A proxy, or who knows what, is between this connection and the server process that runs its statements. */
  readonly isProxied: boolean;
  readonly state: DatabaseState | null;
}

/** Told once: null for success. What it returns is awaited before the caller is answered. */
type Outcome = (error: unknown, result?: PgResult | PgResult[]) => void | Promise<void>;

const SYNTAX_ERROR = '42601';

export class Tracker {
  /** Submittables that are being answered now: one, where queries are not pipelined. */
  private readonly submitted = new Set<Outcome>();
  private handlingReady = false;
  private lost = false;

  constructor(private readonly about: Surroundings) {}

  /** Nothing is queued or in flight, so the status last heard of is the one that the next statement meets. */
  isIdle(): boolean {
    const { client } = this.about;
    // Before 8.16 the queue had no underscore; its getter warns where it is deprecated.
    const queue = client._queryQueue ?? (client as unknown as { queryQueue: readonly unknown[] }).queryQueue;
    return client.readyForQuery === true && queue.length === 0 && (client._sentQueryQueue?.length ?? 0) === 0;
  }

  /** Before pg handles ReadyForQuery. */
  ready(status: TransactionStatus): void {
    this.handlingReady = true;
    this.about.writes.ready(status);
    if (this.about.client.pipeline === true) return;
    this.settleSubmitted();
  }

  /** After pg handled it. */
  readyHandled(): void {
    this.handlingReady = false;
    // Pipelined, several are under way and only an idle connection tells that all are done.
    if (this.submitted.size > 0 && this.about.client.pipeline === true && this.isIdle())
      this.settleSubmitted();
  }

  /** To the database, with nothing to follow. */
  pass(call: Call): unknown {
    const [config, values, callback] = call.given;
    return this.about.send(config, values, callback);
  }

  run(call: Call, effect: Effect, after: Aftermath, hold: (until: Promise<unknown>) => void): unknown {
    const decision = this.about.writes.decide(effect, this.isIdle());
    const follows =
      after.succeeded !== undefined || after.rejected !== undefined || finishes(after.control) !== null;
    const counts = effect.counted !== undefined && this.about.rows !== null;
    const returned = new Returned(effect.told ?? null);
    if (decision.place === null) {
      const { open } = decision;
      if (!follows && !counts && open === undefined) return this.pass(call);
      return this.sendFollowed(call, returned, (error, result) => {
        this.count(effect, result);
        if (open !== undefined)
          this.about.writes.answered(
            open,
            error === null ? returned.narrow(open.targets, result) : open.targets,
          );
        this.conclude(error, after);
      });
    }
    if (this.mayHold(call, effect)) return this.sendHeld(call, decision.place, effect, after, returned);
    const targets = decision.place;
    const endCatalogChange =
      decision.changesCatalog && after.state !== null ? after.state.beginCatalogChange() : () => undefined;
    const owner = this.ownerOf(effect, after, endCatalogChange);
    const send = (placed: PlacedWrite): unknown => {
      const write: WriteUnderWay = {
        targets,
        changesCatalog: decision.changesCatalog,
        placed,
        commits: effect.commits === 'yes',
        prepares: effect.prepares === 'unknown' || effect.prepares.length > 0,
        endCatalogChange,
      };
      this.about.writes.begin(write);
      return this.sendFollowed(call, returned, (error, result) => {
        this.count(effect, result);
        const touched = error === null ? returned.narrow(targets, result) : targets;
        return this.concludeWrite(error, { write, touched }, effect, after);
      });
    };
    let placing: PlacedWrite | Promise<PlacedWrite>;
    try {
      placing = this.about.host.core.engine.beginWrite(targets, owner);
    } catch (error) {
      endCatalogChange('nothing');
      return this.refuse(call, error as Error);
    }
    if (!(placing instanceof Promise)) return send(placing);
    hold(placing);
    placing.catch(() => endCatalogChange('nothing'));
    return this.sendLater(call, placing, send);
  }

  /** Whether a query of ours can run it as pg's own would. */
  private isPlain(call: Call): call is TextCall {
    return (
      call.kind === 'text' &&
      call.options.refusal === null &&
      (call.values === undefined || call.values === null || Array.isArray(call.values))
    );
  }

  /** Elsewhere the intent could be refused after the statement has run. */
  private mayHold(call: Call, { mayTakeLong }: Effect): call is TextCall {
    const { client, host, writes } = this.about;
    return (
      mayTakeLong === true &&
      this.isPlain(call) &&
      writes.status === 'I' &&
      this.isIdle() &&
      client.pipeline !== true &&
      host.driver.Held !== null &&
      !host.core.mayRefuseWrites
    );
  }

  /**
   * The statement runs first, and its intent is placed once only the commit is left: what it changes can be served
   * from the cache while it runs. Ended when the connection is ready again, which is before its caller is answered.
   */
  private sendHeld(
    call: TextCall,
    planned: readonly Target[],
    effect: Effect,
    after: Aftermath,
    returned: Returned,
  ): unknown {
    const { engine } = this.about.host.core;
    const owner = this.ownerOf(effect, after, () => undefined);
    const Held = this.about.host.driver.Held as HeldConstructor; // looked at before
    const query = new Held(call.config, asTheyAre(call.values), returned, ({ _result }, commit) => {
      this.count(effect, _result);
      // Its rows have been seen: only they are blocked while it commits.
      const targets = returned.narrow(planned, _result);
      if (targets.length === 0) return commit();
      const send = (placed: PlacedWrite): void => {
        if (this.lost) return void placed.end(); // its commit was never sent
        const write = { targets, placed, ...plainWrite };
        this.about.writes.begin(write);
        this.submitted.add(() => {
          if (this.about.writes.isUnderWay(write))
            return inTurn(this.about.writes.succeed(write), after.ended);
        });
        commit();
      };
      const placing = engine.beginWrite(targets, owner);
      if (placing instanceof Promise) void placing.then(send);
      else send(placing);
    });
    return this.submit(query, call.callback, (error) => this.conclude(error, after));
  }

  /** Runs a query of ours as pg would run the caller's own. */
  private submit(
    query: PgQuery,
    callback: QueryCallback | undefined,
    told: (error: unknown) => void,
  ): unknown {
    const sendWith = (tell: QueryCallback): void => {
      const answered: QueryCallback = (error, result) => {
        told(error ?? null);
        tell(error, result);
      };
      query.callback = undefined; // the one of the config is `callback`
      this.about.send(query, undefined, answered);
    };
    return callback === undefined ? this.promised(sendWith) : sendWith(callback);
  }

  private promised(sendWith: (tell: QueryCallback) => void): Promise<unknown> {
    const PromiseClass = this.about.client._Promise ?? Promise;
    const answered = new PromiseClass((resolve, reject) => {
      sendWith((error, result) => (error ? reject(error) : resolve(result)));
    });
    return answered.catch(nameTheCaller);
  }

  private settleSubmitted(): void {
    for (const outcome of this.submitted) void outcome(null);
    this.submitted.clear();
  }

  /** Once its intent stands in a store elsewhere; later calls wait meanwhile. */
  private sendLater(
    call: Call,
    placing: Promise<PlacedWrite>,
    send: (placed: PlacedWrite) => unknown,
  ): unknown {
    if (call.kind === 'text' && call.callback === undefined) {
      const PromiseClass = this.about.client._Promise ?? Promise;
      return PromiseClass.resolve(placing.then(send));
    }
    placing.then(
      (placed) => void send(placed),
      (error: unknown) => void this.refuse(call, error as Error),
    );
    return call.kind === 'submittable' ? call.submittable : undefined;
  }

  /** The write may not be sent: the store is away, and the config says that it must not be. */
  private refuse(call: Call, error: Error): unknown {
    if (call.kind === 'submittable') {
      process.nextTick(() => call.submittable.handleError?.(error, this.about.client.connection));
      return call.submittable;
    }
    if (call.callback === undefined) return (this.about.client._Promise ?? Promise).reject(error);
    process.nextTick(call.callback, error);
    return undefined;
  }

  private sendFollowed(call: Call, returned: Returned, outcome: Outcome): unknown {
    if (call.kind === 'submittable') return this.sendSubmittable(call, outcome);
    return this.sendText(call, returned, outcome);
  }

  private sendText(call: TextCall, returned: Returned, outcome: Outcome): unknown {
    const config = ownConfig(call.config);
    const values = asTheyAre(call.values);
    const sendWith = (callback: QueryCallback): void => {
      const answered: QueryCallback = (error, result) => {
        const ending = outcome(error ?? null, result);
        if (ending instanceof Promise) this.tellAfter(ending, () => callback(error, result));
        else callback(error, result);
      };
      if (!returned.isAboutRows || !this.isPlain(call)) return void this.about.send(config, values, answered);
      const query = new this.about.host.driver.Telling(call.config, values, returned);
      query.callback = undefined; // the one of the config is `callback`
      this.about.send(query, undefined, answered);
    };
    return call.callback === undefined ? this.promised(sendWith) : sendWith(call.callback);
  }

  /** On a tick of its own: what a caller's callback throws is his. */
  private tellAfter(ending: Promise<void>, tell: () => void): void {
    ending
      .catch((failure: unknown) => this.about.host.core.failed('end', failure))
      .finally(() => process.nextTick(tell));
  }

  private sendSubmittable(call: SubmittableCall, outcome: Outcome): unknown {
    const { submittable } = call;
    const submit = submittable.submit.bind(submittable);
    submittable.submit = (connection) => {
      this.submitted.add(outcome);
      const refusal = submit(connection);
      if (refusal) {
        this.submitted.delete(outcome);
        void outcome(null);
      }
      return refusal;
    };
    return this.pass(call);
  }

  /** Rows that the answer tells of are ours, whatever becomes of the transaction. */
  private count({ counted }: Effect, result: PgResult | PgResult[] | undefined): void {
    const { rows, writes } = this.about;
    if (rows === null || counted === undefined) return;
    if (result === undefined || Array.isArray(result)) rows.wroteUncounted();
    else rows.wrote(counted.names, counted.tableId, result.rowCount ?? 0);
    if (writes.status === 'I') rows.ready();
  }

  private conclude(error: unknown, after: Aftermath): void {
    if (error === null) {
      after.succeeded?.();
      const gid = finishes(after.control);
      if (gid !== null) after.state?.prepared.finish(gid);
    } else if (isServerError(error) && error.code === SYNTAX_ERROR) after.rejected?.();
  }

  private concludeWrite(
    error: unknown,
    { write, touched }: { readonly write: WriteUnderWay; readonly touched: readonly Target[] },
    effect: Effect,
    after: Aftermath,
  ): void | Promise<void> {
    const { writes } = this.about;
    this.conclude(error, after);
    if (!writes.isUnderWay(write)) return;
    if (error === null) {
      if (effect.prepares !== 'unknown')
        for (const gid of effect.prepares) after.state?.prepared.add(gid, write.targets);
      return inTurn(writes.succeed(write, touched), after.ended);
    }
    // Nothing was sent over a connection that was gone already.
    if (this.lost) return writes.fail(write, 'nothing');
    if (isServerError(error)) return writes.fail(write, error.code === SYNTAX_ERROR ? 'nothing' : 'maybe');
    if (this.handlingReady) return writes.succeed(write);
    writes.doubt(write);
    setImmediate(() => {
      if (writes.isDoubted(write) && this.isIdle()) void writes.settle(write);
    });
  }

  private ownerOf(
    effect: Effect,
    after: Aftermath,
    endCatalogChange: (outcome: 'maybe' | 'nothing') => void,
  ): WriteOwner {
    const { client } = this.about;
    const { random } = this.about.host.core;
    const write: WriteBackend = {
      backend: after.backend ?? { pid: client.processID ?? 0, startedAtUs: null, lock: null },
      mark: after.isProxied ? random.hex(6) : null,
      prepares: effect.prepares,
    };
    const hasEnded = async (): Promise<boolean> => {
      if (!(await this.hasFinished(write, after.state))) return false;
      endCatalogChange('maybe');
      return true;
    };
    return {
      get backend() {
        return nameOfBackend(write);
      },
      hasEnded,
    };
  }

  /** The connection is gone or ready again, and nothing that it prepared is left. */
  private async hasFinished(write: WriteBackend, state: DatabaseState | null): Promise<boolean> {
    const { ask, databases } = this.about.host;
    const { prepares } = write;
    const asking = { ask, state, proxied: databases.proxied };
    if (this.lost && !(await hasEndedInDatabase(asking, { ...write, prepares: [] }))) return false;
    if (prepares === 'unknown') return ask((query) => arePreparedGone(query, 'unknown'));
    for (const gid of prepares) {
      const look = (): Promise<boolean> => ask((query) => arePreparedGone(query, [gid]));
      if (!(await (state?.prepared.isOver(gid, look) ?? look()))) return false;
    }
    return true;
  }

  /** The connection is gone: the outcome of what was on its way is unknown. */
  lose(): void {
    this.lost = true;
    this.about.writes.lose();
  }
}

/** Of a single statement that changes no catalog. */
const plainWrite = {
  changesCatalog: false,
  commits: false,
  prepares: false,
  endCatalogChange: () => undefined,
} as const;

/** What was bound to the intent is what is sent, whatever the caller does to his list meanwhile. */
const asTheyAre = (values: unknown): unknown =>
  Array.isArray(values) ? (values as unknown[]).slice() : values;

/** The prepared transaction that a statement finishes. */
function finishes(control: TransactionControl | null): string | null {
  return control?.control === 'commit-prepared' || control?.control === 'rollback-prepared'
    ? control.gid
    : null;
}

function inTurn(first: void | Promise<void>, second: Aftermath['ended']): void | Promise<void> {
  if (second === undefined) return first;
  return first instanceof Promise ? first.then(second) : second();
}

interface ServerError {
  readonly severity: 'ERROR';
  readonly code: string;
}

/** The statement has failed and the connection lives. Where severities are translated, ReadyForQuery tells instead. */
const isServerError = (error: unknown): error is ServerError =>
  (error as Partial<ServerError> | null)?.severity === 'ERROR' &&
  typeof (error as Partial<ServerError>).code === 'string';

/** Older versions of pg write the callback into the caller's object. */
function ownConfig(config: TextCall['config']): TextCall['config'] {
  if (typeof config === 'string') return config;
  if (Object.getPrototypeOf(config) === Object.prototype) return { ...config };
  const copy = Object.create(Object.getPrototypeOf(config) as object | null) as object;
  return Object.defineProperties(copy, Object.getOwnPropertyDescriptors(config));
}
