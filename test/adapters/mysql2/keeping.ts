/** Decides how tests keep what the driver received: every command of a pool's connections is captured. Caches nothing. */
import type { Pool } from 'mysql2';
import { type Capture, captureResult } from '../../../src/adapters/mysql2/capture.js';
import { type Driver, driverOf, factsOf, isExecute, isQuery } from '../../../src/adapters/mysql2/driver.js';
import type { Payload } from '../../../src/adapters/mysql2/payload.js';
import type { Reader } from '../../../src/adapters/mysql2/replay.js';
import type { Command, MysqlConnection } from '../../../src/adapters/mysql2/shapes.js';

export interface Keeping {
  /** Of the command that was queued last. */
  outcome(): ReturnType<Capture['outcome']>;
  /** The same where it must be a result. */
  payload(): Payload;
  reader(): Reader;
}

/** To be called before the pool has connected. */
export function keep(pool: Pool, bytesMax = 1e9): Keeping {
  let last: Capture | null = null;
  let reader: Reader | null = null;
  pool.on('connection', (given) => {
    const connection = given as unknown as MysqlConnection;
    const driver: Driver = driverOf(connection);
    reader = { driver, config: connection.config, facts: factsOf(connection) };
    const { addCommand } = connection;
    connection.addCommand = function <C extends Command>(command: C): C {
      if (isQuery(command) || isExecute(command)) last = captureResult(command, { driver, bytesMax });
      return addCommand.call(this, command) as C;
    };
  });
  const outcome: Keeping['outcome'] = () =>
    last?.outcome() ?? { payload: null, reason: 'nothing was queued' };
  return {
    outcome,
    payload() {
      const seen = outcome();
      if (seen.payload === null) throw new Error(`nothing was kept: ${seen.reason}`);
      return seen.payload;
    },
    reader() {
      if (reader === null) throw new Error('nobody has connected');
      return reader;
    },
  };
}
