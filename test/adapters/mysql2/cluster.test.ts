/** Decides whether a caller can tell a wrapped cluster of mysql2 from a plain one: nodes, selectors, failures, events, ends. */
import { once } from 'node:events';
import mysql, { type PoolCluster, type PoolClusterOptions } from 'mysql2';
import mysqlPromise, { type PoolCluster as PromisePoolCluster } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withCache } from '../../../src/adapters/mysql2/index.js';
import { describeWithMysql } from '../../support/mysql.js';
import { called, happenings, outcome, toldOf } from './behaviours/behaviour.js';
import { differences } from './comparable.js';
import { type Fixture, fixture } from './fixture.js';

const schema = `create table words (id int primary key, word varchar(20)); insert into words values (1, 'first'), (2, 'second')`;
const one = 'select word from words where id = ?';

/** Nobody listens there. */
const broken = { host: '127.0.0.1', port: 1, user: 'nobody' };

interface Ground {
  readonly cluster: PoolCluster;
  /** Of a node that works. */
  readonly place: Fixture['database']['config'];
}

type Run = (ground: Ground) => Promise<unknown>;

const nodeOf = (
  cluster: { getConnection: PoolCluster['getConnection'] },
  pattern: string,
  selector: string,
): Promise<unknown> =>
  new Promise((resolve) => {
    cluster.getConnection(pattern, selector, (error, connection) => {
      if (error) return resolve(toldOf(error));
      resolve((connection as unknown as { _clusterId: string })._clusterId);
      connection.release();
    });
  });

const nodesOf = async (cluster: PoolCluster, pattern: string, selector: string): Promise<unknown[]> => {
  const nodes = [];
  for (let time = 0; time < 5; time++) nodes.push(await nodeOf(cluster, pattern, selector));
  return nodes;
};

const added = ({ cluster, place }: Ground): PoolCluster => {
  for (const id of ['FIRST', 'SECOND', 'OTHER']) cluster.add(id, { ...place, connectionLimit: 2 });
  return cluster;
};

/** What it tells of its nodes, in order. */
const listening = (cluster: PoolCluster): unknown[] => {
  const events: unknown[] = [];
  for (const event of ['warn', 'remove', 'offline', 'online'])
    cluster.on(event, (given: unknown) => events.push([event, toldOf(given)]));
  return events;
};

const behaviours: Readonly<Record<string, readonly [Run, PoolClusterOptions?]>> = {
  'nodes in turn, in order, and by pattern': [
    async (ground) => {
      const cluster = added(ground);
      return [
        await nodesOf(cluster, '*', 'RR'),
        await nodesOf(cluster, '*', 'ORDER'),
        await nodesOf(cluster, '*T', 'RR'),
        await nodesOf(cluster, 'OTHER', 'RANDOM'),
        await nodeOf(cluster, 'NONE', 'RR'),
      ];
    },
  ],
  'reads and executions of a namespace, by callbacks': [
    async (ground) => {
      const namespace = added(ground).of('*', 'ORDER');
      const results = [];
      for (let time = 0; time < 3; time++)
        results.push(
          await called((done) => namespace.query(one, [1], done)),
          await called((done) => namespace.execute(one, [2], done)),
          await happenings((done) => namespace.query({ sql: one, values: [1], rowsAsArray: true }, done)),
          await called((done) => namespace.query('select * from missing', done)),
          await called((done) => namespace.execute('select * from missing', done)),
        );
      return results;
    },
  ],
  'writes through one node, read through the others': [
    async (ground) => {
      const cluster = added(ground);
      const read = (node: string): Promise<unknown> =>
        called((done) => cluster.of(node).query(one, [2], done));
      const results = [];
      for (const word of ['changed', 'second']) {
        for (const node of ['FIRST', 'SECOND', 'OTHER']) results.push(await read(node), await read(node));
        const sql = 'update words set word = ? where id = 2';
        await called((done) => cluster.of('SECOND').execute(sql, [word], done));
        for (const node of ['FIRST', 'SECOND', 'OTHER']) results.push(await read(node));
      }
      return results;
    },
  ],
  'nodes without names, added and removed while it is used': [
    async ({ cluster, place }) => {
      cluster.add(place);
      const first = await called((done) => cluster.of('*').query(one, [1], done));
      cluster.add('LATER', place);
      const both = [await nodesOf(cluster, '*', 'RR')];
      cluster.remove('CLUSTER::*');
      const left = [
        await nodesOf(cluster, '*', 'RR'),
        await called((done) => cluster.of('LATER').query(one, [1], done)),
      ];
      cluster.remove('*');
      return [first, both, left, await nodeOf(cluster, '*', 'RR')];
    },
  ],
  'a node that fails is left, and removed after so many times': [
    async ({ cluster, place }) => {
      const events = listening(cluster);
      cluster.add('BROKEN', broken);
      cluster.add('WORKING', place);
      const nodes = await nodesOf(cluster, '*', 'RR');
      const order = await nodesOf(cluster, '*', 'ORDER');
      return [nodes, order, events];
    },
    { removeNodeErrorCount: 2 },
  ],
  'a node that fails is offline for a time': [
    async ({ cluster, place }) => {
      const events = listening(cluster);
      cluster.add('BROKEN', broken);
      const offline = [await nodeOf(cluster, '*', 'ORDER'), await nodeOf(cluster, '*', 'ORDER')];
      cluster.add('WORKING', place);
      return [offline, await nodesOf(cluster, '*', 'ORDER'), events];
    },
    { removeNodeErrorCount: 1, restoreNodeTimeout: 3_600_000 },
  ],
  'a failure that is not tried elsewhere': [
    async ({ cluster, place }) => {
      cluster.add('BROKEN', broken);
      cluster.add('WORKING', place);
      return [
        await nodesOf(cluster, '*', 'RR'),
        await called((done) => cluster.of('BROKEN').query(one, [1], done)),
        await called((done) => cluster.of('BROKEN').execute(one, [1], done)),
      ];
    },
    { canRetry: false },
  ],
  'its end, once and again': [
    async (ground) => {
      const cluster = added(ground);
      await nodesOf(cluster, '*', 'RR');
      const first = await called((done) => cluster.end(done));
      return [first, await called((done) => cluster.end(done))];
    },
  ],
};

