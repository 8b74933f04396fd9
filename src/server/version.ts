/** Decides which Redis this server says it is. */

/** Clients choose features by it; the compat suite compares with exactly this version. */
export const REDIS_VERSION = '7.0.15';
