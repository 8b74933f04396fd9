/** Decides how one option is checked and what somebody who got it wrong is told. Knows no option by name. */
import { z } from 'zod';
import { DURATION_FORMAT, type Duration, parseDuration, parseSize, SIZE_FORMAT, type Size } from './units.js';

export const duration = (minimumMs: number) =>
  z
    .custom<Duration>((value) => {
      const ms = typeof value === 'number' || typeof value === 'string' ? parseDuration(value) : null;
      return ms !== null && ms >= minimumMs;
    }, `must be ${DURATION_FORMAT}, at least ${minimumMs} ms`)
    .transform((value) => parseDuration(value) as number); // just seen to be one

export const size = (minimumBytes: number) =>
  bytes((given) => given >= minimumBytes, `must be ${SIZE_FORMAT}, at least ${minimumBytes} bytes`);

export const sizeOrNone = (minimumBytes: number) =>
  bytes(
    (given) => given === 0 || given >= minimumBytes,
    `must be 0 or ${SIZE_FORMAT}, at least ${minimumBytes} bytes`,
  );

const bytes = (isAllowed: (given: number) => boolean, message: string) =>
  z
    .custom<Size>((value) => {
      const given = typeof value === 'number' || typeof value === 'string' ? parseSize(value) : null;
      return given !== null && isAllowed(given);
    }, message)
    .transform((value) => parseSize(value) as number); // just seen to be one

export const count = (minimum: number) =>
  z.int(`must be a whole number, at least ${minimum}`).min(minimum, `must be at least ${minimum}`);

/** One of a few words; words of later versions are refused as such. */
export const word = <const W extends readonly [string, ...string[]]>(
  words: W,
  later: readonly string[] = [],
) =>
  z.enum(words, {
    error: ({ input }) => {
      const allowed = `must be ${words.map((allowedWord) => `'${allowedWord}'`).join(' or ')}`;
      return later.includes(String(input))
        ? `'${String(input)}' is not in this version: ${allowed}`
        : allowed;
    },
  });

export const text = (what: string) => z.string(`must be ${what}`).min(1, `must be ${what}`);
