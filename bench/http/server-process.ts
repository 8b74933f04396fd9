/** Decides nothing: the process in which one contender serves the demo's API. It ends with its parent. */
import { Pool } from 'pg';
import { buildApi } from '../../examples/demo/api.js';
import { argumentsFromParent, endWithParent, failed, tellParent } from '../../examples/demo/parent.js';
import { countQueries } from '../../examples/demo/query-counter.js';
import { constantApi } from './constant-api.js';
import { contenders } from './contenders.js';
import type { FromServer, ServerArguments, ToServer } from './messages.js';

async function main(): Promise<void> {
  endWithParent();
  const { contender, databaseUrl, redisUrl } = argumentsFromParent() as ServerArguments;
  const pool = new Pool({ connectionString: databaseUrl });
  const wire = countQueries(pool);
  const app =
    contender === 'a constant reply' ? constantApi() : buildApi(contenders[contender]({ pool, redisUrl }));
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  process.on('message', (message: ToServer) => {
    if (message.kind === 'stop') process.exit(); // a benchmark has nothing to drain
    tellParent({ kind: 'figures', databaseQueries: wire.queries } satisfies FromServer);
  });
  tellParent({ kind: 'listening', port: Number(new URL(url).port) } satisfies FromServer);
}

main().catch(failed);
