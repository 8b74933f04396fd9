/**
 * Decides how a case is played, on whatever database: after every acknowledged write each result that is kept is compared with
 * what the database says now. Knows no driver, no texts and no scenes: a `Side` asks, and says what its words mean.
 */
import { type Counts, Mismatch } from './counts.js';
import type { Kept } from './kept.js';
import { type AnyCall, type AnyRead, isRead, type StepOf } from './steps.js';

/** One connection of a pool with a cache in front, to say one statement after another. */
export interface Client<C, R> {
  /** What is no read; and what another connection is to say meanwhile. */
  run(call: C | R): Promise<void>;
  ask(read: R): Promise<string>;
  /** In the sight of this very connection, and never from the cache; null: that could not be compared. */
  askPast(read: R, wasHit: boolean): Promise<string | null>;
  /** Whether what is kept is looked at after this one of its calls. */
  isLookedAfter(index: number): boolean;
  rollback(): Promise<void>;
  /** @param isEnded it is not given back to the pool: what it has set is forgotten */
  release(isEnded: boolean): void;
}

/** A database with a cache in front of it, and beside it connections without. Counts the writes, and what was refused. */
export interface Side<C extends AnyCall, R extends AnyRead> {
  readonly counts: Counts;
  readonly counted: Kept;
  /** In a text: what is forgotten with the connection. */
  readonly sessionWord: RegExp;
  /** What tables and functions are may be another thing after it. */
  readonly definitionWord: RegExp;
  /** Refused, some of it may have been done. */
  readonly partsWord: RegExp;
  /** With a cache in front. */
  pool(session: R['session']): Promise<{ ask(read: R): Promise<string> }>;
  client(session: R['session']): Promise<Client<C, R>>;
  /** By itself. @returns whether it was done */
  write(session: R['session'], call: C): Promise<boolean>;
  /** What the database says of each; null where it would say it when a transaction has ended. */
  truthsOf(reads: readonly R[]): Promise<readonly (string | null)[]>;
  /** What all tables hold, as one text; null while one of them is locked. */
  contents(): Promise<string | null>;
  /** What it knew of the tables. */
  forgetTables(): void;
  /** Whether it means the same after a definition. */
  outlivesDefinitions(read: R): boolean;
  /** What a client has read, as others ask for it afterwards. */
  readsAfter(calls: readonly (C | R)[], session: R['session']): readonly R[];
  /** Such an answer says nothing of what is kept, with or without a cache. */
  isExcused(given: string, truth: string): boolean;
  lineOf(call: C | R): string;
  close(): Promise<void>;
}

interface Live<R> {
  readonly read: R;
  /** What the database last said. */
  truth: string;
  isKept: boolean;
}

/** After how many writes that change nothing the kept results are looked at all the same. */
const IDLE_LOOK_EVERY = 8;

/** Of one read. While a transaction has locked what tells of the tables, they are not known. */
const EARLY_MAX = 300;

/** More results are not met again. */
const LIVE_MAX = 40;

export class Player<C extends AnyCall, R extends AnyRead> {
  private live: Live<R>[] = [];
  private held: string | null = null;
  private idle = 0;
  /** What was counted by the last comparison; null: something else was asked since. */
  private kept: Kept | null = null;

  constructor(private readonly side: Side<C, R>) {}

  get counts(): Counts {
    return this.side.counts;
  }

  close(): Promise<void> {
    return this.side.close();
  }

  /** @throws Mismatch */
  async play(step: StepOf<C, R>): Promise<void> {
    this.counts.steps++;
    switch (step.kind) {
      case 'read':
        return this.read(step.read);
      case 'write': {
        this.kept = null;
        const isDone = await this.side.write(step.session, step.call);
        // What was refused as one statement has changed nothing.
        return isDone || this.side.partsWord.test(step.call.text)
          ? this.meetChanged(step.call.text)
          : undefined;
      }
      case 'client':
        return this.playClient(step.session, step.calls);
      case 'scene':
        this.live = [];
    }
  }

  /** Twice: what was kept by the first is compared, too. */
  private async read(read: R): Promise<void> {
    const [truth = null] = await this.side.truthsOf([read]);
    if (truth === null) return;
    const live: Live<R> = { read, truth, isKept: false };
    await this.compare(live, 'the same read without a cache');
    if (live.isKept) await this.compare(live, 'the same read');
    if (live.isKept) this.live.push(live);
    if (this.live.length > LIVE_MAX) this.live.shift();
  }

