/**
 * Decides how bytes leave a plain socket without the detours of Node's stream: a reply is one call into the handle, where
 * the stream takes several objects and a tick for each write. Knows nothing of what the bytes are.
 *
 * Node has no public way to do it. What the handle wants is seen in the first write that goes through the stream; where
 * it is not as expected, everything goes on through the stream, as it does for TLS and whatever waits to be sent.
 */
import type { Socket } from 'node:net';

/** What Node's streams hand to the handle with each write. */
interface WriteRequest {
  handle: StreamHandle | null;
  oncomplete: (status: number) => void;
  async: boolean;
  buffer: Uint8Array | null;
}

interface StreamHandle {
  writeBuffer(request: WriteRequest | null, bytes: Uint8Array): number;
  readonly writeQueueSize: number;
}

/** `queued`: the bytes are still needed. `stream`: nothing was done, the stream is to do it. */
export type Outcome = 'written' | 'queued' | 'failed' | 'stream';

const PLAIN_HANDLES: ReadonlySet<string> = new Set(['TCP', 'Pipe']);

/** `unusable`: this Node's stream does it in its own way, with no object for a write that need not wait (Node 26). */
let requestClass: (new () => WriteRequest) | 'unusable' | null = null;
/** A request is used up only by a write that waits. */
let spare: WriteRequest | null = null;

export class DirectOutput {
  private readonly handle: StreamHandle | null;
  /** Our writes that the system has not taken as a whole. */
  private waitingCount = 0;

  constructor(
    private readonly socket: Socket,
    private readonly failed: () => void,
  ) {
    this.handle = plainHandleOf(socket);
    if (this.handle !== null && requestClass === null) learnRequestClass(this.handle);
  }

  /** Bytes the system has not taken yet, from whomever. */
  get queuedBytes(): number {
    const { writableLength } = this.socket;
    // Asking the handle is a call into the runtime.
    if (this.waitingCount === 0 || this.handle === null || this.socket.destroyed) return writableLength;
    return Math.max(writableLength, this.handle.writeQueueSize);
  }

  write(bytes: Uint8Array): Outcome {
    const { handle, socket } = this;
    if (handle === null || requestClass === null || requestClass === 'unusable') return 'stream';
    if (socket.destroyed || this.queuedBytes > 0) return 'stream';
    const request = (spare ??= new requestClass());
    request.handle = handle;
    request.async = false;
    request.buffer = null;
    if (handle.writeBuffer(request, bytes) !== 0) return 'failed';
    if (handle.writeQueueSize === 0) return 'written';
    spare = null;
    request.buffer = bytes;
    this.waitingCount++;
    request.oncomplete = (status) => {
      this.waitingCount--;
      if (status < 0) this.failed();
    };
    return 'queued';
  }
}

function plainHandleOf(socket: Socket): StreamHandle | null {
  const { _handle: handle } = socket as unknown as { readonly _handle: Partial<StreamHandle> | null };
  if (handle === null || handle === undefined || !PLAIN_HANDLES.has(handle.constructor.name)) return null;
  const isAsExpected = typeof handle.writeBuffer === 'function' && typeof handle.writeQueueSize === 'number';
  return isAsExpected ? (handle as StreamHandle) : null;
}

/** The stream makes the request's object; its class is not told anywhere else. */
function learnRequestClass(handle: StreamHandle): void {
  const own = Object.getPrototypeOf(handle) as StreamHandle;
  Object.defineProperty(handle, 'writeBuffer', {
    configurable: true,
    value(request: WriteRequest | null, bytes: Uint8Array): number {
      Reflect.deleteProperty(handle, 'writeBuffer');
      requestClass = request === null ? 'unusable' : (request.constructor as new () => WriteRequest);
      return own.writeBuffer.call(handle, request, bytes);
    },
  });
}
