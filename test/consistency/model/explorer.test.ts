/** Decides whether the explorer is exhaustive, finds shortest traces, and merges exactly the states that are one. */
import { describe, expect, it } from 'vitest';
import { explore, freshToken, type Model } from './explorer.js';
import { check } from './model.js';
import { protocol } from './protocol.js';
import { feedScenarios, rowScenarios, storeScenarios, tableScenarios } from './scenarios.js';
import { variants } from './variants.js';

const nothingSeen = { hits: 0, hitsThatShowAWrite: 0 };

/** Two hands of a clock that go round 5 and 7 hours. */
const hands: Model<{ left: number; right: number }, 'both at three'> = {
  initial: { left: 0, right: 0 },
  moves: () => [
    { label: 'left', apply: (draft) => void (draft.left = (draft.left + 1) % 5) },
    { label: 'right', apply: (draft) => void (draft.right = (draft.right + 1) % 7) },
  ],
  look: ({ left, right }) => ({
    ...nothingSeen,
    violations: left === 3 && right === 3 ? ['both at three'] : [],
  }),
};

/** A box whose token may be replaced for ever. */
const box: Model<{ token: string; copy: string }, 'differ'> = {
  initial: { token: freshToken(), copy: '' },
  moves: () => [
    { label: 'replace', apply: (draft) => void (draft.token = freshToken()) },
    { label: 'copy', apply: (draft) => void (draft.copy = draft.token) },
  ],
  look: ({ token, copy }) => ({
    ...nothingSeen,
    violations: copy !== '' && copy !== token ? ['differ'] : [],
  }),
};

describe('the explorer', () => {
  it('reaches every state, and gives a shortest trace', () => {
    const { states, traces } = explore(hands, { statesMax: 100 });
    expect(states).toBe(35);
    expect(traces.get('both at three')).toHaveLength(6);
  });

  it('takes states that differ only in the names of their tokens for one', () => {
    const { states, traces } = explore(box, { statesMax: 100 });
    expect(states).toBe(3); // never copied, copied and equal, copied and replaced since
    expect(traces.get('differ')).toEqual(['copy', 'replace']);
  });

  it('refuses to stop short of all states', () => {
    expect(() => explore(hands, { statesMax: 34 })).toThrow('not be exhaustive');
  });

  it('merges no states that a text with all their keys tells apart', () => {
    const textWithKeys = (state: unknown): string => {
      const names = new Map<string, string>();
      return JSON.stringify(state).replace(/"t\d+"/g, (token) => {
        const name = names.get(token) ?? `#${names.size}`;
        names.set(token, name);
        return name;
      });
    };
    const scenarios = [tableScenarios, rowScenarios, storeScenarios, feedScenarios].flat();
    const small = scenarios
      .filter(({ statesMin }) => statesMin <= 2_000)
      .map((each) => ({ ...each, protocol }));
    const crossShard = variants.filter(({ name }) => name.startsWith('r outside T'));
    for (const each of [...small, ...crossShard]) {
      const withKeys = check(each.protocol, each.scenario, { textOf: textWithKeys });
      const { states } = check(each.protocol, each.scenario);
      expect({ name: each.name, states }).toEqual({ name: each.name, states: withKeys.states });
    }
  });
});
