/** Where the cache lives: the forms of a URL, what belongs to which kind of place, and what is refused. */
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../src/config/config.js';
import type { Config } from '../../src/config/schema.js';
import { parseStoreUrl } from '../../src/config/store-url.js';

const resolve = (topology: unknown) => resolveConfig({ topology } as Config, {}).topology;
const refusal = (topology: unknown): string => {
  try {
    return `accepted: ${JSON.stringify(resolve(topology))}`;
  } catch (error) {
    return String(error);
  }
};

const at = (host: string, port = 6379) => ({ host, port });

describe('the URL of a server', () => {
  it.each([
    ['redis://example', { address: at('example'), isSecure: false }],
    ['redis://example:7000/3', { address: at('example', 7000), isSecure: false, database: 3 }],
    ['rediss://[::1]:7000', { address: at('::1', 7000), isSecure: true }],
    ['valkeys://example', { address: at('example'), isSecure: true }],
    ['redis://:pa%40ss@example', { address: at('example'), isSecure: false, password: 'pa@ss' }],
    [
      'rediss://user:p%25@example/0',
      { address: at('example'), isSecure: true, username: 'user', password: 'p%', database: 0 },
    ],
    ['unix:///run/redis.sock', { address: { path: '/run/redis.sock' }, isSecure: false }],
    [
      'redis+unix:///run/a%20b.sock?db=2',
      { address: { path: '/run/a b.sock' }, isSecure: false, database: 2 },
    ],
  ])('%s', (url, expected) => {
    expect(parseStoreUrl(url)).toEqual(expected);
  });

  it.each(['', 'example', 'http://example', 'redis://', 'redis://example/three', 'unix://'])(
    '%j is none',
    (url) => {
      expect(parseStoreUrl(url)).toBeNull();
      expect(refusal({ kind: 'single', url })).toContain('topology.url must be a URL like');
    },
  );
});

describe('a server outside of this process', () => {
  it('has its limits of time, and all that its URL says', () => {
    expect(resolve({ kind: 'single', url: 'rediss://u:p@example/1', commandTimeout: '1s' })).toEqual({
      kind: 'single',
      address: at('example'),
      remote: {
        tls: {},
        username: 'u',
        password: 'p',
        database: 1,
        connectTimeoutMs: 2_000,
        commandTimeoutMs: 1_000,
        reconnectMsMax: 2_000,
      },
    });
  });

  it('may have its credentials and TLS beside the URL', () => {
    const { remote } = resolve({
      kind: 'single',
      url: 'redis://example',
      username: 'u',
      password: 'p',
      database: 2,
      tls: { servername: 'other', rejectUnauthorized: false },
    }) as Extract<ReturnType<typeof resolve>, { kind: 'single' }>;
    expect(remote).toMatchObject({
      username: 'u',
      password: 'p',
      database: 2,
      tls: { servername: 'other', rejectUnauthorized: false },
    });
  });

  it.each([
    [{ kind: 'single' }, "topology.url is needed where topology.kind is 'single'"],
    [
      { kind: 'single', url: 'redis://a:b@c', password: 'd' },
      'topology.password is given in topology.url already',
    ],
    [{ kind: 'single', url: 'redis://c', username: 'd' }, 'topology.username needs a password beside it'],
    [
      { kind: 'single', url: 'redis://c', listen: { port: 0 } },
      "topology.listen must not be given where topology.kind is 'single'",
    ],
    [{ url: 'redis://c' }, "topology.url must not be given where topology.kind is 'embedded'"],
    [{ commandTimeout: 1 }, "topology.commandTimeout must not be given where topology.kind is 'embedded'"],
    [{ kind: 'single', url: 'redis://c', commandTimeout: 0 }, 'topology.commandTimeout must be'],
    [{ kind: 'single', url: 'redis://c', tls: { ca: 5 } }, 'topology.tls.ca must be certificates in PEM'],
    [
      { kind: 'single', url: 'redis://c', tls: { rejectUnauthorized: 'no' } },
      'topology.tls.rejectUnauthorized must be true or false',
    ],
  ])('%j is refused', (topology, said) => {
    expect(refusal(topology)).toContain(said);
  });

  it('may be given by variables of the environment', () => {
    const environment = {
      LOOKASIDE_TOPOLOGY_KIND: 'single',
      LOOKASIDE_TOPOLOGY_URL: 'redis://example',
      LOOKASIDE_TOPOLOGY_PASSWORD: '12345',
      LOOKASIDE_TOPOLOGY_TLS_REJECT_UNAUTHORIZED: 'false',
    };
    expect(resolveConfig({}, environment).topology).toMatchObject({
      kind: 'single',
      remote: { password: '12345', tls: { rejectUnauthorized: false } },
    });
  });
});

