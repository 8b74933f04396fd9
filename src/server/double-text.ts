/** Decides the text of a double and which texts are doubles: C's `%.17g` and `strtod`. Knows no command. */
import { parseLongDouble } from './long-double.js';

const SIGNIFICANT_DIGITS = 17;
/** Below this an integer prints as its digits and a double holds it exactly. */
const PLAIN_INTEGER_MAX = 2 ** 53;
const PACKED_INTEGER_MAX = 2 ** 62;

/** 17 significant digits, no zeros at the end: more than a double needs, so it reads `0.10000000000000001`. */
export function doubleText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < PLAIN_INTEGER_MAX)
    return value === 0 && Object.is(value, -0) ? '-0' : String(value);
  if (Number.isNaN(value)) return 'nan';
  if (value === Infinity) return 'inf';
  if (value === -Infinity) return '-inf';
  const [mantissa = '', exponentText = '0'] = roundedHalfToEven(Math.abs(value)).split('e');
  const exponent = Number(exponentText);
  const digits = mantissa.replace('.', '').replace(/0+$/, '');
  const sign = value < 0 ? '-' : '';
  if (exponent < -4 || exponent >= SIGNIFICANT_DIGITS) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits.slice(0, 1)}${fraction}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return fraction === '' ? sign + whole : `${sign}${whole}.${fraction}`;
}

/** The same where Redis packs it: any whole number that fits an integer is written as its digits. */
export function packedDoubleText(value: number): string {
  const isWhole = Number.isInteger(value) && Math.abs(value) <= PACKED_INTEGER_MAX;
  return isWhole ? BigInt(value).toString() : doubleText(value);
}

/** JavaScript rounds a digit that lies exactly between two upwards, C to the even one. */
function roundedHalfToEven(value: number): string {
  const rounded = value.toExponential(SIGNIFICANT_DIGITS - 1);
  // oxlint-disable-next-line oxc/number-arg-out-of-range -- ES2018 raised the limit from 20 digits to 100
  const longer = value.toExponential(60);
  if (!/^5(0*)e/.test(longer.slice(SIGNIFICANT_DIGITS + 1))) return rounded;
  const cut = longer.slice(0, SIGNIFICANT_DIGITS + 1);
  const isEven = '02468'.includes(cut.slice(-1));
  return isEven ? `${cut}e${rounded.split('e')[1] ?? '0'}` : rounded;
}

const NUMBER =
  /^[ \t\n\v\f\r]*([+-]?)(?:(inf(?:inity)?)|(nan)|(0x[0-9a-f]*\.?[0-9a-f]*(?:p[+-]?\d+)?)|(\d*\.?\d*(?:e[+-]?\d+)?))$/i;

/**
 * What C's strtod makes of a text that it reads to its end, which a zero byte is as well. NaN when it does not, or
 * when the text says so. Spaces in front are skipped, too large a number is an infinity.
 */
export function scanDouble(text: string): number {
  const [head = ''] = text.split('\0', 1);
  const match = NUMBER.exec(head);
  if (match === null) return Number.NaN;
  const [, sign = '', infinity, nan, hexadecimal, decimal = ''] = match;
  const factor = sign === '-' ? -1 : 1;
  if (infinity !== undefined) return factor * Infinity;
  if (nan !== undefined) return Number.NaN;
  if (hexadecimal !== undefined) return factor * hexadecimalValue(hexadecimal);
  // Nothing at all is zero, but only if there is nothing in front of it either.
  if (decimal === '') return head === '' ? 0 : Number.NaN;
  return /\d/.test(decimal.split(/e/i, 1)[0] ?? '') ? factor * Number(decimal) : Number.NaN;
}

/** A double as an argument: no space in front, nothing left over, within range. Null if it is none. */
export function parseDouble(text: string): number | null {
  if (text === '' || text.includes('\0') || /^[ \t\n\v\f\r]/.test(text)) return null;
  const value = scanDouble(text);
  if (Number.isNaN(value)) return null;
  const isLarge = !Number.isFinite(value) && !/inf/i.test(text);
  const vanished = value === 0 && /[1-9a-f]/i.test(text.replace(/^[+-]?0x|[ep][+-]?\d+$/gi, ''));
  return isLarge || vanished ? null : value;
}

function hexadecimalValue(text: string): number {
  const value = parseLongDouble(text);
  if (value === null || value.kind === 'infinite') return Number.NaN;
  const { mantissa, exponent } = value;
  return Number(mantissa) * 2 ** Number(exponent);
}
