/**
 * Decides when the run's servers of the MySQL family start: with the first test file that asks for one, so that a run
 * without such a file does not wait for them. Knows nothing of what the files do with them.
 */
import { createServer } from 'node:http';
import { startMariadb } from '../../scripts/lib/mariadb.js';
import { startMysql57 } from '../../scripts/lib/mysql57.js';
import { messageOf } from '../../src/errors.js';
import type { MysqlFlavour, MysqlSource, MysqlSources } from './sources.js';

export interface MysqlOnDemand {
  /** On loopback: `GET /mariadb` answers with the URL of the run's MariaDB, started if it was not. */
  readonly port: number;
  stop(): Promise<void>;
}

interface SharedMysql {
  readonly url: string;
  stop(): Promise<unknown>;
}

export async function mysqlOnDemand(sources: MysqlSources): Promise<MysqlOnDemand> {
  const started = new Map<MysqlFlavour, Promise<SharedMysql>>();
  const shared = (flavour: MysqlFlavour): Promise<SharedMysql> => {
    const running = started.get(flavour) ?? start(flavour, sources[flavour]);
    started.set(flavour, running);
    return running;
  };
  const server = createServer((request, response) => {
    const flavour = (request.url ?? '').slice(1);
    const answer = isFlavour(flavour, sources)
      ? shared(flavour).then(({ url }) => url)
      : Promise.reject(new Error(`There is no server ${flavour}.`));
    answer.then(
      (url) => response.end(url),
      (error: unknown) => response.writeHead(500).end(messageOf(error)),
    );
  });
  const port = await listen(server);
  const stop = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    const servers = await Promise.allSettled(started.values());
    await Promise.all(servers.map(async (one) => one.status === 'fulfilled' && one.value.stop()));
  };
  return { port, stop };
}

/** Asks for it from a test file. @throws with the reason when it did not start */
export async function askForMysql(port: number, flavour: MysqlFlavour): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/${flavour}`);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}

const isFlavour = (name: string, sources: MysqlSources): name is MysqlFlavour => Object.hasOwn(sources, name);

function listen(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      server.unref();
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('no port'));
      else resolve(address.port);
    });
  });
}

async function start(flavour: MysqlFlavour, source: MysqlSource): Promise<SharedMysql> {
  switch (source.from) {
    case 'nowhere':
      throw new Error(`No ${flavour}: ${source.reason}.`);
    case 'url':
      return { url: source.url, stop: async () => undefined };
    case 'launcher':
      return flavour === 'mysql57' ? startMysql57() : startMariadb();
    case 'docker':
      return startContainer(source.image);
  }
}

const inContainer = [
  '--log-bin=binlog',
  '--binlog-format=ROW',
  '--server-id=1',
  '--performance-schema=ON',
  '--max-connections=300',
  '--innodb-flush-log-at-trx-commit=2',
  '--sync-binlog=0',
];

async function startContainer(image: string): Promise<SharedMysql> {
  // Loaded only where it is used: it takes long to load.
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(image)
    .withEnvironment({ MYSQL_ALLOW_EMPTY_PASSWORD: '1', MARIADB_ALLOW_EMPTY_ROOT_PASSWORD: '1' })
    .withCommand([...inContainer])
    .withExposedPorts(3306)
    // The image starts its server twice; the one that fills the data directory listens on no port.
    .withWaitStrategy(Wait.forAll([Wait.forLogMessage(/port: 3306/), Wait.forListeningPorts()]))
    .start();
  return {
    url: `mysql://root@${container.getHost()}:${container.getMappedPort(3306)}`,
    stop: () => container.stop(),
  };
}
