/** Decides the steps of a scene: what is asked and kept first, then writes of every manner, with reads between. */
import { Values } from '../column-types.js';
import type { Drawing } from '../conditions.js';
import type { Dice } from '../dice.js';
import { drawRead } from '../reads.js';
import { type Call, DATABASE, type Read, type SessionName, type Step } from '../script.js';
import type { World } from '../world.js';
import { drawWrite } from '../writes.js';
import { functions, madeByTriggers, writtenByTriggers } from './code.js';
import { givenFromElsewhere } from './given.js';
import { cascades, partitions, told, upserts } from './rows.js';
import { settings, tenants } from './sessions.js';
import { alternatives, between, outerJoins, throughViews } from './sights.js';
import { type Asked, type Recipe, type Scene, Stage, spelt, type Writing } from './stage.js';
import { collations, defaults, generated, parameters } from './values.js';

export const recipes: readonly (readonly [name: string, recipe: Recipe])[] = [
  ['collations', collations],
  ['outer joins', outerJoins],
  ['upserts', upserts],
  ['cascades', cascades],
  ['parameters', parameters],
  ['between', between],
  ['made by triggers', madeByTriggers],
  ['partitions', partitions],
  ['generated', generated],
  ['written by triggers', writtenByTriggers],
  ['alternatives', alternatives],
  ['told', told],
  ['given from elsewhere', givenFromElsewhere],
  ['functions', functions],
  ['defaults', defaults],
  ['tenants', tenants],
  ['views', throughViews],
  ['settings', settings],
];

/** Scenes of one database, in turns over the seeds. */
const SCENES = 6;
const FIRST_READS = 9;

/** Adds the scenes of a seed to a world that has none. */
export function scenesOf(
  world: World,
  dice: Dice,
  {
    turn,
    stepCount,
    scene: only,
  }: { readonly turn: number; readonly stepCount: number; readonly scene: string },
): { readonly steps: readonly Step[]; readonly effects: Stage['effects'] } {
  const steps: Step[] = [];
  const effects: Stage['effects'] = {};
  const among = recipes.filter(([name]) => only === '' || name === only);
  for (let number = 0; number < SCENES; number++) {
    const found = among[(turn * SCENES + number) % among.length];
    if (found === undefined) throw new RangeError(`there is no scene "${only}"`);
    const [name, recipe] = found;
    const stage = new Stage(dice, `s${number}`);
    const scene = recipe(stage);
    world.setup.push(...stage.setup);
    Object.assign(effects, stage.effects);
    const own: World = { ...world, relations: stage.relations, routines: [], otherSession: 'plain' };
    steps.push(
      { kind: 'scene', name },
      ...new SceneSteps(own, scene, dice).draw(Math.round(stepCount / SCENES)),
    );
    world.serial = own.serial;
  }
  return { steps, effects };
}

class SceneSteps {
  /** Asked before: what is kept is met in transactions, too. */
  private readonly asked: Read[] = [];
  private readonly session: SessionName;

  constructor(
    private readonly world: World,
    private readonly scene: Scene,
    private readonly dice: Dice,
  ) {
    this.session = scene.session ?? 'plain';
  }

  draw(count: number): readonly Step[] {
    return Array.from({ length: count }, (_, index) => (index < FIRST_READS ? this.readStep() : this.step()));
  }

  private step(): Step {
    const { world, dice, scene, session } = this;
    const own = scene.steps ?? [];
    return dice.draw<Step>([
      [10, () => this.readStep()],
      [28, () => ({ kind: 'write', session: dice.chance(0.2) ? session : 'plain', call: this.write() })],
      [3, () => drawWrite(world, dice)],
      [1, () => ({ kind: 'write', session: 'plain', call: this.several() })],
      [
        5,
        () => ({ kind: 'client', session: dice.chance(0.4) ? session : 'plain', calls: this.transaction() }),
      ],
      [2, () => ({ kind: 'client', session: 'plain', calls: this.prepared() })],
      [own.length > 0 ? 6 : 0, () => dice.pick(own)()],
    ]);
  }

  private readonly readStep = (): Step => ({ kind: 'read', read: this.read() });

  private read(): Read {
    const { dice, scene, world, session } = this;
    const read = dice.chance(0.2)
      ? { ...drawRead(world, dice), session }
      : this.ownRead(dice.pick(scene.reads));
    this.asked.push(read);
    return read;
  }

  private ownRead(given: Writing | Asked): Read {
    const { dice, world, session } = this;
    const asked: Asked = typeof given === 'function' ? { text: given } : given;
    const around = asked.around === undefined ? {} : { around: asked.around() };
    // The very same text, in another session: what is kept of the one is nothing to the other.
    const same = dice.pickOr(asked.around === undefined ? [] : this.asked.slice(-4), undefined);
    if (same !== undefined && dice.chance(0.6)) {
      const { text, values, isOrdered, rowMode } = same;
      return { session, text, values, isOrdered, ...(rowMode === undefined ? {} : { rowMode }), ...around };
    }
    return {
      session,
      ...this.bound(asked.text),
      isOrdered: asked.isOrdered ?? false,
      ...around,
      ...(dice.chance(0.1) ? { name: `s${world.serial++}` } : {}),
      ...(dice.chance(0.1) ? { rowMode: 'array' as const } : {}),
    };
  }

