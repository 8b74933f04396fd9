/** Decides how the parser's WebAssembly is started: the little it asks of a host, and nothing of what it parses. */
import { brotliDecompressSync } from 'node:zlib';
import { exportNames, importNames, wasmBrotliBase64 } from './generated/parser-wasm.js';

/** The part of the WebAssembly API used here: Node has it, the type library without DOM does not. */
interface WebAssemblyLike {
  compile(bytes: Uint8Array): Promise<object>;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Record<string, unknown> };
}

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

type NativeFunction = (...args: number[]) => number;

/** What the parser's module offers, by the names libpg-query gives it. */
export interface ParserInstance {
  /** The memory as bytes; a new view after every growth. */
  bytes(): Uint8Array;
  /** The memory as 32-bit words. */
  words(): Int32Array;
  readonly malloc: NativeFunction;
  readonly free: NativeFunction;
  readonly parse: NativeFunction;
  readonly freeParseResult: NativeFunction;
  readonly parsePlpgsql: NativeFunction;
  readonly freeString: NativeFunction;
}

/** Thrown through the WebAssembly where C would longjmp. */
class LongJump extends Error {}

/** The parser ended itself (an assertion, out of memory): the instance is no longer usable. */
class ParserStopped extends Error {}

const pageBytes = 65_536;
/** A statement that needs more than this is not parsed. */
const memoryBytesMax = 512 * 1024 * 1024;

interface Parts {
  memory: Memory;
  table: { get(index: number): NativeFunction };
  stackSave: NativeFunction;
  stackRestore: NativeFunction;
  setThrew: NativeFunction;
}

/** `invoke_*`: call through the table; a long jump lands here, as Emscripten's setjmp expects. */
function invoker(parts: () => Parts): NativeFunction {
  return (index, ...args) => {
    const { table, stackSave, stackRestore, setThrew } = parts();
    const stack = stackSave();
    try {
      return table.get(index ?? 0)(...args);
    } catch (error) {
      stackRestore(stack);
      if (!(error instanceof LongJump)) throw error;
      setThrew(1, 0);
      return 0;
    }
  };
}

function grow(memory: Memory, bytesWanted: number): number {
  const wanted = bytesWanted >>> 0;
  if (wanted > memoryBytesMax) return 0;
  memory.grow(Math.ceil((wanted - memory.buffer.byteLength) / pageBytes));
  return 1;
}

/** Swallows what the parser prints: its errors come as values. */
function discardOutput(memory: Memory, vectors: number, count: number, writtenPointer: number): number {
  const words = new Int32Array(memory.buffer);
  let written = 0;
  for (let index = 0; index < count; index += 1) written += words[(vectors >> 2) + index * 2 + 1] ?? 0;
  words[writtenPointer >> 2] = written;
  return 0;
}

function hostFunction(name: string, parts: () => Parts): NativeFunction {
  if (name.startsWith('invoke_ji')) return invokerOfBigInt(invoker(parts)) as unknown as NativeFunction;
  if (name.startsWith('invoke_')) return invoker(parts);
  switch (name) {
    case '__emscripten_throw_longjmp':
      return () => {
        throw new LongJump();
      };
    case '_emscripten_resize_heap':
      return (bytesWanted = 0) => grow(parts().memory, bytesWanted);
    case '_fd_write':
      return (_file, vectors = 0, count = 0, written = 0) =>
        discardOutput(parts().memory, vectors, count, written);
    case '_fd_close':
    case '_fd_read':
    case '_fd_seek':
    case '__setitimer_js':
    case '__emscripten_runtime_keepalive_clear':
      return () => 0;
    default:
      // ___assert_fail, __abort_js, _exit, _proc_exit, and whatever a later version may ask for.
      return () => {
        throw new ParserStopped(`the parser called ${name}`);
      };
  }
}

/** A call that returns a 64-bit integer must give a bigint also where a long jump ended it. */
function invokerOfBigInt(invoke: NativeFunction): (...args: number[]) => bigint {
  return (...args) => BigInt(invoke(...args));
}

/** Unpacks and compiles the parser once. */
export async function compileParser(): Promise<object> {
  const bytes = brotliDecompressSync(Buffer.from(wasmBrotliBase64, 'base64'));
  return webAssembly().compile(bytes);
}

function webAssembly(): WebAssemblyLike {
  return (globalThis as unknown as { WebAssembly: WebAssemblyLike }).WebAssembly;
}

/** A fresh parser with its own memory. */
export function startParser(module: object): ParserInstance {
  let parts: Parts | null = null;
  const ready = (): Parts => {
    if (parts === null) throw new ParserStopped('the parser asked its host before it started');
    return parts;
  };
  const imports = Object.fromEntries(
    Object.entries(importNames).map(([short, name]) => [short, hostFunction(name, ready)]),
  );
  const { exports } = new (webAssembly().Instance)(module, { a: imports });
  const offered = (name: string): unknown => exports[exportNames[name] ?? ''];
  const native = (name: string): NativeFunction => offered(name) as NativeFunction;
  const memory = offered('memory') as Memory;
  parts = {
    memory,
    table: offered('__indirect_function_table') as Parts['table'],
    stackSave: native('_emscripten_stack_get_current'),
    stackRestore: native('__emscripten_stack_restore'),
    setThrew: native('_setThrew'),
  };
  native('start')();
  return {
    bytes: () => new Uint8Array(memory.buffer),
    words: () => new Int32Array(memory.buffer),
    malloc: native('_malloc'),
    free: native('_free'),
    parse: native('_wasm_parse_query_raw'),
    freeParseResult: native('_wasm_free_parse_result'),
    parsePlpgsql: native('_wasm_parse_plpgsql'),
    freeString: native('_wasm_free_string'),
  };
}
