/** Decides what it takes for the protocol to hold in a list of scenarios. The lists are split so that they run side by side. */
import { describe, expect, it } from 'vitest';
import { check } from './model.js';
import { type Protocol, protocol, protocolWithShapesFromIntent } from './protocol.js';
import type { NamedScenario } from './scenarios.js';
import { readsOf } from './state.js';

export function describeHolds(subject: string, scenarios: readonly NamedScenario[]): void {
  describe(`the protocol keeps its promise for ${subject}:`, () => {
    for (const each of scenarios) it(each.name, () => expectToHold(protocol, each));
  });
  // Where nothing is pinned there are no shapes, and both ways are one.
  const pinned = scenarios.filter(({ scenario }) =>
    readsOf(scenario).some(({ on }) => on.some(({ pin }) => pin !== null)),
  );
  if (pinned.length === 0) return;
  describe(`the protocol keeps its promise for ${subject}, with the shapes of INTENT at END:`, () => {
    for (const each of pinned) it(each.name, () => expectToHold(protocolWithShapesFromIntent, each));
  });
}

function expectToHold(its: Protocol, { scenario, statesMin }: NamedScenario): void {
  const { states, hits, hitsThatShowAWrite, traces } = check(its, scenario);
  expect([...traces]).toEqual([]);
  // Neither a world in which nothing happens nor a cache that never hits is a proof.
  expect(states).toBeGreaterThanOrEqual(statesMin);
  expect(hits).toBeGreaterThan(hitsThatShowAWrite);
  expect(hitsThatShowAWrite).toBeGreaterThan(0);
}
