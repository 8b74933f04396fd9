/**
 * Decides how results of any async function are cached: `getOrSet` and `wrap`. They depend on what the caller
 * declares and on every query that went through the cache while they ran.
 */
import { serialize } from 'node:v8';
import type { Engine, Execution, ResultGroup } from './engine.js';
import type { Dependencies } from './entry.js';
import { NAMESPACE_ROOT, tagRef } from './protocol/keys.js';
import type { Ref } from './protocol/refs.js';
import { type Collector, runInScope } from './scope.js';
import { deserializeValue, type SerializedValue, serializedValueCodec, serializeValue } from './values.js';

export interface LoadRequest<T> {
  /** Unique among what this cache holds for functions. */
  readonly key: string;
  readonly load: () => Promise<T>;
  readonly ttlMs: number;
  /** Declared: tags and tables. */
  readonly refs: readonly Ref[];
}

export class FunctionCache {
  private readonly group: ResultGroup<SerializedValue>;

  constructor(
    private readonly engine: Engine,
    private readonly namespace: string,
  ) {
    this.group = engine.createGroup();
  }

  /** A hit costs a deserialisation of the value (about 1 µs and up, by its size). */
  async load<T>(request: LoadRequest<T>): Promise<T> {
    const hit = this.engine.peek(this.group, request.key);
    if (hit !== undefined) return deserializeValue(hit) as T;
    const served = await this.engine.read<SerializedValue, T>({
      group: this.group,
      key: request.key,
      identity: ['function', request.key],
      refs: [tagRef(this.namespace, NAMESPACE_ROOT), ...request.refs],
      codec: serializedValueCodec,
      ttlMs: request.ttlMs,
      execute: () => this.execute(request),
    });
    return served.from === 'database' ? served.result : (deserializeValue(served.payload) as T);
  }

  /**
   * Runs the function and collects what its queries depended on. Its own tokens were captured before, those of
   * its queries before each query was sent: the whole is dead as soon as one of its parts is. What it read past
   * the cache has no tokens: then only what the caller declared can vouch for the result.
   */
  private async execute<T>({ load, refs }: LoadRequest<T>): Promise<Execution<SerializedValue, T>> {
    const inherited: Dependencies[] = [];
    let unvouched = false;
    const collect: Collector = {
      depends: (dependencies) => void inherited.push(dependencies),
      unknown: (kind) => void (unvouched ||= kind === 'refused' || refs.length === 0),
    };
    const result = await runInScope({ collect }, async () => load());
    if (unvouched) return { result, payload: null, reason: 'built-on-uncached-reads' };
    const payload = serializeValue(result);
    return payload === null
      ? { result, payload, reason: 'not-reproducible' }
      : { result, payload, inherited };
  }
}

/** The key of a call, or null when its arguments cannot be told apart by their looks. */
export function keyOfCall(name: string, args: readonly unknown[]): string | null {
  const form = serializeValue(args);
  return form === null ? null : `${name}(${serialize(args).toString('base64url')})`;
}
