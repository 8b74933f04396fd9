/**
 * Decides how a statement is followed from the moment its intent is placed to the moment its outcome is known, so that
 * the intent ends before the caller is answered. Knows neither what texts mean nor a protocol: its subclasses do.
 */
import type { OwnRows } from '../cache/changes.js';
import type { Target } from '../cache/protocol/refs.js';
import type { PlacedWrite, WriteOwner } from '../cache/writes.js';
import type { TransactionControl } from '../sql/plan.js';
import type { DatabaseState } from './database.js';
import type { Effect, TransactionWrites, WriteUnderWay } from './transaction.js';
import { ownerOf, type WriteHost } from './write-owner.js';

/** What else hangs on the outcome of a statement. */
export interface Aftermath<Backend> {
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
export type Outcome<Answer> = (error: unknown, answer?: Answer) => void | Promise<void>;

/** What an answer tells of what was written. */
export interface Narrowing<Answer> {
  /** What of these targets was written, once the statement has succeeded. */
  narrow(targets: readonly Target[], answer: Answer | undefined): readonly Target[];
}

/**
 * What an error says of the statement: it has run to an end (`maybe` something of it is visible), `nothing` of it has run,
 * it has `succeeded` and only the caller thinks otherwise, or nobody knows yet.
 */
export type Verdict = 'maybe' | 'nothing' | 'succeeded' | 'unknown';

export interface Followed<Backend> {
  readonly writes: TransactionWrites;
  readonly host: WriteHost<Backend>;
  readonly rows: OwnRows | null;
}

export abstract class Follower<Call, Answer, Backend, Told extends Narrowing<Answer>> {
  protected lost = false;

  constructor(protected readonly followed: Followed<Backend>) {}

  /** Nothing is queued or in flight, so the status last heard of is the one that the next statement meets. */
  abstract isIdle(): boolean;

  /** To the database, with nothing to follow. */
  abstract pass(call: Call): unknown;

  protected abstract toldBy(effect: Effect): Told;
  protected abstract send(call: Call, told: Told, outcome: Outcome<Answer>): unknown;
  /** Once its intent stands in a store elsewhere; later calls wait meanwhile. */
  protected abstract sendLater(
    call: Call,
    placing: Promise<PlacedWrite>,
    send: (placed: PlacedWrite) => unknown,
  ): unknown;
  /** The write may not be sent: the store is away, and the config says that it must not be. */
  protected abstract refuse(call: Call, error: Error): unknown;
  protected abstract verdictOn(error: unknown): Verdict;
  /** How many rows were written; null where the answer does not tell. */
  protected abstract rowsIn(answer: Answer | undefined): number | null;

  /** Sends it with its intent only once it has run, if it can; null: it is to be sent as any other. */
  protected sendHeld(
    _call: Call,
    _planned: readonly Target[],
    _effect: Effect,
    _after: Aftermath<Backend>,
  ): { readonly value: unknown } | null {
    return null;
  }

  /** The outcome may be heard of before the connection is ready again. */
  protected wait(_write: WriteUnderWay): void {
    // When it is, `TransactionWrites.ready` settles what is in doubt.
  }

  run(
    call: Call,
    effect: Effect,
    after: Aftermath<Backend>,
    hold: (until: Promise<unknown>) => void,
  ): unknown {
    const { writes } = this.followed;
    const decision = writes.decide(effect, this.isIdle());
    if (decision.place === null) {
      const { open } = decision;
      if (!this.hangsOn(effect, after) && open === undefined) return this.pass(call);
      const told = this.toldBy(effect);
      return this.send(call, told, (error, answer) => {
        this.count(effect, answer);
        if (open !== undefined)
          writes.answered(open, error === null ? told.narrow(open.targets, answer) : open.targets);
        this.conclude(error, after);
      });
    }
    const held = this.sendHeld(call, decision.place, effect, after);
    if (held !== null) return held.value;
    const { place: targets, changesCatalog } = decision;
    const endCatalogChange =
      changesCatalog && after.state !== null ? after.state.beginCatalogChange() : () => undefined;
    const owner = this.ownerOf(effect, after, endCatalogChange);
    const send = (placed: PlacedWrite): unknown => {
      const write: WriteUnderWay = {
        targets,
        changesCatalog,
        placed,
        commits: effect.commits === 'yes',
        prepares: effect.prepares === 'unknown' || effect.prepares.length > 0,
        endCatalogChange,
      };
      return this.sendPlaced(call, write, effect, after);
    };
    let placing: PlacedWrite | Promise<PlacedWrite>;
    try {
      placing = this.followed.host.core.engine.beginWrite(targets, owner);
    } catch (error) {
      endCatalogChange('nothing');
      return this.refuse(call, error as Error);
    }
    if (!(placing instanceof Promise)) return send(placing);
    placing.catch(() => endCatalogChange('nothing'));
    const sending = this.sendLater(call, placing, send);
    hold(placing); // after: what waits is sent behind it
    return sending;
  }

