/** Decides which flags a command can have. Knows nothing of what follows from them. */

/** In the order in which COMMAND reports them. */
export const commandFlags = [
  'write',
  'readonly',
  'denyoom',
  'admin',
  'pubsub',
  'noscript',
  'blocking',
  'loading',
  'stale',
  'skip_monitor',
  'skip_slowlog',
  'fast',
  'no_auth',
  'no_async_loading',
  'no_multi',
  'allow_busy',
] as const;

export type CommandFlag = (typeof commandFlags)[number];
