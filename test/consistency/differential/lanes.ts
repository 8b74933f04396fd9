/** Decides how seeds are tried side by side: several at once, until there are no more or one says that it is enough. */

/** As many at once: most of the time each waits for the database. */
const LANES = 6;

export type Going = 'go on' | 'enough';

export async function inLanes(
  seeds: Iterator<number>,
  tryOne: (seed: number, isEnough: () => boolean) => Promise<Going>,
): Promise<void> {
  let enough = false;
  const isEnough = (): boolean => enough;
  const lane = async (): Promise<void> => {
    for (let next = seeds.next(); next.done !== true && !enough; next = seeds.next())
      if ((await tryOne(next.value, isEnough)) === 'enough') enough = true;
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
