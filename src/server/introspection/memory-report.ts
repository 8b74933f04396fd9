/** Decides what is told about memory: of the data, of clients, of the process. Knows no command. */
import { ClientMemory } from '../client-memory.js';
import type { ServerContext } from '../command.js';

export interface MemoryFacts {
  /** What the keys are counted to weigh. */
  readonly datasetBytes: number;
  readonly clientsBytes: number;
  /** Data and clients. */
  readonly totalBytes: number;
  readonly peakBytes: number;
  readonly startupBytes: number;
  /** Of the whole process, in which other things may live as well. */
  readonly residentBytes: number;
  readonly keys: number;
}

/** Below this a server is too empty to judge. */
const JUDGED_BYTES_MIN = 5 * 1024 * 1024;

export function memoryFacts({ keyspace, clients, statistics }: ServerContext): MemoryFacts {
  const datasetBytes = keyspace.usedBytes;
  const clientsBytes = ClientMemory.sum(clients);
  const totalBytes = Math.max(1, datasetBytes + clientsBytes);
  statistics.peakBytes = Math.max(statistics.peakBytes, totalBytes);
  return {
    datasetBytes,
    clientsBytes,
    totalBytes,
    peakBytes: statistics.peakBytes,
    startupBytes: 0,
    residentBytes: process.memoryUsage.rss(),
    keys: keyspace.databases.reduce((sum, db) => sum + db.size, 0),
  };
}

const EMPTY =
  "Hi Sam, this instance is empty or is using very little memory, my issues detector can't be used in these conditions. Please, leave for your mission on Earth and fill it with some data. The new Sam and I will be back to our programming as soon as I finished rebooting.\n";
const HEALTHY =
  "Hi Sam, I can't find any memory issue in your instance. I can only account for what occurs on this base.\n";

export function memoryDoctor({ totalBytes, peakBytes, clientsBytes, datasetBytes }: MemoryFacts): string {
  if (totalBytes < JUDGED_BYTES_MIN) return EMPTY;
  const issues: string[] = [];
  if (peakBytes / totalBytes > 1.5)
    issues.push(
      ' * Peak memory: In the past this instance used more than 150% the memory that is currently using.\n\n',
    );
  if (clientsBytes > datasetBytes / 2)
    issues.push(' * Big client buffers: The clients take more than half of what the data takes.\n\n');
  return issues.length === 0
    ? HEALTHY
    : `Sam, I detected a few issues in this Redis instance memory implants:\n\n${issues.join('')}I'm here to keep you safe, Sam. I want to help you.\n`;
}
