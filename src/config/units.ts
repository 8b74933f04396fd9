/** Decides how people write durations and sizes, and what they mean in milliseconds and bytes. */

export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;
export type Size = number | `${number}${'b' | 'kb' | 'mb' | 'gb'}`;

const MS_PER = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES_PER = { b: 1, kb: 1_024, mb: 1_048_576, gb: 1_073_741_824 } as const;

export const DURATION_FORMAT = "a number of milliseconds or a text like '500ms', '30s', '5m', '2h', '1d'";
export const SIZE_FORMAT = "a number of bytes or a text like '512kb', '256mb', '1gb'";

/** Milliseconds, or null when the text is not a duration. */
export const parseDuration = (value: number | string): number | null => parseAmount(value, MS_PER);

/** Bytes, or null when the text is not a size. */
export const parseSize = (value: number | string): number | null => parseAmount(value, BYTES_PER);

function parseAmount(value: number | string, units: Readonly<Record<string, number>>): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : null;
  const match = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(value);
  if (match === null) return null;
  const factor = units[match[2] as string]; // both groups matched
  const amount = Math.round(Number(match[1]) * (factor ?? Number.NaN));
  return Number.isSafeInteger(amount) ? amount : null;
}
