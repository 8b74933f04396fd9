/**
 * Decides how many queries a pool really sent to its database, counted where the driver writes them to the wire: below
 * any cache, whatever it does. Knows nothing of what they say.
 */
import type { Pool as MysqlPool } from 'mysql2/promise';
import type { Pool, PoolClient } from 'pg';

/** The part of pg's connection that every query passes: `query` in the simple protocol, `execute` in the extended. */
interface Wire {
  query(text: string): void;
  execute(config: unknown, more?: unknown): void;
}

export interface QueryCounter {
  readonly queries: number;
}

export function countQueries(pool: Pool): QueryCounter {
  const counter = { queries: 0 };
  pool.on('connect', (client: PoolClient & { connection?: Wire }) => {
    const wire = client.connection;
    if (wire === undefined) throw new Error('This version of pg has no client.connection to count at.');
    const query = wire.query.bind(wire);
    const execute = wire.execute.bind(wire);
    wire.query = (text) => {
      counter.queries++;
      query(text);
    };
    wire.execute = (config, more) => {
      counter.queries++;
      execute(config, more);
    };
  });
  return counter;
}

/** The part of mysql2's connection that every packet passes; each command's first one has the number 0. */
interface PacketWire {
  readonly sequenceId: number;
  writePacket(packet: unknown): void;
}

export function countMysqlQueries(pool: MysqlPool): QueryCounter {
  const counter = { queries: 0 };
  pool.on('connection', (connection) => {
    const wire = connection as unknown as PacketWire;
    if (typeof wire.writePacket !== 'function')
      throw new Error('This version of mysql2 has no writePacket to count at.');
    const writePacket = wire.writePacket.bind(wire);
    wire.writePacket = (packet) => {
      if (wire.sequenceId === 0) counter.queries++;
      writePacket(packet);
    };
  });
  return counter;
}
