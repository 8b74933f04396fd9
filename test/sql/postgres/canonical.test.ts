/** Decides, with a real server, that values are equal in a column exactly when their canonical texts are (rule 3). */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ValueClass } from '../../../src/sql/plan.js';
import { canonicalCell, canonicalValue } from '../../../src/sql/values.js';
import { describeWithPostgres } from '../../support/servers.js';
import { openShop, type Shop } from './shop.js';

const uuid = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11';

/** Values as a driver sends them, some of them the same to the server. */
const values: readonly {
  readonly type: string;
  readonly valueClass: ValueClass;
  readonly all: readonly unknown[];
}[] = [
  {
    type: 'int4',
    valueClass: 'int4',
    all: [1, '1', '01', ' 1', '+1', 1n, -1, '-1', 0, -0, '-0', 2147483647],
  },
  { type: 'int8', valueClass: 'int8', all: [1, '1', 2n ** 53n, '9007199254740992', '9007199254740993', -5n] },
  { type: 'bool', valueClass: 'bool', all: [true, false, 'true', 't', 'f', 'yes', 'on', '1'] },
  {
    type: 'uuid',
    valueClass: 'uuid',
    all: [uuid, uuid.toUpperCase(), `{${uuid}}`, uuid.replaceAll('-', '')],
  },
  { type: 'text', valueClass: 'text', all: ['a', 'A', 'a ', '', ' a', 'ä', 'a\u0308', '\\x61', 'ａ'] },
  { type: 'varchar(3)', valueClass: 'text', all: ['a', 'A', 'a ', '', ' a', 'abc', 'ä'] },
  {
    type: 'bytea',
    valueClass: 'bytea',
    all: [
      Buffer.from('a'),
      new Uint8Array([97]),
      '\\x61',
      'a',
      '\\141',
      '\\x 61',
      Buffer.from([0, 255, 92]),
      '\\x00ff5c',
      '\\x00FF5C',
      '\\000\\377\\\\',
      Buffer.alloc(0),
      '\\x',
      '',
      new Uint8Array(Buffer.from('xaz')).subarray(1, 2),
    ],
  },
  { type: 'mood', valueClass: 'enum', all: ['sad', 'happy'] },
];

describeWithPostgres('canonical values against the server', () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await openShop();
  });
  afterAll(() => shop.close());

  for (const { type, valueClass, all } of values)
    test(`${type}: equal in the database exactly when the canonical texts are equal`, async () => {
      await shop.client.query(`create temp table held (id serial, value ${type})`);
      for (const value of all) await shop.client.query('insert into held (value) values ($1)', [value]);
      const canonical = all.map((value) => canonicalValue(valueClass, value));
      expect(canonical.filter((text) => text !== null).length).toBeGreaterThan(1);
      const { rows } = await shop.client.query<{ left: number; right: number; same: boolean }>(
        'select a.id as left, b.id as right, a.value = b.value as same from held a, held b',
      );
      for (const { left, right, same } of rows) {
        const [one, other] = [canonical[left - 1], canonical[right - 1]];
        if (one !== null && other !== null) expect([left, right, one === other]).toEqual([left, right, same]);
      }
      await shop.client.query('drop table held');
    });

  for (const { type, valueClass, all } of values)
    test(`${type}: a cell of an answer has the canonical text of what was sent`, async () => {
      await shop.client.query(`create temp table held (id serial, value ${type})`);
      for (const value of all) await shop.client.query('insert into held (value) values ($1)', [value]);
      const expected = all.map((value) => canonicalValue(valueClass, value));
      for (const output of ['hex', 'escape']) {
        await shop.client.query(`set bytea_output = ${output}`);
        const { rows } = await shop.client.query<{ value: string }>({
          text: 'select value from held order by id',
          types: { getTypeParser: () => (text: string) => text },
        });
        const cells = rows.map(({ value }, index) =>
          expected[index] === null ? null : canonicalCell(valueClass, value),
        );
        expect(cells).toEqual(expected);
      }
      await shop.client.query('reset bytea_output; drop table held');
    });

  test('labels of an enum are what they are, letter by letter', async () => {
    for (const odd of ['Sad', 'sad ', ' sad', 'SAD'])
      await expect(shop.client.query('select $1::mood', [odd])).rejects.toThrow(
        /invalid input value for enum/,
      );
    for (const odd of [1, true, null, undefined, Buffer.from('sad'), 'a\0b', '\ud800'])
      expect(canonicalValue('enum', odd)).toBeNull();
  });

  test('a byte string in any form but hexadecimal digits has no canonical text', () => {
    for (const odd of [
      'a',
      '',
      '\\x6',
      '\\x6g',
      '\\x 61',
      '\\x61 ',
      97,
      null,
      undefined,
      [97],
      new ArrayBuffer(1),
    ])
      expect(canonicalValue('bytea', odd)).toBeNull();
  });
});
