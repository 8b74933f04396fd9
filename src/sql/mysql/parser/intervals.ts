/** Decides what INTERVAL is: an amount of time, or the function of that name. */
import type { Interval } from '../ast.js';
import type { Cursor } from './cursor.js';

export const units: ReadonlySet<string> = new Set(
  `microsecond second minute hour day week month quarter year second_microsecond minute_microsecond minute_second
  hour_microsecond hour_second hour_minute day_microsecond day_second day_minute day_hour year_month`.split(
    /\s+/,
  ),
);

/** `INTERVAL amount unit` if that stands here. */
export function intervalOf(cursor: Cursor): Interval | null {
  if (!cursor.at('interval')) return null;
  const start = cursor.position;
  cursor.next();
  const isBracketed = cursor.at('(');
  const amount = isBracketed && isFunction(cursor) ? null : cursor.grammar.expression(cursor);
  if (amount === null) {
    cursor.position = start;
    return null;
  }
  return { kind: 'interval', amount, unit: unitName(cursor) };
}

export function unitName(cursor: Cursor): string {
  if (!cursor.atAny(units)) cursor.fail();
  return cursor.next().word;
}

/** Whether a comma stands in this very bracket: then it is `INTERVAL(n, n1, n2)`. */
function isFunction(cursor: Cursor): boolean {
  let depth = 0;
  for (let offset = 0; ; offset++) {
    const { word, kind } = cursor.peek(offset);
    if (kind === 'end') return false;
    if (word === '(') depth += 1;
    if (word === ')') depth -= 1;
    if (depth === 0) return false;
    if (word === ',' && depth === 1) return true;
  }
}
