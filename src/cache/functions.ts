/**
 * Decides how results of any async function are cached: `getOrSet` and `wrap`. They depend on what the caller
 * declares and on every query that went through the cache while they ran.
 */
import { createHash } from 'node:crypto';
import type { Engine, Execution, ReadRequest, ResultGroup, Served } from './engine.js';
import type { Dependencies } from './entry.js';
import type { Leases } from './leases.js';
import { leaseKey, NAMESPACE_ROOT, tagRef } from './protocol/keys.js';
import type { Ref } from './protocol/refs.js';
import { type Collector, currentScope, runInScope } from './scope.js';
import { digestOf } from './store.js';
import { deserializeValue, type SerializedValue, serializedValueCodec, serializeValue } from './values.js';

export interface LoadRequest<T> {
  /** Unique among what this cache holds for functions. */
  readonly key: string;
  readonly load: () => Promise<T>;
  readonly ttlMs: number;
  /** Declared: tags and tables. */
  readonly refs: readonly Ref[];
  /** How long other processes wait for this one's result at most, in ms; null: they do not. */
  readonly leaseMs: number | null;
}

export class FunctionCache {
  private readonly group: ResultGroup<SerializedValue>;

  constructor(
    private readonly engine: Engine,
    private readonly namespace: string,
    private readonly leases: Leases | null = null,
  ) {
    this.group = engine.createGroup();
  }

  /** A hit costs a deserialisation of the value (about 1 µs and up, by its size). */
  async load<T>(request: LoadRequest<T>): Promise<T> {
    const key = nameOf(request);
    const hit = this.engine.peek(this.group, key);
    if (hit !== undefined) return deserializeValue(hit) as T;
    let release: (() => void) | null = null;
    const read: ReadRequest<SerializedValue, T> = {
      group: this.group,
      key,
      identity: ['function', key],
      refs: [tagRef(this.namespace, NAMESPACE_ROOT), ...request.refs],
      codec: serializedValueCodec,
      ttlMs: request.ttlMs,
      execute: () => this.take(request, read, (done) => (release = done)),
    };
    try {
      return valueOf(await this.engine.read(read));
    } finally {
      if (release !== null) void this.engine.stored().then(release); // those who wait are to find it
    }
  }

  /** One process at a time, where that is asked for. What another found out is a result built on its entry. */
  private async take<T>(
    request: LoadRequest<T>,
    read: ReadRequest<SerializedValue, T>,
    onTaken: (done: () => void) => void,
  ): Promise<Execution<SerializedValue, T>> {
    if (request.leaseMs === null || this.leases === null) return this.execute(request);
    const turn = await this.leases.turn({
      key: leaseKey(this.namespace, digestOf(read.identity)),
      leaseMs: request.leaseMs,
      find: () => this.engine.findAgain(read),
    });
    if (turn.kind === 'run') {
      onTaken(turn.done);
      return this.execute(request);
    }
    const { payload, dependencies } = turn.hit;
    const result = deserializeValue(payload) as T;
    return { result, payload: null, inherited: [dependencies], reason: 'loaded-by-another-process' };
  }

  /**
   * Runs the function and collects what its queries depended on. Its own tokens were captured before, those of
   * its queries before each query was sent: the whole is dead as soon as one of its parts is. What it read past
   * the cache has no tokens: then only what the caller declared can vouch for the result.
   */
  private async execute<T>({ load, refs }: LoadRequest<T>): Promise<Execution<SerializedValue, T>> {
    const inherited: Dependencies[] = [];
    const unvouched = new Set<Parameters<Collector['unknown']>[0]>();
    const outer = currentScope()?.collect;
    const collect: Collector = {
      depends: (dependencies) => void inherited.push(dependencies),
      unknown: (kind) => {
        if (kind === 'refused' || refs.length === 0) unvouched.add(kind);
      },
    };
    const result = await runInScope({ collect }, async () => load());
    // Stored or not, a function around this one is built on the same.
    for (const kind of unvouched) outer?.unknown(kind);
    if (unvouched.size > 0) return { result, payload: null, inherited, reason: 'built-on-uncached-reads' };
    const payload = serializeValue(result);
    return payload === null
      ? { result, payload, inherited, reason: 'not-reproducible' }
      : { result, payload, inherited };
  }
}

const valueOf = <T>(served: Served<SerializedValue, T>): T =>
  served.from === 'database' ? served.result : (deserializeValue(served.payload) as T);

/** The same key with other declarations is another entry: a hit must die with what its own caller declared. */
const nameOf = ({ key, refs }: LoadRequest<unknown>): string =>
  refs.length === 0 ? key : `${key}\n${refs.map(({ table }) => table).join('\n')}`;

/** Longer arguments are named by their digest: keys are held beside the results. */
const PLAIN_ARGUMENTS_BYTES_MAX = 96;

/**
 * The key of a call, or null when its arguments cannot be told apart by their looks. Objects whose properties
 * come in another order are other arguments: a function may see the order. Equal arguments that V8 keeps
 * differently (an array made with holes, say) may have two keys: that costs a miss.
 */
export function keyOfCall(name: string, args: readonly unknown[]): string | null {
  const form = serializeValue(args);
  if (form === null) return null;
  const text =
    form.length <= PLAIN_ARGUMENTS_BYTES_MAX
      ? form.toString('base64url')
      : `#${createHash('sha256').update(form).digest('base64url')}`;
  return `${name}(${text})`;
}
