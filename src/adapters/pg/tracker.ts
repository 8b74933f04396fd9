/**
 * Decides how a statement is followed from the moment its intent is placed to the moment its outcome is known, so
 * that the intent ends before the caller is answered. Knows the connection's protocol, not the meaning of texts.
 */
import type { OwnRows } from '../../cache/changes.js';
import type { Target } from '../../cache/protocol/refs.js';
import type { PlacedWrite } from '../../cache/writes.js';
import type { Backend } from '../../sql/postgres/database.js';
import { type Aftermath, Follower, inTurn, type Outcome, type Verdict } from '../follower.js';
import type { Effect, TransactionWrites, WriteUnderWay } from '../transaction.js';
import type { HeldConstructor } from './held.js';
import type { Host } from './host.js';
import type { Call, SubmittableCall, TextCall } from './query-arguments.js';
import { nameTheCaller } from './reads.js';
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

const SYNTAX_ERROR = '42601';

type Answer = PgResult | PgResult[];

export class Tracker extends Follower<Call, Answer, Backend, Returned> {
  /** Submittables that are being answered now: one, where queries are not pipelined. */
  private readonly submitted = new Set<Outcome<Answer>>();
  private handlingReady = false;

  constructor(private readonly about: Surroundings) {
    super({ writes: about.writes, host: about.host, rows: about.rows });
  }

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

  protected toldBy({ told }: Effect): Returned {
    return new Returned(told ?? null);
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
  protected override sendHeld(
    call: Call,
    planned: readonly Target[],
    effect: Effect,
    after: Aftermath<Backend>,
  ): { readonly value: unknown } | null {
    if (!this.mayHold(call, effect)) return null;
    const returned = this.toldBy(effect);
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
    return { value: this.submit(query, call.callback, (error) => this.conclude(error, after)) };
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
  protected sendLater(
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
  protected refuse(call: Call, error: Error): unknown {
    if (call.kind === 'submittable') {
      process.nextTick(() => call.submittable.handleError?.(error, this.about.client.connection));
      return call.submittable;
    }
    if (call.callback === undefined) return (this.about.client._Promise ?? Promise).reject(error);
    process.nextTick(call.callback, error);
    return undefined;
  }

  protected send(call: Call, returned: Returned, outcome: Outcome<Answer>): unknown {
    if (call.kind === 'submittable') return this.sendSubmittable(call, outcome);
    return this.sendText(call, returned, outcome);
  }

  private sendText(call: TextCall, returned: Returned, outcome: Outcome<Answer>): unknown {
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

  private sendSubmittable(call: SubmittableCall, outcome: Outcome<Answer>): unknown {
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

  protected rowsIn(answer: Answer | undefined): number | null {
    return answer === undefined || Array.isArray(answer) ? null : (answer.rowCount ?? 0);
  }

  protected verdictOn(error: unknown): Verdict {
    if (isServerError(error)) return error.code === SYNTAX_ERROR ? 'nothing' : 'maybe';
    return this.handlingReady ? 'succeeded' : 'unknown';
  }

  /** The caller was answered, the connection is heard of later: by a tick where it is ready already. */
  protected override wait(write: WriteUnderWay): void {
    const { writes } = this.about;
    setImmediate(() => {
      if (writes.isDoubted(write) && this.isIdle()) void writes.settle(write);
    });
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
