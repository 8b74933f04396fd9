/** Decides which of a cluster's 16384 slots a key is in, as https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec says. */

export const SLOT_COUNT = 16_384;

const CRC16_POLYNOMIAL = 0x1021; // XMODEM

const crc16Table = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ CRC16_POLYNOMIAL;
  return crc;
});

/** Only what is between the first brace and the next closing one counts, if there is something. */
export function slotOf(key: string): number {
  const open = key.indexOf('{');
  const close = open === -1 ? -1 : key.indexOf('}', open + 1);
  return crc16(close > open + 1 ? key.slice(open + 1, close) : key) % SLOT_COUNT;
}

function crc16(text: string): number {
  let crc = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return crc16OfBytes(Buffer.from(text));
    crc = withByte(crc, code);
  }
  return crc;
}

const crc16OfBytes = (bytes: Buffer): number => bytes.reduce(withByte, 0);

const withByte = (crc: number, byte: number): number =>
  ((crc << 8) ^ (crc16Table[(crc >> 8) ^ byte] as number)) & 0xffff; // both are bytes
