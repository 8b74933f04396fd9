/** Decides what INFO tells, section by section. Knows nothing of the reply's form. */
import type { ServerContext } from './command.js';
import {
  clientFields,
  cpuFields,
  type Fields,
  keyspaceFields,
  memoryFields,
  replicationFields,
  serverFields,
  statsFields,
} from './introspection/info-fields.js';
import { persistenceFields } from './introspection/persistence-fields.js';

interface Section {
  readonly title: string;
  readonly fields: (server: ServerContext) => Fields;
  /** Only told when asked for by name, or with everything. */
  readonly isLong?: true;
}

/** In Redis' order. */
const sections: Readonly<Record<string, Section>> = {
  server: { title: 'Server', fields: serverFields },
  clients: { title: 'Clients', fields: clientFields },
  memory: { title: 'Memory', fields: memoryFields },
  persistence: { title: 'Persistence', fields: persistenceFields },
  stats: { title: 'Stats', fields: statsFields },
  replication: { title: 'Replication', fields: replicationFields },
  cpu: { title: 'CPU', fields: cpuFields },
  modules: { title: 'Modules', fields: () => ({}) },
  commandstats: { title: 'Commandstats', fields: commandFields, isLong: true },
  errorstats: { title: 'Errorstats', fields: errorFields },
  latencystats: { title: 'Latencystats', fields: latencyFields, isLong: true },
  cluster: { title: 'Cluster', fields: () => ({ cluster_enabled: 0 }) },
  keyspace: { title: 'Keyspace', fields: keyspaceFields },
};

/** The text for the sections asked for; the usual ones when none is named. Unknown names say nothing. */
export function infoText(server: ServerContext, wanted: readonly string[]): string {
  const hasAll = wanted.includes('all') || wanted.includes('everything');
  const hasUsual = wanted.length === 0 || wanted.includes('default');
  const texts: string[] = [];
  for (const [name, { title, fields, isLong }] of Object.entries(sections)) {
    const isWanted = hasAll || wanted.includes(name) || (hasUsual && isLong !== true);
    if (!isWanted) continue;
    const lines = Object.entries(fields(server)).map(([field, value]) => `${field}:${value}\r\n`);
    texts.push(`# ${title}\r\n${lines.join('')}`);
  }
  return texts.join('\r\n');
}

function commandFields({ commands }: ServerContext): Fields {
  const fields: Record<string, string> = {};
  for (const { fullName, counters } of commands.withSubcommands) {
    const { calls, micros, rejected, failed } = counters;
    if (calls === 0 && rejected === 0) continue;
    const each = calls === 0 ? 0 : micros / calls;
    fields[`cmdstat_${fullName}`] =
      `calls=${calls},usec=${Math.floor(micros)},usec_per_call=${each.toFixed(2)},rejected_calls=${rejected},failed_calls=${failed}`;
  }
  return fields;
}

function errorFields({ journal }: ServerContext): Fields {
  const codes = [...journal.errors].sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(codes.map(([code, count]) => [`errorstat_${code}`, `count=${count}`]));
}

function latencyFields({ commands, journal }: ServerContext): Fields {
  const fields: Record<string, string> = {};
  for (const { fullName, counters } of commands.withSubcommands) {
    const { histogram } = counters;
    if (histogram !== null)
      fields[`latency_percentiles_usec_${fullName}`] = journal.percentiles
        .map((percent) => `p${percent}=${histogram.percentile(percent).toFixed(3)}`)
        .join(',');
  }
  return fields;
}
