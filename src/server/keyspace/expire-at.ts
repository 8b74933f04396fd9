/** Decides how the time at which a key goes is told. Knows nothing of keys. */

/** Milliseconds since the epoch. A bigint beyond what a double holds exactly: Redis takes any 64-bit time. */
export type ExpireAtMs = number | bigint;

/** No expiry. */
export const NEVER = Number.POSITIVE_INFINITY;
