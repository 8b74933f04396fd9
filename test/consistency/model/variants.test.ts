/** Decides whether the checker can be trusted: every broken variant is caught, with a shortest trace, and only where it breaks. */
import { describe, expect, it } from 'vitest';
import { check } from './model.js';
import { harmless, variants } from './variants.js';

describe('a broken protocol is caught:', () => {
  for (const { name, because, protocol, scenario, breaks } of variants)
    it(`${name}: ${because}`, () => {
      const { traces } = check(protocol, scenario);
      expect([...traces.keys()].sort()).toEqual([...breaks].sort());
      for (const [kind, trace] of traces) {
        expect(trace.length).toBeGreaterThan(0);
        // The strongest of the broken promises is the one worth reading.
        if (kind === breaks.at(-1)) console.info(`${name} breaks '${kind}':\n  ${trace.join('\n  ')}`);
      }
    });
});

describe('what the other steps make up for:', () => {
  for (const { name, because, protocol, scenario } of harmless)
    it(`${name}: ${because}`, () => {
      const { traces, hitsThatShowAWrite } = check(protocol, scenario);
      expect([...traces]).toEqual([]);
      expect(hitsThatShowAWrite).toBeGreaterThan(0);
    });
});
