/** Decides how figures are summed up and written. */

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

export const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => total + number, 0);

/** As many digits as mean something. */
export function brief(number: number): string {
  if (number >= 1_000) return Math.round(number).toLocaleString('en-US');
  if (number >= 100) return number.toFixed(0);
  if (number >= 10) return number.toFixed(1);
  return number.toFixed(2);
}

export const microseconds = (us: number): string => `${brief(us)} µs`;
export const milliseconds = (ms: number): string => `${brief(ms)} ms`;
export const ratio = (times: number): string => `${brief(times)}x`;
/** Of what takes long. */
export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
