/**
 * Decides how Georg Nees' Schotter of 1968 is drawn with braille dots: rows of squares that fall into disorder.
 * Knows no server.
 */
import type { Random } from '../../clock.js';
import { byteStringOfText } from '../byte-string.js';

const COLUMNS_MAX = 1000;
const SQUARES_MAX = 200;
const ROWS_MAX = 200;
/** Which bit of a braille character stands for a dot at this column and row of its two by four. */
const DOTS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
];

/** As UTF-8 in a byte string, one line for four rows of dots. */
export function schotter(random: Random, columns: number, squaresPerRow: number, rows: number): string {
  const width = clamp(columns, COLUMNS_MAX) * 2;
  const squares = clamp(squaresPerRow, SQUARES_MAX);
  const padding = width > 4 ? 2 : 0;
  const side = (width - padding * 2) / squares;
  const height = Math.floor(side * clamp(rows, ROWS_MAX)) + padding * 2;
  const canvas = new Canvas(width, height);
  for (let row = 0; row < clamp(rows, ROWS_MAX); row++)
    for (let column = 0; column < squares; column++) {
      const disorder = row > 1 ? (row / clamp(rows, ROWS_MAX)) * 1 : 0;
      const chance = (): number => (random.fraction() - 0.5) * 2 * disorder;
      const x = Math.floor(column * side + side / 2 + padding + (chance() * side) / 3);
      const y = Math.floor(row * side + side / 2 + padding + (chance() * side) / 3);
      canvas.square(x, y, side, chance());
    }
  return byteStringOfText(canvas.text);
}

function clamp(value: number, max: number): number {
  return Math.max(1, Math.min(max, value));
}

class Canvas {
  private readonly dots: Uint8Array;

  constructor(
    private readonly width: number,
    private readonly height: number,
  ) {
    this.dots = new Uint8Array(width * height);
  }

  square(x: number, y: number, side: number, angle: number): void {
    const radius = Math.round(side / Math.SQRT2);
    const corners = [0, 1, 2, 3].map((corner) => {
      const turn = Math.PI / 4 + (corner * Math.PI) / 2 + angle;
      return { x: Math.round(Math.sin(turn) * radius + x), y: Math.round(Math.cos(turn) * radius + y) };
    });
    corners.forEach((from, index) => {
      const to = corners[(index + 1) % 4] ?? from;
      const steps = Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y), 1);
      for (let step = 0; step <= steps; step++)
        this.dot(
          Math.round(from.x + ((to.x - from.x) * step) / steps),
          Math.round(from.y + ((to.y - from.y) * step) / steps),
        );
    });
  }

  get text(): string {
    let text = '';
    for (let top = 0; top < this.height; top += 4) {
      for (let left = 0; left < this.width; left += 2) text += this.brailleAt(left, top);
      text += '\n';
    }
    return text;
  }

  private brailleAt(left: number, top: number): string {
    let bits = 0;
    DOTS.forEach((column, x) => {
      column.forEach((bit, y) => {
        if (top + y < this.height && this.dots[(top + y) * this.width + left + x] === 1) bits |= bit;
      });
    });
    return String.fromCharCode(0x2800 + bits);
  }

  private dot(x: number, y: number): void {
    if (x >= 0 && x < this.width && y >= 0 && y < this.height) this.dots[y * this.width + x] = 1;
  }
}
