/** Decides how a query is watched while pg runs it: the raw cells are kept beside the result that the caller gets. */

import type { Captured } from '../reads.js';
import type { Database } from './databases.js';
import {
  type KeptRow,
  keepRow,
  type Payload,
  payloadOf,
  rowBytes,
  type SharedFields,
  sharedFields,
} from './payload.js';
import type { Cells, Field, PgQuery, QueryConfig, QueryConstructor } from './shapes.js';

export interface CapturingQuery extends PgQuery {
  /** Whose results it may fill: the connection that runs it must see that one. */
  readonly database: Database;
  /** From now on nothing is kept: the client that runs it must not fill. */
  refuse(reason: string): void;
  /** What was seen, or why nothing may be kept. To be asked once the query has succeeded. */
  outcome(): Captured<Payload>;
}

export interface Filling {
  readonly database: Database;
  /** Whose results have the same columns, mostly. */
  readonly group: object;
  /** Results longer than this are not kept while they arrive. */
  readonly bytesMax: number;
}

export type CapturingConstructor = new (
  config: QueryConfig | string,
  values: unknown,
  filling: Filling,
) => CapturingQuery;

const capturing = Symbol('lookaside.capturing');

export const isCapturing = (query: object): query is CapturingQuery => capturing in query;

const classes = new WeakMap<QueryConstructor, CapturingConstructor>();

/** The capturing subclass of an application's own `pg.Query`. */
export function capturingQuery(Query: QueryConstructor): CapturingConstructor {
  let known = classes.get(Query);
  if (known === undefined) classes.set(Query, (known = subclass(Query)));
  return known;
}

function subclass(Query: QueryConstructor): CapturingConstructor {
  return class Capturing extends Query implements CapturingQuery {
    readonly [capturing] = true;
    private refusal: string | null = null;
    private shared: SharedFields | null = null;
    private kept: KeptRow[] = [];
    private bytes = 0;
    private tag: string | null = null;

    readonly database: Database;
    private readonly group: object;
    private readonly bytesMax: number;

    constructor(config: QueryConfig | string, values: unknown, { database, group, bytesMax }: Filling) {
      super(config, values);
      this.database = database;
      this.group = group;
      this.bytesMax = bytesMax;
      if (typeof config !== 'string' && config.query_timeout !== undefined)
        this.query_timeout = config.query_timeout;
    }

    refuse(reason: string): void {
      this.refusal ??= reason;
      this.kept = [];
    }

    outcome(): Captured<Payload> {
      const { tag, shared } = this;
      if (this.refusal !== null) return { payload: null, reason: this.refusal };
      if (tag === null || shared === null) return { payload: null, reason: 'no-rows-described' };
      return { payload: payloadOf(tag, shared, this.kept, this.bytes) };
    }

    override handleRowDescription(message: { fields: Field[] }): void {
      if (this.shared !== null) this.refuse('several-results');
      else if (message.fields.some(({ format }) => format !== 'text')) this.refuse('binary');
      this.shared = sharedFields(this.group, message.fields); // the array itself becomes the caller's `result.fields`
      super.handleRowDescription(message);
    }

    override handleDataRow(message: { fields: Cells }): void {
      if (this.refusal === null) {
        this.bytes += rowBytes(message.fields);
        if (this.bytes > this.bytesMax) this.refuse('too-large');
        else this.kept.push(keepRow(message.fields));
      }
      super.handleDataRow(message);
    }

    override handleCommandComplete(message: { text: string }, connection: unknown): void {
      if (this.tag !== null) this.refuse('several-results');
      this.tag = message.text;
      super.handleCommandComplete(message, connection);
    }
  };
}
