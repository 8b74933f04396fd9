/** Sequelize, which builds its own pool: `new Sequelize({ dialect: 'postgres', dialectModule: cachedDriver(pg, cache) })`. */
import pg from 'pg';
import { DataTypes, Sequelize } from 'sequelize';
import { cachedDriver } from '../../../src/adapters/pg/index.js';
import type { OpenLibrary } from '../library.js';
import { sequelizeLibrary } from '../sequelize-library.js';
import { describeOrm } from '../suite.js';
import { postgresGround } from './ground.js';

const open: OpenLibrary = async ({ config, cache }) => {
  const { user, ...rest } = config;
  const sequelize = new Sequelize({
    dialect: 'postgres',
    dialectModule: cache === null ? pg : cachedDriver(pg, cache),
    ...rest,
    username: user,
    pool: { max: 3, idle: 600_000 },
    logging: false,
  });
  return sequelizeLibrary(sequelize, { details: DataTypes.JSONB, tags: DataTypes.ARRAY(DataTypes.TEXT) });
};

describeOrm({ name: 'Sequelize', ground: postgresGround, open });
