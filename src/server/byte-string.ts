/**
 * Decides how bytes become a byte string: JavaScript text with one character per byte, the form in which the
 * server holds keys, fields and short values. Knows nothing of what they mean.
 */

export function byteString(bytes: Buffer, start = 0, end = bytes.length): string {
  return bytes.toString('latin1', start, end);
}