  private bound(
    text: Writing,
    mayBind = true,
  ): { readonly text: string; readonly values: readonly unknown[] } {
    const values = new Values(this.dice, mayBind);
    const drawing: Drawing = { dice: this.dice, values };
    return values.bound(text(drawing));
  }

  private write(): Call {
    return this.bound(this.dice.pick(this.scene.writes));
  }

  private literal(): string {
    return this.bound(this.dice.pick(this.scene.writes), false).text;
  }

  private several(): Call {
    const one = (): string => this.literal();
    return textOnly(
      this.dice.pick([
        `${one()}; ${one()}`,
        `begin; ${one()}; commit`,
        `begin; ${one()}; savepoint s; ${one()}; rollback to s; commit`,
        `begin; ${one()}; rollback; ${one()}`,
      ]),
    );
  }

  /** Asked again, or for the first time. */
  private inside(): Read {
    const { dice, asked } = this;
    const known = asked.filter(({ around }) => around === undefined);
    return known.length > 0 && dice.chance(0.8)
      ? dice.pick(known)
      : this.ownRead(dice.pick(this.scene.writes.length > 0 ? this.plainReads() : []));
  }

  private plainReads(): readonly (Writing | Asked)[] {
    return this.scene.reads.filter((each) => typeof each === 'function' || each.around === undefined);
  }

  /** With reads before and after the first write, and what others write meanwhile. */
  private transaction(): readonly (Call | Read)[] {
    const { dice, world } = this;
    const begin = dice.pick([
      'begin',
      'begin',
      'begin',
      'start transaction read write',
      'begin isolation level repeatable read',
      'begin isolation level serializable',
    ]);
    const one = (): readonly (Call | Read)[] =>
      dice.draw<readonly (Call | Read)[]>([
        [6, () => [this.inside()]],
        [4, () => [this.write()]],
        [2, () => [this.write(), this.inside(), this.inside(), this.inside()]],
        [2, () => [{ ...this.write(), where: 'elsewhere' }]],
        [1, () => [textOnly('savepoint s'), this.write(), this.inside(), textOnly('rollback to s')]],
        [0.5, () => [textOnly('savepoint s'), this.write(), textOnly('release s')]],
        [
          1,
          () => [this.write(), textOnly('savepoint s'), textOnly('select 1 / 0'), textOnly('rollback to s')],
        ],
        [0.5, () => [textOnly(`set constraints all ${dice.pick(['deferred', 'immediate'])}`)]],
        [0.5, () => [textOnly('lock table pg_class in access share mode')]],
      ]);
    const calls = Array.from({ length: dice.between(2, 5) }, one).flat();
    const gid = `${DATABASE} ${world.serial++}`;
    const end = dice.draw<readonly (Call | Read)[]>([
      [8, () => [textOnly('commit')]],
      [2, () => [textOnly('rollback')]],
      [1, () => [textOnly('commit and chain'), this.inside(), this.write(), textOnly('commit')]],
      [
        6,
        () => [
          textOnly(`prepare transaction '${gid}'`),
          ...(dice.chance(0.5) ? [this.inside()] : []),
          {
            ...textOnly(`${dice.pick(['commit', 'commit', 'rollback'])} prepared '${gid}'`),
            ...whereabouts(dice),
          },
        ],
      ],
    ]);
    return [textOnly(begin), ...calls, ...end];
  }

  /** Statements that the server knows by a name: PREPARE and EXECUTE. */
  private prepared(): readonly (Call | Read)[] {
    const { dice, world } = this;
    const name = `p${world.serial++}`;
    const isRead = dice.chance(0.25) && this.plainReads().length > 0;
    const { text, values } = isRead ? this.ownRead(dice.pick(this.plainReads())) : this.write();
    const given = values.map((_, index) => `$${index + 1}`).join(', ');
    const execute = textOnly(spelt(`execute ${name}${given === '' ? '' : ` (${given})`}`, values));
    const run: Call | Read = isRead
      ? { ...execute, session: 'plain', isOrdered: false, isLocal: true }
      : execute;
    const calls = dice.chance(0.3)
      ? [textOnly('begin'), run, this.inside(), textOnly('commit')]
      : [run, this.inside(), run];
    return [textOnly(`prepare ${name} as ${text}`), ...calls, textOnly(`deallocate ${name}`)];
  }
}

const textOnly = (text: string): Call => ({ text, values: [] });

const whereabouts = (dice: Dice): Pick<Call, 'where'> =>
  dice.draw<Pick<Call, 'where'>>([
    [3, () => ({})],
    [2, () => ({ where: 'elsewhere' })],
    [1, () => ({ where: 'uncached' })],
  ]);
