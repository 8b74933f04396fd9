/** The behaviours of a store, over topologies of several servers: the same as over one. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createCertificate } from '../../scripts/lib/redis-tls.js';
import { diagnose } from '../../src/index.js';
import { describeWithCluster, startCluster, withClient } from '../support/cluster.js';
import { ask, describeWithSentinel, startSentinels } from '../support/sentinel.js';
import { behavesAsAStore } from './behaviours.js';

/** What docs/topologies.md says that the user of a cache needs. */
function rightsDocumented(of: 'nodes' | 'sentinels'): string {
  const page = readFileSync('docs/topologies.md', 'utf8');
  const rights = new RegExp(`^ACL SETUSER \\S+ on \\S+ (.+) # ${of}$`, 'm').exec(page)?.[1];
  if (rights === undefined)
    throw new Error(`docs/topologies.md does not say what rights on ${of} are needed`);
  return rights;
}

describeWithSentinel('under Sentinel', () => {
  behavesAsAStore('three sentinels, a primary and two replicas', async () => {
    const running = await startSentinels();
    const { topology } = running;
    return {
      configs: [{ topology }, { topology: { ...topology, sentinels: topology.sentinels.slice(1, 2) } }],
      flush: async () =>
        void (await ask(running.client(await running.primary()), (client) => client.flushall())),
      stop: () => running.stop(),
    };
  });

  behavesAsAStore('nodes and sentinels that want a user, in another database', async () => {
    const user = `user app on >secret ${rightsDocumented('nodes')}`;
    const running = await startSentinels({
      nodeConfig: ['requirepass main', 'masterauth main', user],
      sentinelConfig: [
        'sentinel auth-pass main main',
        `user app on >watch ${rightsDocumented('sentinels')}`,
        'requirepass main',
      ],
      login: { password: 'main' },
      sentinelLogin: { password: 'main' },
    });
    const topology = {
      ...running.topology,
      username: 'app',
      password: 'secret',
      sentinelUsername: 'app',
      sentinelPassword: 'watch',
      database: 3,
    };
    return {
      configs: [{ topology }, { topology }],
      flush: async () =>
        void (await ask(running.client(await running.primary()), (client) => client.flushall())),
      stop: () => running.stop(),
    };
  });
});

describeWithSentinel('the doctor', () => {
  it('finds nothing wrong with nodes that a user with the documented rights may ask', async () => {
    const running = await startSentinels({
      nodeConfig: ['requirepass main', 'masterauth main', `user app on >secret ${rightsDocumented('nodes')}`],
      sentinelConfig: ['sentinel auth-pass main main'],
      login: { password: 'main' },
    });
    const cluster = await startCluster({
      nodeConfig: ['requirepass main', 'masterauth main', `user app on >secret ${rightsDocumented('nodes')}`],
      login: { password: 'main' },
    });
    try {
      for (const { topology } of [running, cluster])
        for (const consistency of ['strict', 'bounded'] as const) {
          const config = { topology: { ...topology, username: 'app', password: 'secret' }, consistency };
          expect(await diagnose(config)).toEqual([]);
        }
      await withClient(cluster, await cluster.ownerOf(0), (client) =>
        client.config('SET', 'maxmemory', '1gb', 'maxmemory-policy', 'allkeys-lru'),
      );
      const topology = { ...cluster.topology, username: 'app', password: 'secret' };
      const [finding] = await diagnose({ topology });
      expect(finding).toMatchObject({ severity: 'error' });
      expect(finding?.text).toMatch(/:\d+: .*maxmemory-policy is allkeys-lru.* set it to volatile-lru/);
    } finally {
      await Promise.all([running.stop(), cluster.stop()]);
    }
  });
});

describeWithSentinel('bounded', () => {
  behavesAsAStore('under Sentinel', async () => {
    const running = await startSentinels();
    const config = { topology: running.topology, consistency: 'bounded' } as const;
    return {
      configs: [config, config],
      flush: async () =>
        void (await ask(running.client(await running.primary()), (client) => client.flushall())),
      stop: () => running.stop(),
    };
  });
});

describeWithCluster('bounded', () => {
  behavesAsAStore('in a Cluster', async () => {
    const cluster = await startCluster();
    const config = { topology: cluster.topology, consistency: 'bounded' } as const;
    return {
      configs: [config, config],
      flush: async () => {
        for (const node of cluster.nodes.slice(0, 3))
          await withClient(cluster, node, (client) => client.flushall());
      },
      stop: () => cluster.stop(),
    };
  });
});

describeWithSentinel('by TLS', () => {
  behavesAsAStore('sentinels and nodes that know nothing else', async () => {
    const certificate = await createCertificate();
    const running = await startSentinels({ certificate });
    const topology = { ...running.topology, tls: { ca: certificate.ca } };
    return {
      configs: [{ topology }, { topology }],
      flush: async () =>
        void (await ask(running.client(await running.primary()), (client) => client.flushall())),
      stop: async () => {
        await running.stop();
        await certificate.remove();
      },
    };
  });
});

describeWithCluster('in a Cluster', () => {
  behavesAsAStore('nodes that know nothing but TLS, and want a user', async () => {
    const certificate = await createCertificate();
    const cluster = await startCluster({
      certificate,
      nodeConfig: ['requirepass main', 'masterauth main', `user app on >secret ${rightsDocumented('nodes')}`],
      login: { password: 'main' },
    });
    const topology = {
      ...cluster.topology,
      tls: { ca: certificate.ca },
      username: 'app',
      password: 'secret',
    };
    return {
      configs: [{ topology }, { topology }],
      flush: async () => {
        for (const node of cluster.nodes.slice(0, 3))
          await withClient(cluster, node, (client) => client.flushall());
      },
      stop: async () => {
        await cluster.stop();
        await certificate.remove();
      },
    };
  });

  behavesAsAStore('three primaries and three replicas', async () => {
    const cluster = await startCluster();
    const { topology } = cluster;
    return {
      configs: [{ topology }, { topology: { ...topology, nodes: topology.nodes.slice(-1) } }],
      flush: async () => {
        for (const node of cluster.nodes.slice(0, 3))
          await withClient(cluster, node, (client) => client.flushall());
      },
      stop: () => cluster.stop(),
    };
  });
});
