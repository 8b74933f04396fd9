/** Decides the case of a seed: scenes with every hazard of the MySQL family, and the steps of each. */
import { Dice } from '../differential/dice.js';
import { routines, triggers } from './scenes/code.js';
import { definitions, settings, shadows, views } from './scenes/names.js';
import { cascades, partitions, together, upserts } from './scenes/rows.js';
import { givenFromElsewhere, sights } from './scenes/sights.js';
import { conversions, derived, folding, numbered } from './scenes/values.js';
import { type Call, type Case, type Read, type SessionName, type Step, type Way } from './script.js';
import { Drawing, type Recipe, type Scene, Stage, type Writing } from './stage.js';

export const recipes: readonly (readonly [name: string, recipe: Recipe])[] = [
  ['folding', folding],
  ['cascades', cascades],
  ['upserts', upserts],
  ['triggers', triggers],
  ['numbered', numbered],
  ['together', together],
  ['conversions', conversions],
  ['views', views],
  ['settings', settings],
  ['sights', sights],
  ['shadows', shadows],
  ['derived', derived],
  ['given from elsewhere', givenFromElsewhere],
  ['partitions', partitions],
  ['routines', routines],
  ['definitions', definitions],
];

/** Scenes of one case, in turns over the seeds. */
const SCENES = 4;
const FIRST_READS = 9;

const ways: readonly Way[] = ['query', 'query', 'execute', 'execute', 'callback', 'prepare'];

/** @param scene only scenes of this name; empty: any */
export function caseOf(seed: number, stepCount: number, scene = ''): Case {
  const dice = new Dice(seed);
  const among = recipes.filter(([name]) => scene === '' || name === scene);
  const setup: string[] = [];
  const steps: Step[] = [];
  for (let number = 0; number < SCENES; number++) {
    const found = among[(seed * SCENES + number) % among.length];
    if (found === undefined) throw new RangeError(`there is no scene "${scene}"`);
    const [name, recipe] = found;
    const stage = new Stage(dice, `s${number}`);
    const made = recipe(stage);
    setup.push(...stage.setup);
    steps.push({ kind: 'scene', name }, ...new SceneSteps(made, dice).draw(Math.round(stepCount / SCENES)));
  }
  return { seed, setup, steps };
}

class SceneSteps {
  /** Asked before: what is kept is met in transactions and in other sessions, too. */
  private readonly asked: Read[] = [];

  constructor(
    private readonly scene: Scene,
    private readonly dice: Dice,
  ) {}

  draw(count: number): readonly Step[] {
    return Array.from({ length: count }, (_, index) => (index < FIRST_READS ? this.readStep() : this.step()));
  }

  private session(share: number): SessionName {
    return this.dice.chance(share) ? (this.scene.session ?? 'plain') : 'plain';
  }

  private step(): Step {
    const { dice, scene } = this;
    const own = scene.clients ?? [];
    return dice.draw<Step>([
      [10, () => this.readStep()],
      [28, () => ({ kind: 'write', session: this.session(0.5), call: this.write() })],
      [1, () => ({ kind: 'write', session: 'plain', call: this.several() })],
      [
        5,
        () => ({
          kind: 'client',
          session: dice.chance(0.4) ? 'committed' : this.session(0.3),
          calls: this.transaction(),
        }),
      ],
      [own.length > 0 ? 7 : 0, () => ({ kind: 'client', session: this.session(0.3), calls: this.client() })],
    ]);
  }

  private readonly readStep = (): Step => {
    const read = this.read();
    this.asked.push(read);
    return { kind: 'read', read };
  };

  private read(): Read {
    const { dice, scene } = this;
    const session = this.session(0.5);
    // The very same text, in another session: what is kept of the one is nothing to the other.
    const same = dice.pickOr(this.asked.slice(-4), undefined);
    if (same !== undefined && dice.chance(0.3)) return { ...same, session, ...this.otherwise(same) };
    const text = dice.pick(scene.reads);
    const shape = dice.chance(0.1) ? { shape: dice.pick(['rowsAsArray', 'nestTables'] as const) } : {};
    const call = this.bound(text);
    return { ...call, session, isOrdered: /\border by id\b/.test(call.text), ...shape };
  }

  /** By another method, or with numbers for texts: what is kept of the one is nothing to the other either. */
  private otherwise({ values }: Read): Partial<Pick<Read, 'way' | 'values'>> {
    const { dice } = this;
    return dice.draw<Partial<Pick<Read, 'way' | 'values'>>>([
      [2, () => ({})],
      [1, () => ({ way: dice.pick(ways) })],
      [1, () => ({ values: values.map(turned) })],
    ]);
  }

