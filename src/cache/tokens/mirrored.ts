/**
 * Decides how tokens and intents are kept in a server of this process that others may use too: by the protocol's
 * conversations, read from a mirror that the server keeps true, so that looking costs no command.
 */
import type { CompleteVector, Looked } from '../protocol/lookup.js';
import type { Ref } from '../protocol/refs.js';
import type { Cell, Mirror } from './mirror.js';
import { SharedTokens, type SharedTokensOptions } from './shared.js';

export class MirroredTokens extends SharedTokens {
  override readonly answersAtOnce = true;

  constructor(
    options: SharedTokensOptions,
    private readonly mirror: Mirror,
  ) {
    const store = { session: () => mirror.session, trouble: () => null };
    super(options, { store, look: mirror.look, lookAtTables: mirror.lookAtTables });
  }

  override hold(refs: readonly Ref[]): readonly Cell[] {
    return this.mirror.holdAll(refs);
  }

  override share(cells: readonly Cell[]): void {
    for (const cell of cells) cell.holders++;
  }

  override release(cells: readonly Cell[]): void {
    this.mirror.releaseAll(cells);
  }

  override tokenOf(cell: Cell): string | null {
    return this.mirror.vectorOf(cell);
  }

  override lookup(cells: readonly Cell[]): Looked {
    return { refs: cells.map(({ ref }) => ref), vector: this.mirror.vectorsOf(cells) };
  }

  override vouchFor(cells: readonly Cell[], vector: CompleteVector): boolean {
    return cells.every((cell, index) => this.mirror.vectorOf(cell) === vector[index]);
  }

  override close(): void {
    super.close();
    this.mirror.close();
  }
}
