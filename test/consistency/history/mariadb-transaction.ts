/**
 * Decides how a transaction of MariaDB begins and ends: by statements, by mysql2's methods, without autocommit, as a
 * branch of XA, and by what commits though it does not say so.
 */
import type { PoolConnection } from 'mysql2/promise';
import type { Asks, Transaction, TransactionChoices } from './database.js';

interface OnConnection extends Asks {
  readonly raw: PoolConnection;
}

const beginnings = ['begin', 'begin', 'method', 'method', 'without autocommit', 'xa'] as const;
type Beginning = (typeof beginnings)[number];

const commits = [
  ...([
    'commit',
    'commit',
    'commit',
    'method',
    'method',
    'commit after a failure',
    'commit and chain',
  ] as const),
  ...(['begin again', 'autocommit on', 'lock tables'] as const),
];
const rare = 'definition';
const RARE_AMONG = 200;
type Ending = (typeof commits)[number] | 'rollback' | typeof rare;

const endings: readonly Ending[] = [
  ...Array.from({ length: RARE_AMONG / commits.length }, () => commits).flat(),
  ...Array.from({ length: commits.length }, () => 'rollback' as const),
  rare,
];
const xaEndings = ['one phase', 'two phases', 'rollback'] as const;

const NO_SUCH_BRANCH = 1397;
const ATTEMPTS_MAX = 400;

let serial = 0;

export class MariadbTransaction implements Transaction {
  private readonly beginning: Beginning;
  private readonly branch = `'history-${process.pid}-${serial++}'`;
  private committing = false;

  constructor(
    private readonly connection: OnConnection,
    private readonly choices: TransactionChoices,
  ) {
    this.beginning = choices.pick(beginnings);
  }

  async begin(): Promise<void> {
    const { connection } = this;
    switch (this.beginning) {
      case 'begin':
        return this.say(this.choices.pick(['begin', 'start transaction']));
      case 'method':
        return connection.raw.beginTransaction();
      case 'without autocommit':
        return this.say('set autocommit = 0');
      case 'xa':
        return this.say(`xa start ${this.branch}`);
    }
  }

  async end(): Promise<boolean> {
    if (this.beginning === 'xa') return this.endBranch(this.choices.pick(xaEndings));
    const ending = this.choices.pick(endings);
    if (ending === 'rollback') await this.say('rollback');
    else await this.commit(ending);
    if (this.beginning === 'without autocommit') await this.say('set autocommit = 1');
    return ending !== 'rollback';
  }

  async giveUp(): Promise<void> {
    // A branch that has failed can only be ended with its connection or by its name.
    if (this.beginning === 'xa') throw new Error('the connection is given up with the branch');
    await this.say('rollback');
    if (this.beginning === 'without autocommit') await this.say('set autocommit = 1');
  }

  /** What COMMIT is answered with an error may be committed all the same. */
  isUnknown(): boolean {
    return this.committing;
  }

  private async commit(ending: Exclude<Ending, 'rollback'>): Promise<void> {
    // What has failed is undone alone: the transaction goes on.
    if (ending === 'commit after a failure')
      await this.connection.query('select * from nowhere').catch(this.choices.note);
    this.committing = true;
    switch (ending) {
      case 'commit':
      case 'commit after a failure':
        return this.say('commit');
      case 'method':
        return this.connection.raw.commit();
      case 'commit and chain':
        await this.say('commit and chain');
        return this.say('rollback');
      case 'begin again':
        await this.say('begin');
        return this.say('rollback');
      case 'autocommit on':
        if (this.beginning !== 'without autocommit') return this.say('commit');
        return this.say('set autocommit = 1');
      case 'lock tables':
        await this.say('lock tables changing read');
        return this.say('unlock tables');
      case 'definition':
        return this.say(`alter table changing comment = ${this.branch}`);
    }
  }

  private async endBranch(ending: (typeof xaEndings)[number]): Promise<boolean> {
    const { branch } = this;
    await this.say(`xa end ${branch}`);
    if (ending === 'rollback') {
      await this.say(`xa rollback ${branch}`);
      return false;
    }
    this.committing = true;
    if (ending === 'one phase' || this.choices.other === null)
      await this.say(`xa commit ${branch} one phase`);
    else await this.commitPrepared(this.choices.other);
    return true;
  }

  /** Whoever loses his connection between the two has somebody else end it, as who coordinates does. */
  private async commitPrepared(other: Asks): Promise<void> {
    const { branch } = this;
    try {
      await this.say(`xa prepare ${branch}`);
      await this.say(`xa commit ${branch}`);
    } catch (error) {
      this.connection.raw.destroy();
      await endElsewhere(other, branch);
      throw error;
    }
  }

  private async say(text: string): Promise<void> {
    await this.connection.query(text);
  }
}

/** A branch is nobody's only when the session that prepared it is gone: until then it is not known to others. */
async function endElsewhere(other: Asks, branch: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++)
    try {
      await other.query(`xa commit ${branch}`);
      return;
    } catch (error) {
      if ((error as { readonly errno?: number }).errno !== NO_SUCH_BRANCH) throw error;
      const { rows } = await other.query('xa recover');
      if (!rows.some(({ data }) => `'${String(data)}'` === branch)) return; // it was never prepared, or is committed
    }
  throw new Error(`${branch} could not be ended`);
}
