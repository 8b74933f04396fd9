/** TypeORM, which builds its own pool: `new DataSource({ type: 'postgres', driver: cachedDriver(pg, cache) })`. */
import pg from 'pg';
import { DataSource } from 'typeorm';
import { cachedDriver } from '../../../src/adapters/pg/index.js';
import type { OpenLibrary } from '../library.js';
import { describeOrm } from '../suite.js';
import { typeormLibrary, typeormModel } from '../typeorm-library.js';
import { postgresGround } from './ground.js';

const model = typeormModel({
  published: { type: 'timestamptz', default: '2001-01-01' },
  printed: { type: 'timestamp', default: '2001-01-01' },
  details: { type: 'jsonb', default: {} },
  tags: { type: 'text', array: true, default: [] },
  cover: { type: 'bytea', default: '\\x00' },
  number: { type: 'uuid', default: '00000000-0000-4000-8000-000000000003' },
  lent: { type: 'interval', default: '1 day' },
});

const open: OpenLibrary = async ({ config, cache }) => {
  const { user, ...rest } = config;
  const source = new DataSource({
    type: 'postgres',
    ...rest,
    username: user,
    poolSize: 3,
    extra: { idleTimeoutMillis: 0 },
    driver: cache === null ? pg : cachedDriver(pg, cache),
    ...model,
  });
  return typeormLibrary(source, (number) => `$${number}`);
};

describeOrm({ name: 'TypeORM', ground: postgresGround, open });
