/** Sequelize, which builds its own pool: `new Sequelize({ dialect: 'mysql', dialectModule: cachedDriver(mysql, cache) })`. */
import mysql from 'mysql2';
import { DataTypes, Sequelize } from 'sequelize';
import { cachedDriver } from '../../../src/adapters/mysql2/index.js';
import type { OpenLibrary } from '../library.js';
import { sequelizeLibrary } from '../sequelize-library.js';
import { describeOrm } from '../suite.js';
import { mariadbGround } from './ground.js';

const open: OpenLibrary = async ({ config, cache }) => {
  const { user, ...rest } = config;
  const sequelize = new Sequelize({
    dialect: 'mysql',
    dialectModule: cache === null ? mysql : cachedDriver(mysql, cache),
    ...rest,
    username: user,
    pool: { max: 3, idle: 600_000 },
    logging: false,
  });
  return sequelizeLibrary(sequelize, {
    details: DataTypes.JSON,
    tags: DataTypes.STRING,
    lent: DataTypes.TIME,
    printed: DataTypes.DATE(3),
  });
};

describeOrm({ name: 'Sequelize', ground: mariadbGround, open });
