/** Decides how places are listed so that any can be picked, in pieces, so that growing never copies it all. */

const PIECE_SHIFT = 14;
const PIECE_MASK = (1 << PIECE_SHIFT) - 1;

export class PlaceList {
  length = 0;
  private pieces: Int32Array[] = [];

  /** 0 beyond the end. */
  at(position: number): number {
    if (position >= this.length) return 0;
    return this.pieces[position >>> PIECE_SHIFT]?.[position & PIECE_MASK] ?? 0;
  }

  put(position: number, place: number): void {
    const piece = this.pieces[position >>> PIECE_SHIFT];
    if (piece !== undefined) piece[position & PIECE_MASK] = place;
  }

  /** Returns the position. */
  push(place: number): number {
    const position = this.length++;
    if (position >>> PIECE_SHIFT >= this.pieces.length) this.pieces.push(new Int32Array(1 << PIECE_SHIFT));
    this.put(position, place);
    return position;
  }

  /** Moves the last one to the position of one that goes, and returns it; 0 if the last one itself went. */
  removeAt(position: number): number {
    const moved = this.at(this.length - 1);
    this.length--;
    if (this.pieces.length > (this.length >>> PIECE_SHIFT) + 2) this.pieces.pop();
    if (position === this.length) return 0;
    this.put(position, moved);
    return moved;
  }
}
