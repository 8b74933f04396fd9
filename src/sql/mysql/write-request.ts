/** Decides which kinds of changes there are to the rows of a table of MySQL. */
import type { Change as AnyChange, WriteRequest as AnyWriteRequest } from '../rows/write-requests.js';
import type { Relation } from './catalog.js';

export type WriteEvent = 'insert' | 'update' | 'delete';
export type Change = AnyChange<WriteEvent>;
export type WriteRequest = AnyWriteRequest<Relation, WriteEvent>;
