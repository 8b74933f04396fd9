/** Decides how a group's generated sequences are run against both servers. Knows no particular command. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeWithRedis } from '../support/servers.js';
import type { CommandArgs } from './commands.js';
import { comparable } from './compare.js';
import { lazilyExpiring, serverPair } from './pair.js';
import { converseInCommands, type Tree } from './wire.js';

/** Raise for a long run; set the seed (and path) that a failure printed to see it again. */
const RUNS = Number(process.env['LOOKASIDE_COMPAT_RUNS'] ?? 0);
const seed = process.env['LOOKASIDE_COMPAT_SEED'];
const path = process.env['LOOKASIDE_COMPAT_PATH'];

export interface GeneratedGroup {
  readonly name: string;
  /** Runs when nothing else is asked for. */
  readonly runs: number;
  readonly commands: fc.Arbitrary<CommandArgs>;
  readonly longest?: number;
  /** Asked for at the end, when all that was done must have left the same data. */
  readonly finalState: readonly CommandArgs[];
  readonly comparable?: (args: CommandArgs, mine: Tree, real: Tree) => { mine: unknown; real: unknown };
}

export const word = (...words: string[]): fc.Arbitrary<string[]> => fc.constant(words);

export const list = (item: fc.Arbitrary<string>, minLength = 1, maxLength = 4): fc.Arbitrary<string[]> =>
  fc.array(item, { minLength, maxLength });

/** A command of fixed and generated words. */
export const call = (
  name: string,
  ...rest: fc.Arbitrary<string | readonly string[]>[]
): fc.Arbitrary<string[]> => fc.tuple(...rest).map((parts) => [...name.split(' '), ...parts.flat()]);

/** Nothing, mostly, or one of these. */
export const sometimes = (...choices: string[][]): fc.Arbitrary<string[]> =>
  fc.oneof(
    { weight: choices.length, arbitrary: fc.constant<string[]>([]) },
    ...choices.map((choice) => ({ weight: 1, arbitrary: fc.constant(choice) })),
  );

/** Mostly what was generated, sometimes with an argument dropped, doubled or replaced. */
export function withOddities(
  commands: fc.Arbitrary<string[]>,
  mayChange: (args: readonly string[]) => boolean = () => true,
): fc.Arbitrary<string[]> {
  const change = fc.constantFrom('drop', 'double', 'replace');
  const other = fc.constantFrom('', '0', '-1', 'x', '1.5', '9223372036854775807', '\0', 'nan', '*', '5000');
  const odd = fc.tuple(commands, fc.nat(), change, other).map(([args, at, kind, text]) => {
    const index = 1 + (at % Math.max(1, args.length - 1));
    if (args.length < 2 || !mayChange(args)) return args;
    const copy = [...args];
    if (kind === 'drop') copy.splice(index, 1);
    else if (kind === 'double') copy.splice(index, 0, copy[index] ?? '');
    else copy[index] = text;
    return copy;
  });
  return fc.oneof({ weight: 6, arbitrary: commands }, { weight: 1, arbitrary: odd });
}

export function describeGenerated(group: GeneratedGroup): void {
  describeWithRedis(`generated sequences of ${group.name}`, () => {
    const { endpoint, real } = serverPair(lazilyExpiring);

    const compare = async (version: string, commands: readonly CommandArgs[]): Promise<void> => {
      const all = [['FLUSHALL'], ['HELLO', version], ...commands, ['DISCARD'], ...group.finalState];
      const [ours, theirs] = await Promise.all([
        converseInCommands(endpoint, all),
        converseInCommands(real, all),
      ]);
      expect(ours.length).toBe(theirs.length);
      all.forEach((args, index) => {
        const [a, b] = [ours[index], theirs[index]];
        if (a === undefined || b === undefined) throw new Error('no reply');
        const compare = args[0] === 'HELLO' ? comparable : (group.comparable ?? comparable);
        const pair = compare(args, a, b);
        expect({ args, reply: pair.mine }).toEqual({ args, reply: pair.real });
      });
    };

    const sequences = fc.array(group.commands, { minLength: 1, maxLength: group.longest ?? 30 });

    it('get the same replies and leave the same data', { timeout: 900_000 }, async () => {
      await fc.assert(fc.asyncProperty(fc.constantFrom('2', '3'), sequences, compare), {
        numRuns: RUNS > 0 ? RUNS : group.runs,
        ...(seed === undefined ? {} : { seed: Number(seed) }),
        ...(path === undefined ? {} : { path }),
      });
    });
  });
}
