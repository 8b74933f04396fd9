/** HyperLogLogs have the bytes and the counts that they have on a real redis-server. */
import { expect, it } from 'vitest';
import { createServer } from '../../src/server/index.js';
import { describeGenerated } from './generated.js';
import { hyperloglog } from './hyperloglog.js';

describeGenerated(hyperloglog);

it('PFSELFTEST finds nothing wrong', async () => {
  const server = createServer();
  expect(server.executeText('PFSELFTEST')).toBe('OK');
  await server.close();
});
