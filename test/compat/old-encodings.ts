/** Decides how values were written by servers before 7.0, in the words of `rdb.h`. Knows no server. */

export const bytes = (...values: number[]): Buffer => Buffer.from(values);

export function length(value: number): Buffer {
  if (value < 64) return bytes(value);
  if (value < 16_384) return bytes(0x40 | (value >> 8), value & 0xff);
  const long = Buffer.alloc(5);
  long[0] = 0x80;
  long.writeUInt32BE(value, 1);
  return long;
}

export const string = (value: Buffer | string): Buffer => {
  const body = Buffer.isBuffer(value) ? value : Buffer.from(value, 'latin1');
  return Buffer.concat([length(body.length), body]);
};

function ziplistBody(element: string | number): Buffer {
  if (typeof element === 'string') {
    const body = Buffer.from(element, 'latin1');
    if (body.length < 64) return Buffer.concat([bytes(body.length), body]);
    if (body.length < 16_384)
      return Buffer.concat([bytes(0x40 | (body.length >> 8), body.length & 0xff), body]);
    const head = Buffer.alloc(5);
    head[0] = 0x80;
    head.writeUInt32BE(body.length, 1);
    return Buffer.concat([head, body]);
  }
  if (element >= 0 && element <= 12) return bytes(0xf1 + element);
  const [mark = 0, width = 4] =
    element >= -128 && element <= 127
      ? [0xfe, 1]
      : element >= -32_768 && element <= 32_767
        ? [0xc0, 2]
        : element >= -8_388_608 && element <= 8_388_607
          ? [0xf0, 3]
          : [0xd0, 4];
  const body = Buffer.alloc(1 + width);
  body[0] = mark;
  body.writeIntLE(element, 1, width);
  return body;
}

export function ziplist(elements: readonly (string | number)[]): Buffer {
  const parts: Buffer[] = [];
  let previous = 0;
  let lastAt = 10;
  let at = 10;
  for (const element of elements) {
    const prefix = previous < 254 ? bytes(previous) : Buffer.concat([bytes(254), Buffer.alloc(4)]);
    if (previous >= 254) prefix.writeUInt32LE(previous, 1);
    const entry = Buffer.concat([prefix, ziplistBody(element)]);
    lastAt = at;
    at += entry.length;
    previous = entry.length;
    parts.push(entry);
  }
  const head = Buffer.alloc(10);
  head.writeUInt32LE(at + 1, 0);
  head.writeUInt32LE(lastAt, 4);
  head.writeUInt16LE(elements.length, 8);
  return Buffer.concat([head, ...parts, bytes(0xff)]);
}

export function zipmap(pairs: readonly (readonly [string, string])[]): Buffer {
  const size = (text: string): Buffer => {
    if (text.length < 254) return bytes(text.length);
    const long = Buffer.alloc(5);
    long[0] = 254;
    long.writeUInt32LE(text.length, 1);
    return long;
  };
  const parts = pairs.flatMap(([field, value], index) => {
    const free = index % 3;
    return [
      size(field),
      Buffer.from(field, 'latin1'),
      size(value),
      bytes(free),
      Buffer.from(value, 'latin1'),
      Buffer.alloc(free),
    ];
  });
  return Buffer.concat([bytes(pairs.length), ...parts, bytes(0xff)]);
}

export const counted = (type: number, count: number, parts: readonly Buffer[]): Buffer =>
  Buffer.concat([bytes(type), length(count), ...parts]);