const promised: Readonly<Record<string, (cluster: PromisePoolCluster) => Promise<unknown>>> = {
  'reads and executions, of it and of a namespace': async (cluster) => {
    const results = [];
    for (let time = 0; time < 3; time++)
      results.push(
        await cluster.of('*').query(one, [1]),
        await cluster.of('*', 'ORDER').execute(one, [2]),
        await outcome(() => cluster.of('*').query('select * from missing', [])),
        await outcome(() => cluster.of('NONE').query(one, [1])),
      );
    return results;
  },
  'a connection, a statement of it, a transaction': async (cluster) => {
    const connection = await cluster.getConnection('*', 'ORDER');
    const statement = await connection.prepare(one);
    const results = [connection.constructor, await statement.execute([1]), await statement.execute([1])];
    await statement.close();
    await connection.beginTransaction();
    results.push(await connection.query(one, [2]));
    await connection.rollback();
    connection.release();
    return results;
  },
  'what it tells of its nodes': async (cluster) => {
    const warned = once(cluster as never, 'warn');
    cluster.add('BROKEN', broken);
    const failed = await outcome(cluster.getConnection('BROKEN', 'ORDER'));
    return [failed, (await warned).map(toldOf)];
  },
};

describeWithMysql('a wrapped cluster of mysql2', () => {
  let given: Fixture;
  beforeAll(async () => {
    given = await fixture(schema);
  });
  afterAll(() => given.end());

  const ended = (cluster: PoolCluster): Promise<unknown> => called((done) => cluster.end(done));

  for (const [name, [run, options]] of Object.entries(behaviours))
    it(`gives the same: ${name}`, async () => {
      const plain = mysql.createPoolCluster(options);
      const place = given.database.config;
      const expected = await run({ cluster: plain, place });
      const wrapped = withCache(mysql.createPoolCluster(options), given.cache);
      expect(differences(await run({ cluster: wrapped, place }), expected, { columns: 'visibly' })).toEqual(
        [],
      );
      await Promise.all([ended(plain), ended(wrapped)]);
    });

  for (const [name, run] of Object.entries(promised))
    it(`gives the same by promises: ${name}`, async () => {
      const results = [];
      for (const wrap of [
        (cluster: PromisePoolCluster) => cluster,
        (cluster: PromisePoolCluster) => withCache(cluster, given.cache),
      ]) {
        const cluster = wrap(mysqlPromise.createPoolCluster());
        cluster.add('FIRST', given.database.config);
        cluster.add('SECOND', given.database.config);
        results.push(await run(cluster));
        await cluster.end();
      }
      const [expected, own] = results;
      expect(differences(own, expected, { columns: 'visibly' })).toEqual([]);
    });

  it('fails nothing', () => {
    expect(given.cache.stats().failures).toStrictEqual({});
  });
});
