/**
 * Decides how tokens and intents are kept in a server of this process that others may use too: by the protocol's
 * conversations, read from a mirror that the server keeps true, so that looking costs no command.
 */
import type { Session } from '../executor.js';
import type { Look, Looked } from '../protocol/lookup.js';
import type { Ref } from '../protocol/refs.js';
import type { LookAtTables } from '../protocol/table.js';
import type { Cell, Mirror } from './mirror.js';
import { SharedTokens, type SharedTokensOptions } from './shared.js';

export class MirroredTokens extends SharedTokens {
  override readonly answersAtOnce = true;

  constructor(
    options: SharedTokensOptions,
    private readonly mirror: Mirror,
  ) {
    super(options);
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

  override close(): void {
    this.mirror.close();
  }

  protected override look(): Look {
    return this.mirror.look;
  }

  protected override lookAtTables(): LookAtTables {
    return this.mirror.lookAtTables;
  }

  protected override session(): Session {
    return this.mirror.session;
  }
}
