/** Decides how a benchmark lets time pass that is part of its question. */
export const wait = (delayMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, delayMs));