  private bound(text: Writing, mayBind = true): Call {
    const drawing = new Drawing(this.dice, mayBind);
    const said = text(drawing);
    return {
      text: said,
      values: drawing.values,
      way: drawing.values.length > 0 || this.dice.chance(0.3) ? this.dice.pick(ways) : 'query',
    };
  }

  private write(): Call {
    return this.bound(this.dice.pick(this.scene.writes));
  }

  private several(): Call {
    const one = (): string => this.bound(this.dice.pick(this.scene.writes), false).text;
    return textOnly(
      this.dice.pick([
        () => `${one()}; ${one()}`,
        () => `begin; ${one()}; commit`,
        () => `begin; ${one()}; savepoint s; ${one()}; rollback to s; commit`,
        () => `begin; ${one()}; rollback; ${one()}`,
        () => `${one()}; select 1; ${one()}`,
        () => `${one()}; select * from nowhere; ${one()}`,
      ])(),
    );
  }

  private inside(): Read {
    return this.asked.length > 0 && this.dice.chance(0.8) ? this.dice.pick(this.asked) : this.read();
  }

  /** With reads before and after the first write, and what commits without being asked. */
  private transaction(): readonly (Call | Read)[] {
    const { dice } = this;
    const begin = dice.pick([
      'begin',
      'begin',
      'start transaction',
      'start transaction read write',
      'start transaction with consistent snapshot',
      'set autocommit = 0',
      'set transaction isolation level read committed; begin',
      `xa start '{schema} ${dice.below(1_000_000)}'`,
    ]);
    const one = (): readonly (Call | Read)[] =>
      dice.draw<readonly (Call | Read)[]>([
        [6, () => [this.inside()]],
        [6, () => [this.write()]],
        [2, () => [this.write(), this.inside(), this.inside()]],
        [2, () => [{ ...this.write(), where: 'elsewhere' }]],
        [1, () => [textOnly('savepoint s'), this.write(), this.inside(), textOnly('rollback to s')]],
        [0.5, () => [textOnly('savepoint s'), this.write(), textOnly('release savepoint s')]],
        [1, () => [this.write(), textOnly('select * from nowhere'), this.write()]],
        [3, () => [textOnly(dice.pick(implicit)), this.inside()]],
      ]);
    const calls = Array.from({ length: dice.between(2, 5) }, one).flat();
    return [textOnly(begin), ...calls, ...this.end(begin)];
  }

  private end(begin: string): readonly (Call | Read)[] {
    const xid = /'\{schema\} \d+'/.exec(begin)?.[0];
    if (xid !== undefined) {
      const prepared = [
        textOnly(`xa prepare ${xid}`),
        textOnly(`xa ${this.dice.pick(['commit', 'commit', 'rollback'])} ${xid}`),
      ];
      return [
        textOnly(`xa end ${xid}`),
        ...(this.dice.chance(0.6) ? prepared : [textOnly(`xa commit ${xid} one phase`)]),
      ];
    }
    return this.dice.draw<readonly (Call | Read)[]>([
      [8, () => [textOnly('commit')]],
      [3, () => [textOnly('rollback')]],
      [1, () => [textOnly('commit and chain'), this.inside(), this.write(), textOnly('commit')]],
      [1, () => [textOnly('begin'), this.write(), this.inside(), textOnly('rollback')]],
      [1, () => [textOnly('set autocommit = 1'), this.inside()]],
    ]);
  }

  private client(): readonly (Call | Read)[] {
    const { dice, scene } = this;
    const drawn = dice.pick(scene.clients ?? [])(new Drawing(dice, false));
    return drawn.map((text): Call | Read => {
      const call = this.bound(text);
      if (!/^select\b/.test(call.text) || /@/.test(call.text)) return call;
      return { ...call, session: 'plain', isOrdered: /\border by id\b/.test(call.text) };
    });
  }
}

/** What commits a transaction though it does not say so, and what is near it. */
const implicit = [
  'create table if not exists t_implicit (id int)',
  'drop table if exists t_implicit',
  'create temporary table if not exists t_temporary (id int)',
  'analyze table t_implicit',
  'set autocommit = 1',
  'set autocommit = 1',
  'begin',
  'lock tables t_implicit write',
  'analyze table t_implicit',
  'start transaction',
  'flush status',
  'lock tables t_implicit read',
  'unlock tables',
  'create or replace view v_implicit as select 1 as x',
  'truncate table t_implicit',
  'alter table t_implicit comment = "x"',
  'drop view if exists v_implicit',
  'set @x = 1',
  'do 1',
];

/** The same to look at, and compared otherwise. */
function turned(value: unknown): unknown {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
}

const textOnly = (text: string): Call => ({ text, values: [], way: 'query' });
