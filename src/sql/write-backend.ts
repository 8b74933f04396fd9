/**
 * Decides how the parts of a write's name that no dialect differs in are told in an intent, and what a process remembers
 * of writes whose server process nobody can name. Asks no database.
 */

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
