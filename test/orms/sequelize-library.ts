/** Decides how Sequelize keeps the library, but for the types of columns that only one of the databases has. */
import {
  DataTypes,
  type Model,
  type ModelAttributes,
  Op,
  QueryTypes,
  type Sequelize,
  type Transaction,
} from 'sequelize';
import type { Library, Shelf } from './library.js';

interface Author extends Model {
  name: string;
}

function define(sequelize: Sequelize, own: ModelAttributes) {
  const Authors = sequelize.define<Author>(
    'Author',
    { id: { type: DataTypes.INTEGER, primaryKey: true }, name: DataTypes.TEXT, born: DataTypes.DATEONLY },
    { tableName: 'authors', timestamps: false },
  );
  const Books = sequelize.define(
    'Book',
    {
      id: { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true },
      title: DataTypes.TEXT,
      price: DataTypes.DECIMAL(10, 2),
      sold: DataTypes.BIGINT,
      published: DataTypes.DATE,
      cover: DataTypes.BLOB,
      number: DataTypes.UUID,
      weight: DataTypes.DOUBLE,
      ...own,
    },
    { tableName: 'books', timestamps: false },
  );
  Authors.hasMany(Books, { foreignKey: 'author_id', as: 'books' });
  Books.belongsTo(Authors, { foreignKey: 'author_id', as: 'author' });
  return { Authors, Books };
}

type Models = ReturnType<typeof define>;

const shelf = ({ Authors }: Models, transaction: Transaction | null = null): Shelf => ({
  nameOf: async (id) => (await Authors.findByPk(id, { transaction }))?.name,
  rename: (id, name) => Authors.update({ name }, { where: { id }, transaction }),
});

const plainOne = (one: Model): unknown => one.get({ plain: true }) as unknown;

const plain = async (found: Promise<Model | readonly Model[] | null>): Promise<unknown> => {
  const value = await found;
  if (value === null) return null;
  return 'get' in value ? plainOne(value) : value.map(plainOne);
};

/** @param own columns of books whose types have other names on each database */
export function sequelizeLibrary(sequelize: Sequelize, own: ModelAttributes): Library {
  const models = define(sequelize, own);
  const { Authors, Books } = models;
  const rawAuthor = 'select * from authors where id = $id';
  return {
    ...shelf(models),
    reads: {
      author: () => plain(Authors.findByPk(1)),
      book: () => plain(Books.findByPk(1)),
      list: () => plain(Books.findAll({ where: { price: { [Op.lt]: 8 } }, order: ['title'], limit: 3 })),
      withBooks: () => plain(Authors.findAll({ include: 'books', order: ['id', ['books', 'id', 'ASC']] })),
      apart: () =>
        plain(
          Authors.findAll({
            include: { association: 'books', separate: true, order: ['id'] },
            order: ['id'],
          }),
        ),
      page: async () => {
        const { count, rows } = await Books.findAndCountAll({
          where: { price: { [Op.gt]: 6 } },
          include: 'author',
          order: ['id'],
          limit: 2,
          offset: 2,
        });
        return [count, await plain(Promise.resolve(rows))];
      },
      totals: () => Books.sum('price', { where: { author_id: [1, 2] } }),
      raw: () =>
        sequelize.query('select * from books where author_id = :id order by id', {
          replacements: { id: 2 },
          type: QueryTypes.SELECT,
        }),
    },
    addBook: (author_id, title) => Books.create({ author_id, title }, { fields: ['author_id', 'title'] }),
    removeBook: (id) => Books.destroy({ where: { id } }),
    removeAuthor: async (id) => (await Authors.findByPk(id))?.destroy(),
    putAuthor: (id, name) => Authors.upsert({ id, name }),
    raisePrices: () => Books.increment({ price: 1 }, { where: {} }),
    rawRename: (id, name) =>
      sequelize.query('update authors set name = :name where id = :id', { replacements: { id, name } }),
    transaction: (work) =>
      sequelize.transaction((transaction) =>
        work({
          ...shelf(models, transaction),
          nested: (part) => sequelize.transaction({ transaction }, (within) => part(shelf(models, within))),
        }),
      ),
    everythingOfAuthor: (id) =>
      sequelize.query(rawAuthor, { bind: { id }, type: QueryTypes.SELECT, plain: true }),
    migrate: () => sequelize.getQueryInterface().addColumn('authors', 'motto', DataTypes.TEXT),
    close: () => sequelize.close(),
  };
}