describe('several servers', () => {
  const limits = { connectTimeoutMs: 2_000, commandTimeoutMs: 500, reconnectMsMax: 2_000 };

  it('under Sentinel: nodes and sentinels each have their credentials, and one TLS unless told', () => {
    const given = { kind: 'sentinel', name: 'main', sentinels: ['one:26379', { host: '::1', port: 2 }] };
    const nobody = { username: undefined, password: undefined, tls: null, database: 0, ...limits };
    expect(resolve(given)).toEqual({
      kind: 'sentinel',
      name: 'main',
      sentinels: [at('one', 26_379), at('::1', 2)],
      natMap: {},
      remote: nobody,
      witnesses: nobody,
    });
    expect(
      resolve({ ...given, password: 'a', sentinelPassword: 'b', database: 2, tls: { ca: 'c' } }),
    ).toMatchObject({
      remote: { password: 'a', database: 2, tls: { ca: 'c' } },
      witnesses: { password: 'b', database: 0, tls: { ca: 'c' } },
    });
    expect(resolve({ ...given, sentinelTls: { ca: 'd' } })).toMatchObject({
      remote: { tls: null },
      witnesses: { tls: { ca: 'd' } },
    });
  });

  it('in a Cluster: some of the nodes, and where they are reached', () => {
    expect(resolve({ kind: 'cluster', nodes: ['[::1]:1'], natMap: { '10.0.0.1:6379': 'here:1' } })).toEqual({
      kind: 'cluster',
      nodes: [at('::1', 1)],
      natMap: { '10.0.0.1:6379': at('here', 1) },
      remote: { username: undefined, password: undefined, tls: null, database: 0, ...limits },
    });
  });

  it('may be given by variables of the environment', () => {
    const environment = {
      LOOKASIDE_TOPOLOGY_KIND: 'sentinel',
      LOOKASIDE_TOPOLOGY_NAME: 'main',
      LOOKASIDE_TOPOLOGY_SENTINELS: 'one:1, two:2',
    };
    expect(resolveConfig({}, environment).topology).toMatchObject({
      sentinels: [at('one', 1), at('two', 2)],
    });
  });

  it.each([
    [{ kind: 'sentinel', name: 'a' }, "topology.sentinels is needed where topology.kind is 'sentinel'"],
    [{ kind: 'sentinel', sentinels: ['a:1'] }, "topology.name is needed where topology.kind is 'sentinel'"],
    [{ kind: 'cluster' }, "topology.nodes is needed where topology.kind is 'cluster'"],
    [{ kind: 'cluster', nodes: [] }, 'topology.nodes must have the address of at least one of the nodes'],
    [{ kind: 'cluster', nodes: ['a'] }, 'topology.nodes.0 must be an address like'],
    [{ kind: 'cluster', nodes: ['a:70000'] }, 'topology.nodes.0 must be an address like'],
    [{ kind: 'cluster', nodes: [{ host: 'a', port: 1, tls: true }] }, 'topology.nodes.0 must be an address'],
    [{ kind: 'cluster', nodes: ['a:1'], natMap: { 'b:1': 'c' } }, 'topology.natMap.b:1 must be an address'],
    [
      { kind: 'cluster', nodes: ['a:1'], database: 1 },
      "topology.database must not be given where topology.kind is 'cluster'",
    ],
    [
      { kind: 'sentinel', name: 'a', sentinels: ['a:1'], sentinelUsername: 'b' },
      'topology.sentinelUsername needs a sentinelPassword beside it',
    ],
  ])('%j is refused', (topology, said) => {
    expect(refusal(topology)).toContain(said);
  });
});

describe('consistency', () => {
  const bounded = (more: object): string => {
    try {
      return `accepted: ${String(resolveConfig(Object.assign({ consistency: 'bounded' }, more) as Config, {}).boundMs)}`;
    } catch (error) {
      return String(error);
    }
  };

  it('bounded has a bound, and a server that can tell', () => {
    const topology = { kind: 'single', url: 'redis://example' };
    expect(bounded({ topology })).toBe('accepted: 1000');
    expect(bounded({ topology, bound: '200ms' })).toBe('accepted: 200');
    expect(bounded({ topology, bound: 1 })).toContain('bound must be');
    expect(bounded({ topology: { kind: 'cluster', nodes: ['a:1'] } })).toBe('accepted: 1000');
    expect(bounded({})).toContain("consistency must be 'strict' where topology.kind is 'embedded'");
    expect(refusalOf({ bound: '1s' })).toContain("bound must not be given where consistency is 'strict'");
  });
});

function refusalOf(config: unknown): string {
  try {
    return JSON.stringify(resolveConfig(config as Config, {}));
  } catch (error) {
    return String(error);
  }
}
