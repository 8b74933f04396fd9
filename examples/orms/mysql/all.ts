/** Decides nothing: shows each ORM, one after the other. */
import './drizzle.js';
import './kysely.js';
import './prisma.js';
import './knex.js';
import './objection.js';
import './typeorm.js';
import './sequelize.js';
import './mikro-orm.js';
