/** Decides where tokens and intents are kept: with this process, in its own server, or in a store elsewhere. */
import { isWatchable } from '../executor.js';
import { BoundedTokens } from './bounded.js';
import { LocalTokens } from './local.js';
import { Mirror } from './mirror.js';
import { MirroredTokens } from './mirrored.js';
import { SharedTokens, type SharedTokensOptions } from './shared.js';
import type { Tokens } from './tokens.js';

export interface TokensOptions extends SharedTokensOptions {
  readonly namespace: string;
  /** Whether other processes use the store, too. */
  readonly isStoreShared: boolean;
  /** In `bounded`: how long what the store said last counts without asking, in ms; null: it is asked each time. */
  readonly boundMs: number | null;
}

export function tokensOf(options: TokensOptions): Tokens {
  const { store, namespace, isStoreShared, boundMs, onFailure } = options;
  if (!isStoreShared) return new LocalTokens(options.random, options.shapesPerTableMax);
  const { tracking } = store;
  if (boundMs !== null && tracking !== undefined) return new BoundedTokens({ ...options, tracking, boundMs });
  if (!isWatchable(store)) return new SharedTokens(options);
  return new MirroredTokens(options, new Mirror(store, namespace, (error) => onFailure('lookup', error)));
}
