/** Decides whether every token that an entry was stamped with is equal now. Knows no entry and no flow. */
import type { Dependencies } from './entry.js';
import { type Looked, sameVector } from './protocol/lookup.js';
import type { Ref } from './protocol/refs.js';
import type { Tokens } from './tokens/tokens.js';

export class Vouching {
  constructor(
    private readonly tokens: Tokens,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** The request's own references by its own look-up; what was inherited by one more. */
  async vouches({ refs, vector }: Looked, stamped: Dependencies): Promise<boolean> {
    if (!sameVector(vector, stamped.vector.slice(0, refs.length))) return false;
    const inherited = stamped.refs.slice(refs.length);
    if (inherited.length === 0) return true;
    return sameVector((await this.lookUp(inherited)).vector, stamped.vector.slice(refs.length));
  }

  /** The same of what somebody else's query gave. A store that cannot say so means no: this read runs itself. */
  async mayTake(own: Dependencies, stamped: Dependencies): Promise<boolean> {
    try {
      return await this.vouches(own, stamped);
    } catch (error) {
      this.onFailure(error);
      return false;
    }
  }

  private async lookUp(refs: readonly Ref[]): Promise<Looked> {
    const cells = this.tokens.hold(refs);
    try {
      return await this.tokens.lookup(cells);
    } finally {
      this.tokens.release(cells);
    }
  }
}
