/** Decides what is said about where figures come from: processor, versions, and how busy the machine was. */
import { createRequire } from 'node:module';
import { cpus, loadavg, totalmem } from 'node:os';

const require = createRequire(import.meta.url);

export interface Servers {
  readonly postgres?: string;
  readonly mariadb?: string;
  readonly redis?: string;
}

export function describeMachine(servers: Servers, packages: readonly string[]): string {
  const processors = cpus();
  const parts = [
    `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown processor'}`,
    `${Math.round(totalmem() / 2 ** 30)} GB`,
    `Node ${process.versions.node}`,
    ...(servers.postgres === undefined ? [] : [`Postgres ${servers.postgres}`]),
    ...(servers.mariadb === undefined ? [] : [`MariaDB ${servers.mariadb}`]),
    ...(servers.redis === undefined ? [] : [`redis-server ${servers.redis}`]),
    ...packages.map((name) => `${name} ${versionOf(name)}`),
  ];
  const load = loadavg()[0] ?? 0;
  const busy = load > 1 ? ` The machine was not idle: load average ${load.toFixed(1)} at the start.` : '';
  return `Machine: ${parts.join(', ')}.${busy}`;
}

/** By its file, since not every package lets `package.json` be required. */
function versionOf(name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return (require(`${folder}/${name}/package.json`) as { readonly version: string }).version;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND')) throw error;
    }
  }
  throw new Error(`${name} is not installed`);
}
