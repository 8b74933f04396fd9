/**
 * Decides the arithmetic of INCRBYFLOAT: C's 80-bit long double as strtold reads it, added and printed with
 * `%.17Lf`, in exact integers. Knows nothing of commands.
 */

const MANTISSA_BITS = 64n;
const EXPONENT_MAX = 16_383n;
const EXPONENT_MIN = -16_445n;
const FRACTION_DIGITS = 17;
/** Longest text that strtold is given (Redis' MAX_LONG_DOUBLE_CHARS). */
const TEXT_LENGTH_MAX = 5 * 1024;

/** `mantissa * 2^exponent`, or an infinity. */
export type LongDouble =
  | { readonly kind: 'finite'; readonly mantissa: bigint; readonly exponent: bigint }
  | { readonly kind: 'infinite'; readonly isNegative: boolean };

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;
const HEXADECIMAL = /^([+-]?)0x([0-9a-f]*)(?:\.([0-9a-f]*))?(?:p([+-]?\d+))?$/i;

/** Null when the text is no number, or one out of range. */
export function parseLongDouble(text: string): LongDouble | null {
  if (text.length === 0 || text.length >= TEXT_LENGTH_MAX) return null;
  const infinity = /^([+-]?)inf(?:inity)?$/i.exec(text);
  if (infinity !== null) return { kind: 'infinite', isNegative: infinity[1] === '-' };
  const decimal = DECIMAL.exec(text);
  const parts = decimal ?? HEXADECIMAL.exec(text);
  if (parts === null) return null;
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = parts;
  const digits = whole + fraction;
  if (digits === '') return null;
  const magnitude = BigInt(decimal === null ? `0x${digits}` : digits);
  if (magnitude === 0n) return { kind: 'finite', mantissa: 0n, exponent: 0n };
  const signed = sign === '-' ? -magnitude : magnitude;
  // Far outside the range whatever the digits are: no need for the exact power.
  if (exponentText.length > 7) return null;
  const exponent = BigInt(exponentText);
  const value =
    decimal === null
      ? scaled(signed, exponent - 4n * BigInt(fraction.length))
      : decimalValue(signed, exponent - BigInt(fraction.length), digits.length);
  return value === null || (value.kind === 'finite' && value.mantissa === 0n) ? null : value;
}

/** Null for NaN. */
export function addLongDoubles(left: LongDouble, right: LongDouble): LongDouble | null {
  if (left.kind === 'infinite' || right.kind === 'infinite') return null;
  const exponent = left.exponent < right.exponent ? left.exponent : right.exponent;
  const sum = (left.mantissa << (left.exponent - exponent)) + (right.mantissa << (right.exponent - exponent));
  return scaled(sum, exponent);
}

/** At most 17 digits after the point, no zeros at the end. */
export function formatLongDouble(value: LongDouble): string {
  if (value.kind === 'infinite') return value.isNegative ? '-inf' : 'inf';
  const isNegative = value.mantissa < 0n;
  const magnitude = isNegative ? -value.mantissa : value.mantissa;
  const shifted = magnitude * 10n ** BigInt(FRACTION_DIGITS);
  const digits = (
    value.exponent >= 0n ? shifted << value.exponent : divideRounded(shifted, 1n << -value.exponent)
  )
    .toString()
    .padStart(FRACTION_DIGITS + 1, '0');
  const whole = digits.slice(0, -FRACTION_DIGITS);
  const fraction = digits.slice(-FRACTION_DIGITS).replace(/0+$/, '');
  const text = fraction === '' ? whole : `${whole}.${fraction}`;
  return isNegative && text !== '0' ? `-${text}` : text;
}

function decimalValue(signed: bigint, exponent: bigint, digitCount: number): LongDouble | null {
  if (exponent + BigInt(digitCount) > 5000n || exponent + BigInt(digitCount) < -5100n) return null;
  if (exponent >= 0n) return scaled(signed * 10n ** exponent, 0n);
  const divisor = 10n ** -exponent;
  // Enough bits that one more, sticky, decides the rounding.
  const shift = MANTISSA_BITS + 3n + BigInt(bitLength(divisor));
  const numerator = (signed < 0n ? -signed : signed) << shift;
  const sticky = numerator % divisor === 0n ? 0n : 1n;
  const quotient = ((numerator / divisor) << 1n) | sticky;
  return scaled(signed < 0n ? -quotient : quotient, -shift - 1n);
}

/** Rounds to 64 bits of mantissa, half to even; null beyond the range. */
function scaled(mantissa: bigint, exponent: bigint): LongDouble | null {
  if (mantissa === 0n) return { kind: 'finite', mantissa, exponent: 0n };
  const magnitude = mantissa < 0n ? -mantissa : mantissa;
  let excess = BigInt(bitLength(magnitude)) - MANTISSA_BITS;
  // Subnormal: the last bit has a fixed place.
  if (exponent + excess < EXPONENT_MIN) excess = EXPONENT_MIN - exponent;
  const rounded = excess > 0n ? divideRounded(magnitude, 1n << excess) : magnitude;
  const finalExponent = excess > 0n ? exponent + excess : exponent;
  if (BigInt(bitLength(rounded)) + finalExponent > EXPONENT_MAX + 1n) return null;
  return { kind: 'finite', mantissa: mantissa < 0n ? -rounded : rounded, exponent: finalExponent };
}

function divideRounded(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  const twice = (value % divisor) * 2n;
  const isUp = twice > divisor || (twice === divisor && (quotient & 1n) === 1n);
  return isUp ? quotient + 1n : quotient;
}

function bitLength(value: bigint): number {
  return value === 0n ? 0 : value.toString(2).length;
}