  protected ownerOf(
    { prepares }: Effect,
    { backend, isProxied, state }: Aftermath<Backend>,
    endCatalogChange: (outcome: 'maybe' | 'nothing') => void,
  ): WriteOwner {
    const { host } = this.followed;
    const mark = isProxied ? host.core.random.hex(6) : null;
    return ownerOf({
      host,
      write: { backend, mark, prepares },
      isLost: () => this.lost,
      state,
      onEnded: () => endCatalogChange('maybe'),
    });
  }

  /** The connection is gone: the outcome of what was on its way is unknown. */
  lose(): void {
    this.lost = true;
    this.followed.writes.lose();
  }

  private sendPlaced(call: Call, write: WriteUnderWay, effect: Effect, after: Aftermath<Backend>): unknown {
    const told = this.toldBy(effect);
    this.followed.writes.begin(write);
    return this.send(call, told, (error, answer) => {
      this.count(effect, answer);
      const touched = error === null ? told.narrow(write.targets, answer) : write.targets;
      return this.concludeWrite(error, { write, touched }, effect, after);
    });
  }

  private hangsOn(effect: Effect, after: Aftermath<Backend>): boolean {
    return (
      after.succeeded !== undefined ||
      after.rejected !== undefined ||
      finishes(after.control) !== null ||
      (effect.counted !== undefined && this.followed.rows !== null)
    );
  }

  /** Rows that the answer tells of are ours, whatever becomes of the transaction. */
  protected count({ counted }: Effect, answer: Answer | undefined): void {
    const { rows, writes } = this.followed;
    if (rows === null || counted === undefined) return;
    const count = this.rowsIn(answer);
    if (count === null) rows.wroteUncounted();
    else rows.wrote(counted.names, counted.tableId, count);
    if (writes.status === 'I') rows.ready();
  }

  protected conclude(error: unknown, after: Aftermath<Backend>): void {
    if (error === null) {
      after.succeeded?.();
      const gid = finishes(after.control);
      if (gid !== null) after.state?.prepared.finish(gid);
    } else if (this.verdictOn(error) === 'nothing') after.rejected?.();
  }

  private concludeWrite(
    error: unknown,
    { write, touched }: { readonly write: WriteUnderWay; readonly touched: readonly Target[] },
    effect: Effect,
    after: Aftermath<Backend>,
  ): void | Promise<void> {
    const { writes } = this.followed;
    this.conclude(error, after);
    if (!writes.isUnderWay(write)) return;
    if (error === null) {
      if (effect.prepares !== 'unknown')
        for (const gid of effect.prepares) after.state?.prepared.add(gid, write.targets);
      return inTurn(writes.succeed(write, touched), after.ended);
    }
    // Nothing was sent over a connection that was gone already.
    const verdict = this.lost ? 'nothing' : this.verdictOn(error);
    switch (verdict) {
      case 'nothing':
      case 'maybe':
        return writes.fail(write, verdict);
      case 'succeeded':
        return writes.succeed(write);
      case 'unknown':
        writes.doubt(write);
        return this.wait(write);
    }
  }
}

/** The prepared transaction that a statement finishes. */
function finishes(control: TransactionControl | null): string | null {
  return control?.control === 'commit-prepared' || control?.control === 'rollback-prepared'
    ? control.gid
    : null;
}

export function inTurn(
  first: void | Promise<void>,
  second: Aftermath<unknown>['ended'],
): void | Promise<void> {
  if (second === undefined) return first;
  return first instanceof Promise ? first.then(second) : second();
}
