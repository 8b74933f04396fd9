/** Decides that the embedded parser gives trees or errors as values, whatever the text. */
import { expect, test } from 'vitest';
import { loadParser } from '../../../src/sql/postgres/parser.js';

test('a text becomes one tree per statement', async () => {
  const parser = await loadParser();
  const outcome = parser.parse('select 1; select $1 from "Ünïcode 🐘" -- end');
  expect(outcome).toMatchObject({ parsed: true });
  expect(outcome.parsed && outcome.statements).toHaveLength(2);
  expect(JSON.stringify(outcome)).toContain('Ünïcode 🐘');
});

test('an empty text or a comment alone has no statement', async () => {
  const parser = await loadParser();
  expect(parser.parse('')).toEqual({ parsed: true, statements: [] });
  expect(parser.parse('/* nothing */ ;;')).toEqual({ parsed: true, statements: [] });
});

test('a syntax error is a value, and the parser goes on', async () => {
  const parser = await loadParser();
  for (let turn = 0; turn < 200; turn += 1)
    expect(parser.parse('selec 1')).toEqual({ parsed: false, message: 'syntax error at or near "selec"' });
  expect(parser.parse('select 1')).toMatchObject({ parsed: true });
});

test('a text with a NUL character is not parsed up to it', async () => {
  const parser = await loadParser();
  expect(parser.parse('select 1\0; delete from t')).toMatchObject({ parsed: false });
});

test('a monstrous nesting is a value too, and the parser goes on', async () => {
  const parser = await loadParser();
  const deep = `select ${'('.repeat(60_000)}1${')'.repeat(60_000)}`;
  expect(parser.parse(deep)).toMatchObject({ parsed: false });
  const sum = `select ${'1+'.repeat(50_000)}1`;
  expect(typeof parser.parse(sum).parsed).toBe('boolean');
  expect(parser.parse('select 1')).toMatchObject({ parsed: true });
});

test('memory does not grow with the number of texts', async () => {
  const parser = await loadParser();
  const text = `select ${Array.from({ length: 2_000 }, (_, index) => `column_${index}`).join(', ')} from t`;
  for (let turn = 0; turn < 300; turn += 1) expect(parser.parse(text).parsed).toBe(true);
});
