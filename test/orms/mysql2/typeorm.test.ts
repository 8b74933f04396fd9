/**
 * TypeORM, which builds its own pool: `new DataSource({ type: 'mysql', driver: cachedDriver(mysql, cache) })`, and with
 * `type: 'mariadb'`, where it takes the same driver and asks for what it inserted by RETURNING.
 */
import mysql from 'mysql2';
import { DataSource } from 'typeorm';
import { cachedDriver } from '../../../src/adapters/mysql2/index.js';
import type { OpenLibrary } from '../library.js';
import { describeOrm } from '../suite.js';
import { typeormLibrary, typeormModel } from '../typeorm-library.js';
import { mariadbGround } from './ground.js';

const model = typeormModel({
  published: { type: 'timestamp', precision: 3, default: '2001-01-01' },
  printed: { type: 'datetime', precision: 3, default: '2001-01-01' },
  details: { type: 'json', default: {} },
  tags: { type: 'simple-array', default: 'sf' },
  cover: { type: 'varbinary', default: 'x' },
  number: { type: 'char', length: 36, default: '00000000-0000-4000-8000-000000000003' },
  lent: { type: 'time', default: '01:00:00' },
});

const openAs =
  (type: 'mysql' | 'mariadb'): OpenLibrary =>
  async ({ config, cache }) => {
    const { user, ...rest } = config;
    const source = new DataSource({
      type,
      ...rest,
      username: user,
      poolSize: 3,
      extra: { maxIdle: 3 },
      driver: cache === null ? mysql : cachedDriver(mysql, cache),
      ...model,
    });
    return typeormLibrary(source, () => '?');
  };

describeOrm({ name: 'TypeORM', ground: mariadbGround, open: openAs('mysql') });
describeOrm({ name: 'TypeORM as mariadb', ground: mariadbGround, open: openAs('mariadb') });