  private async playClient(session: R['session'], calls: readonly (C | R)[]): Promise<void> {
    const client = await this.side.client(session);
    const isEnded = calls.some(({ text }) => this.side.sessionWord.test(text));
    try {
      for (const [index, call] of calls.entries()) {
        if (call.where === undefined && isRead(call)) await this.readHere(client, call);
        else await this.run(client, call);
        // Most of them commit nothing that others see.
        if (client.isLookedAfter(index)) await this.meetChanged(call.text);
      }
      this.kept = null;
      await client.rollback();
    } finally {
      client.release(isEnded);
    }
    await this.meetChanged(isEnded ? 'the connection was closed' : 'the client was released');
    for (const read of this.side.readsAfter(calls, session)) await this.meetOrKeep(read);
  }

  private run(client: Client<C, R>, call: C | R): Promise<void> {
    this.kept = null;
    return client.run(call);
  }

  private async meetOrKeep(read: R): Promise<void> {
    const known = this.live.find((live) => live.read === read);
    if (known === undefined) return this.read(read);
    const [truth = null] = await this.side.truthsOf([read]);
    if (truth === null) return;
    known.truth = truth;
    await this.compare(known, 'a transaction that read the same');
  }

  private async readHere(client: Client<C, R>, read: R): Promise<void> {
    const before = this.side.counted;
    const given = await client.ask(read);
    const isHit = this.side.counted.hits > before.hits;
    this.kept = null;
    if (given.startsWith('error')) return; // a transaction may have failed now
    const truth = await client.askPast(read, isHit);
    if (truth !== null) this.judge(read, isHit, { where: 'on this connection', given, truth });
  }

  /** Where no row has changed anywhere, no answer has, but for definitions; it is looked at once in a while. */
  private async meetChanged(text: string): Promise<void> {
    const isDefinition = this.side.definitionWord.test(text);
    if (isDefinition) {
      this.side.forgetTables();
      this.live = this.live.filter(({ read }) => this.side.outlivesDefinitions(read));
    }
    const held = await this.side.contents();
    if (held === null) return; // until the transaction ends
    const isSame = held === this.held && !isDefinition;
    this.held = held;
    if (isSame && ++this.idle % IDLE_LOOK_EVERY !== 0) return;
    if (!isSame) this.counts.effective++;
    await this.meet(text);
  }

  private async meet(after: string): Promise<void> {
    const truths = await this.side.truthsOf(this.live.map(({ read }) => read));
    for (const [index, live] of this.live.entries()) {
      const wasKept = live.isKept;
      const before = live.truth;
      const truth = truths[index] ?? null;
      if (truth === null) continue; // until the transaction ends
      live.truth = truth;
      const isHit = await this.compare(live, after);
      if (!wasKept) continue;
      this.counts.met++;
      if (isHit) continue;
      if (truth === before) this.counts.needless++;
      else this.counts.killed++;
    }
  }

  private async compare(live: Live<R>, after: string): Promise<boolean> {
    const { read } = live;
    const { given, before, now } = await this.askedInTime(read);
    // Some comparisons a server judges by the index that it takes: what it says of the same rows now is as true.
    if (given !== live.truth) live.truth = await this.truthAgain(read, live.truth);
    const { truth } = live;
    if (this.side.isExcused(given, truth)) {
      live.isKept = false;
      return false;
    }
    const isHit = now.hits > before.hits;
    this.judge(read, isHit, { where: `as ${read.session}, after: ${after}`, given, truth });
    live.isKept = isHit || now.fills > before.fills;
    return isHit;
  }

  private async truthAgain(read: R, before: string): Promise<string> {
    const [truth = null] = await this.side.truthsOf([read]);
    return truth ?? before;
  }

  /** Through a pool, once the tables are known again: before that nothing is kept, however long it takes on this machine. */
  private async askedInTime(
    read: R,
  ): Promise<{ readonly given: string; readonly before: Kept; readonly now: Kept }> {
    const pool = await this.side.pool(read.session);
    for (let early = 0; ; early++) {
      const before = this.kept ?? this.side.counted;
      const given = await pool.ask(read);
      const now = this.side.counted;
      this.kept = now;
      if (now.early === before.early || early >= EARLY_MAX) return { given, before, now };
    }
  }

  private judge(
    read: R,
    isHit: boolean,
    answers: { readonly where: string; readonly given: string; readonly truth: string },
  ): void {
    this.counts.compared++;
    if (isHit) this.counts.hits++;
    if (answers.given !== answers.truth)
      throw new Mismatch(isHit ? 'stale' : 'different', this.side.lineOf(read), answers);
  }
}
