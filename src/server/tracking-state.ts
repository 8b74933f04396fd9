/** Decides how what a client asked for with CLIENT TRACKING is remembered. Knows no client. */

/** What a client asked for with CLIENT TRACKING ON. */
export interface TrackingState {
  readonly mode: 'keys' | 'broadcast';
  /** Which reads count: all, only those that CLIENT CACHING YES announced, all but those that NO announced. */
  readonly counts: 'all' | 'announced' | 'not-renounced';
  readonly skipsOwn: boolean;
  /** The client that is told instead, or 0. */
  readonly redirectsTo: number;
  readonly prefixes: Set<string>;
  /** CLIENT CACHING was said, and the next command not yet run. */
  isNextAnnounced: boolean;
  isRedirectBroken: boolean;
}
