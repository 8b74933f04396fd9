/** Decides, with real servers, that what the parser understands is what they do: by forms, by chance, word by word. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seededRandom } from '../../../src/clock.js';
import { describeWithMysql } from '../../support/mysql.js';
import type { MysqlFlavour } from '../../support/sources.js';
import { selectForms, writeForms } from './forms.js';
import { openReadingServer, type ReadingServer, unusual, usual } from './reading-server.js';
import { StatementGrammar } from './statement-grammar.js';
import { printStatement } from './statement-printer.js';
import { mutated } from './text-mutations.js';

const runs = Number(process.env['LOOKASIDE_TEST_RUNS'] ?? 120);

const generated = (seed: number): string => {
  const grammar = new StatementGrammar(seededRandom(seed));
  return seed % 4 === 0 ? grammar.write() : grammar.query(1 + (seed % 3));
};

/** A mistake as a parser could make it: XOR taken for OR. */
const mistaken: typeof printStatement = (statement) =>
  printStatement(statement)?.replaceAll(' XOR ', ' OR ') ?? null;

const flavours: readonly MysqlFlavour[] = ['mariadb', 'mysql57', 'mysql84'];

for (const flavour of flavours)
  describeWithMysql(
    `the parser against ${flavour}`,
    () => {
      let server: ReadingServer;
      beforeAll(async () => {
        server = await openReadingServer(flavour);
      });
      afterAll(() => server.close());

      /** How many were the same. */
      async function compareAll(texts: readonly string[], mode = usual): Promise<number> {
        let same = 0;
        for (const text of texts) {
          const reading = await server.compare(text, mode);
          if (reading.read === 'different')
            expect.fail(`${text}\n is not\n${JSON.stringify(reading, null, 1)}`);
          if (reading.read === 'same') same += 1;
        }
        return same;
      }

      test('every form of the manuals is read as the server reads it', async () => {
        const forms = [...selectForms, ...writeForms];
        const same = await compareAll(forms);
        // MariaDB takes all of them; MySQL has no RETURNING, and before version 8 no CTEs, windows, EXCEPT.
        expect(same).toBeGreaterThanOrEqual(flavour === 'mariadb' ? forms.length : 130);
      }, 60_000);

      test('generated statements with hardly a bracket are read as the server reads them', async () => {
        const texts = Array.from({ length: runs }, (_, index) => generated(index + 1));
        expect(await compareAll(texts)).toBeGreaterThan(runs / 3);
      }, 600_000);

      test('so are they in the modes of SQL that change how texts are read', async () => {
        const texts = Array.from({ length: runs / 2 }, (_, index) => generated(index + 100_001));
        expect(await compareAll(texts, unusual)).toBeGreaterThan(runs / 6);
      }, 600_000);

      test('a text with a word too many, too few or elsewhere is read as the server reads it, or not at all', async () => {
        const texts = Array.from({ length: runs * 2 }, (_, index) => {
          const forms = [...selectForms, ...writeForms];
          return mutated(forms[index % forms.length] ?? '', seededRandom(index + 1));
        });
        expect(await compareAll(texts)).toBeGreaterThan(runs / 25);
      }, 600_000);

      test('a parser that took XOR for OR would be found out', async () => {
        let found = 0;
        for (let seed = 1; seed < 400 && found === 0; seed++) {
          const reading = await server.compare(generated(seed), usual, mistaken);
          if (reading.read === 'different') found += 1;
        }
        expect(found).toBe(1);
      }, 60_000);
    },
    flavour,
  );

describeWithMysql('words of the language', () => {
  let server: ReadingServer;
  beforeAll(async () => {
    server = await openReadingServer('mariadb');
  });
  afterAll(() => server.close());

  test('are names for the parser only where they are for the server, and the same ones', async () => {
    const words = (await server.words()).filter((word) => /^[a-z_]+$/.test(word));
    expect(words.length).toBeGreaterThan(500);
    let understood = 0;
    const refused = new Set<string>();
    for (const word of words)
      for (const text of [
        `select 1 ${word}, 2`,
        `select x.${word}, ${word} from (select id as \`${word}\` from t1) x`,
        `select 1 from t1 ${word} where ${word}.id = 1`,
        `select ${word} 'a', 3 from (select 4 as \`${word}\`) x`,
      ]) {
        const reading = await server.compare(text, usual);
        if (reading.read === 'different') expect.fail(`${text}: ${JSON.stringify(reading)}`);
        if (reading.read === 'same') understood += 1;
        if (reading.read === 'refused') refused.add(word);
      }
    expect(understood).toBeGreaterThan(800);
    // Reserved by MariaDB alone, or the first word of a literal that is none.
    expect([...refused].sort()).toEqual(
      `date delete_domain_id do_domain_ids ignore_domain_ids master_demote_to_replica master_demote_to_slave offset
      page_checksum parse_vcol_expr portion ref_system_id row_number stats_auto_recalc stats_persistent stats_sample_pages
      time timestamp`.split(/\s+/),
    );
  }, 120_000);
});
