/** Decides what a watched connection of mysql2 may ask, beside what all may, of the pool or connection that it belongs to. */
import type { Backend, MysqlSession } from '../../sql/mysql/database.js';
import type { Host as AnyHost } from '../host.js';
import type { Database } from './databases.js';
import type { Driver, WireFacts } from './driver.js';
import type { Payload } from './payload.js';

/** How results are decoded without a connection, as one in its settled session would. */
export interface PoolReader {
  readonly driver: Driver;
  readonly facts: WireFacts;
  /** Values that the driver writes into texts are the same to the server. */
  readonly keepsValues: boolean;
}

export interface Host extends AnyHost<MysqlSession, Payload, Backend> {
  /** A connection in its settled session is in use. */
  readonly adopt: (database: Database, reader: () => PoolReader) => void;
}
