/**
 * Decides how the parts of a write's name that no dialect differs in are told in an intent, what a process remembers of
 * writes whose server process nobody can name, and from which answers it follows that a write has ended. Knows no query.
 */
import type { TextQuery } from './text-query.js';

/** Who makes a write visible. */
export interface WriteBackend<Backend> {
  /** Null where its connection could never say: the mark alone tells of it. */
  readonly backend: Backend | null;
  /**
   * Unique to the write: behind a proxy nobody knows which server process runs it. Null where the backend is known to
   * be the connection's own.
   */
  readonly mark: string | null;
  /** Prepared transactions that outlive the backend. */
  readonly prepares: readonly string[] | 'unknown';
}

/** Of `[\w,-]*` or `?`. */
export const textOfPrepares = (prepares: readonly string[] | 'unknown'): string =>
  prepares === 'unknown' ? '?' : prepares.map((gid) => Buffer.from(gid).toString('base64url')).join(',');

export const preparesOfText = (text: string): readonly string[] | 'unknown' =>
  text === '?'
    ? 'unknown'
    : text
        .split(',')
        .filter((gid) => gid !== '')
        .map((gid) => Buffer.from(gid, 'base64url').toString());

/** What this process knows of writes whose server process nobody can name: when it first asked, by the server's clock. */
export class ProxiedWrites {
  private readonly askedSince = new Map<string, string>();

  /** Marks remembered at once; of a further one the question begins anew. */
  private static readonly countMax = 1_000;

  firstAsked(mark: string): string | undefined {
    return this.askedSince.get(mark);
  }

  note(mark: string, now: string): void {
    if (this.askedSince.size >= ProxiedWrites.countMax) this.askedSince.clear();
    this.askedSince.set(mark, now);
  }

  forget(mark: string): void {
    this.askedSince.delete(mark);
  }
}

/** What one dialect asks a server about a write. Each rejects as the query does. */
export interface WriteQuestions<Backend> {
  /** Whether the server runs nothing of this backend any more. Hidden means still running. */
  readonly hasBackendEnded: (query: TextQuery, backend: Backend) => Promise<boolean>;
  /**
   * Whether no session of this user is left that has been at work since before then.
   *
   * @param since by the server's clock; undefined: only what that says is asked
   */
  readonly lookAtOwnSessions: (query: TextQuery, since: string | undefined) => Promise<OwnSessions>;
  /** Whether none of these prepared transactions is left; of all, where their names are not known. */
  readonly arePreparedGone: (query: TextQuery, gids: readonly string[] | 'unknown') => Promise<boolean>;
}

export interface OwnSessions {
  /** By the server's clock; null where it did not say. */
  readonly now: string | null;
  readonly haveEnded: boolean;
}

/**
 * Whether the server runs nothing of a write any more and has nothing of it prepared: so it is either visible or never
 * will be.
 */
export function writeEndedBy<Backend>({
  hasBackendEnded,
  lookAtOwnSessions,
  arePreparedGone,
}: WriteQuestions<Backend>): (
  query: TextQuery,
  write: WriteBackend<Backend>,
  proxied: ProxiedWrites,
) => Promise<boolean> {
  /**
   * Behind a proxy: the write's session is one of the same user, on whichever server connection the proxy chose, and a
   * proxy drops what waits for one when its client is gone. So once no session of this user is left that has been at
   * work since before the first question, the write has ended.
   */
  const hasProxiedEnded = async (
    query: TextQuery,
    mark: string,
    proxied: ProxiedWrites,
  ): Promise<boolean> => {
    const since = proxied.firstAsked(mark);
    const { now, haveEnded } = await lookAtOwnSessions(query, since);
    if (since === undefined) {
      if (now !== null) proxied.note(mark, now);
      return false;
    }
    if (haveEnded) proxied.forget(mark);
    return haveEnded;
  };
  return async (query, { backend, mark, prepares }, proxied) => {
    if (mark !== null && !(await hasProxiedEnded(query, mark, proxied))) return false;
    if (mark === null && !(backend !== null && (await hasBackendEnded(query, backend)))) return false;
    return prepares !== 'unknown' && prepares.length === 0 ? true : arePreparedGone(query, prepares);
  };
}
