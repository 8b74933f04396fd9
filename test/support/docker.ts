/** Decides, quickly, whether containers can be started here. Knows no image. */
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A daemon that does not answer a ping by then is as good as none for tests. */
const pingPatienceMs = 800;

/** Pings the daemon that DOCKER_HOST names, else the usual sockets. Without a socket file this costs nothing. */
export async function dockerRuns(environment: NodeJS.ProcessEnv = process.env): Promise<boolean> {
  const configured = environment['DOCKER_HOST'];
  if (configured?.startsWith('tcp://')) {
    const { hostname, port } = new URL(configured);
    return answersPing({ host: hostname, port: Number(port || 2375) });
  }
  const sockets = configured?.startsWith('unix://')
    ? [configured.slice('unix://'.length)]
    : ['/var/run/docker.sock', join(homedir(), '.docker', 'run', 'docker.sock')];
  for (const socketPath of sockets)
    if (existsSync(socketPath) && (await answersPing({ socketPath }))) return true;
  return false;
}

function answersPing(target: { socketPath: string } | { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const ping = request({ ...target, path: '/_ping', timeout: pingPatienceMs }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy(new Error('no answer')));
    ping.on('error', () => resolve(false));
    ping.end();
  });
}
