/** Decides what a watched connection of pg may ask, beside what all may, of the pool or client that it belongs to. */
import type { Backend, SessionState } from '../../sql/postgres/database.js';
import type { Host as AnyHost } from '../host.js';
import type { Database } from './databases.js';
import type { Driver } from './driver.js';
import type { Payload } from './payload.js';

export interface Host extends AnyHost<SessionState, Payload, Backend> {
  readonly driver: Driver;
  /** A connection in its settled session is in use. */
  readonly adopt: (database: Database) => void;
}
