/**
 * Decides, by asking real servers, that a collation which is taken for one that folds letters and nothing else is one: of
 * texts of printable ASCII it takes for equal those that differ in case, and no others.
 */
import fc from 'fast-check';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { textsOf } from '../../../src/sql/mysql/collations.js';
import {
  createMysqlDatabase,
  describeWithMysql,
  type MysqlFlavour,
  type TestSchema,
} from '../../support/mysql.js';

const flavours: readonly { readonly flavour: MysqlFlavour; readonly countMin: number }[] = [
  { flavour: 'mariadb', countMin: 20 },
  { flavour: 'mysql57', countMin: 10 },
  { flavour: 'mysql84', countMin: 10 },
];

const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index));
const trimmed = (text: string): string => text.replace(/ +$/, '');
/** Letters that languages put together are likely. */
const text = fc
  .array(fc.constantFrom(...printable, ...'aAbBcChHlLsSzZijIJ'.split('')), { maxLength: 6 })
  .map((letters) => trimmed(letters.join('')));

for (const { flavour, countMin } of flavours)
  describeWithMysql(
    `collations of ${flavour}`,
    () => {
      let database: TestSchema;
      let connection: Connection;
      let collations: readonly { readonly charset: string; readonly collation: string }[] = [];
      beforeAll(async () => {
        database = await createMysqlDatabase(flavour);
        connection = await createConnection({ ...database.config, charset: 'utf8mb4', rowsAsArray: true });
        const [rows] = await connection.query(
          `select character_set_name, ${flavour === 'mariadb' ? 'full_collation_name' : 'collation_name'}
             from information_schema.collation_character_set_applicability`,
        );
        collations = (rows as [string, string][])
          .map(([charset, collation]) => ({ charset, collation }))
          .filter(({ collation }) => textsOf(collation) !== null);
      }, 60_000);
      afterAll(async () => {
        await connection.end();
        await database.drop();
      });

      /** The texts that are equal to another one in a collation, as the server groups them. */
      const groupsOf = async (
        texts: readonly string[],
        { charset, collation }: (typeof collations)[number],
      ) => {
        await connection.query(
          `create temporary table words (word varchar(20) character set ${charset} collate ${collation})`,
        );
        await connection.query('insert into words values ?', [texts.map((each) => [each])]);
        const [rows] = await connection.query(
          `select group_concat(hex(word) order by hex(word)) from words group by word order by min(hex(word))`,
        );
        await connection.query('drop temporary table words');
        return (rows as [string][]).map(([group]) => group);
      };

      const groupedBy = (texts: readonly string[], keyOf: (each: string) => string): readonly string[] => {
        const groups = new Map<string, string[]>();
        for (const each of texts) {
          const key = keyOf(each);
          groups.set(key, [...(groups.get(key) ?? []), Buffer.from(each).toString('hex').toUpperCase()]);
        }
        return [...groups.values()].map((group) => group.toSorted().join(',')).toSorted();
      };

      const expectGroups = async (texts: readonly string[]): Promise<void> => {
        for (const each of collations) {
          const isExact = textsOf(each.collation) === 'exact';
          const groups = await groupsOf(texts, each);
          const expected = groupedBy(texts, (word) => (isExact ? word : word.toLowerCase()));
          expect({ ...each, groups: groups.toSorted() }).toEqual({ ...each, groups: expected });
        }
      };

      test('tell all printable characters apart but for their case, and all pairs of them', async () => {
        expect(collations.length).toBeGreaterThanOrEqual(countMin);
        const pairs = printable.flatMap((one) => printable.map((other) => trimmed(`${one}${other}`)));
        await connection.query('set session group_concat_max_len = 1000000');
        await expectGroups([...new Set([...printable.map(trimmed), ...pairs])]);
      }, 120_000);

      test('tell generated texts apart but for their case', async () => {
        await fc.assert(
          fc.asyncProperty(fc.uniqueArray(text, { minLength: 200, maxLength: 400 }), expectGroups),
          { numRuns: 5 },
        );
      }, 120_000);

      test('an index and a comparison with a parameter say the same', async () => {
        for (const { charset, collation } of collations) {
          const column = `character set ${charset} collate ${collation}`;
          await connection.query(`create temporary table words (word varchar(20) ${column}, key (word))`);
          await connection.query(`insert ignore into words values ('aB'), ('é'), ('?'), ('')`);
          for (const given of ['ab', 'AB', 'aB', '?', '']) {
            const [rows] = await connection.execute('select word from words where word = ?', [given]);
            const isExact = textsOf(collation) === 'exact';
            const same = ['aB', '?', ''].filter((word) =>
              isExact ? word === given : word.toLowerCase() === given.toLowerCase(),
            );
            const found = (rows as [string][]).map(([word]) => word);
            // In ASCII an é was stored as a question mark.
            expect({ collation, given, found: [...new Set(found)] }).toEqual({
              collation,
              given,
              found: same,
            });
          }
          await connection.query('drop temporary table words');
        }
      }, 60_000);
    },
    flavour,
  );
