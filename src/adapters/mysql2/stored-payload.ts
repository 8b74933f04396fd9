/** Decides how a result is written in the store: the response as it came. Knows neither checksums nor tokens. */
import type { PayloadCodec } from '../../cache/entry.js';
import { type Payload, type Protocol, payloadOf, samePayload } from './payload.js';

const PROTOCOL_BYTES = 1;
const protocols: readonly Protocol[] = ['text', 'binary'];

export const payloadCodec: PayloadCodec<Payload> = {
  encode: ({ protocol, bytes }) => Buffer.concat([Buffer.of(protocols.indexOf(protocol)), bytes]),
  decode(stored) {
    const protocol = protocols[stored[0] ?? protocols.length];
    if (protocol === undefined) throw new RangeError('a stored result names no protocol');
    const payload = payloadOf(protocol, ownCopy(stored.subarray(PROTOCOL_BYTES)));
    if (typeof payload === 'string') throw new RangeError(`a stored result is none: ${payload}`);
    payload.isNew = true;
    return payload;
  },
  bytesOf: ({ memoryBytes }) => memoryBytes,
  same: samePayload,
};

/** What it is a part of goes. */
function ownCopy(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
