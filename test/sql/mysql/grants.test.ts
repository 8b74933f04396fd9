/** Whose triggers a session is shown, by what SHOW GRANTS says. */
import { expect, it } from 'vitest';
import { digestOfGrants, mayWrite, triggersShown } from '../../../src/sql/mysql/grants.js';

const schemas = ['shop', 'shop_a', 'shopxa', 'other', 'a`b', 'a.b'];

const shown = (lines: readonly string[], isPartlyRevoked = false): readonly string[] =>
  schemas.filter(triggersShown({ lines, isPartlyRevoked }));

it.each([
  [[], []],
  [['GRANT USAGE ON *.* TO `app`@`%`'], []],
  [['GRANT SELECT, TRIGGER, EVENT ON *.* TO `app`@`%`'], schemas],
  [["GRANT ALL PRIVILEGES ON *.* TO `root`@`%` IDENTIFIED BY PASSWORD '*A' WITH GRANT OPTION"], schemas],
  [['GRANT ALL PRIVILEGES ON `shop`.* TO `app`@`%`'], ['shop']],
  [["GRANT TRIGGER ON `shop`.* TO 'app'@'%'"], ['shop']],
  [['GRANT TRIGGER ON "shop".* TO "app"@"%"'], ['shop']],
  [
    ['GRANT TRIGGER ON `shop`.* TO `role`', 'GRANT TRIGGER ON `other`.* TO PUBLIC'],
    ['shop', 'other'],
  ],
  [['GRANT TRIGGER ON `shop\\_a`.* TO `app`@`%`'], ['shop_a']],
  [['GRANT TRIGGER ON `shop_a`.* TO `app`@`%`'], ['shop_a', 'shopxa']],
  [['GRANT TRIGGER ON `shop%`.* TO `app`@`%`'], ['shop', 'shop_a', 'shopxa']],
  [['GRANT TRIGGER ON `a``b`.* TO `app`@`%`'], ['a`b']],
  [['GRANT TRIGGER ON `a.b`.* TO `app`@`%`'], ['a.b']],
  // Of one table: others may refer to it that are not shown.
  [
    [
      'GRANT TRIGGER ON `shop`.`t` TO `app`@`%`',
      'GRANT SELECT (`TRIGGER ON *.*`) ON `shop`.`u` TO `app`@`%`',
    ],
    [],
  ],
  [['GRANT `TRIGGER ON *.* TO `` ` TO `app`@`%`', 'GRANT NO_TRIGGER ON *.* TO `app`@`%`'], []],
  [['GRANT SELECT ON `shop`.* TO `app`@`%`', 'GRANT PROXY ON ``@`` TO `app`@`%`'], []],
])('%j', (lines, expected) => {
  expect(shown(lines)).toEqual(expected);
});

it('what was taken away again is not shown, and then names are no patterns', () => {
  const lines = [
    'GRANT SELECT, TRIGGER ON *.* TO `app`@`%`',
    'REVOKE SELECT, TRIGGER ON `shop`.* FROM `app`@`%`',
  ];
  expect(shown(lines, true)).toEqual(schemas.filter((schema) => schema !== 'shop'));
  expect(shown(['GRANT TRIGGER ON `shop_a`.* TO `app`@`%`'], true)).toEqual(['shop_a']);
  expect(shown(['GRANT TRIGGER ON `shop%`.* TO `app`@`%`'], true)).toEqual([]);
});

it('knows where anything may be written', () => {
  const lines = [
    'GRANT SELECT ON *.* TO `app`@`%`',
    'GRANT SELECT, UPDATE ON `shop`.* TO `app`@`%`',
    'GRANT DELETE ON `other`.`t` TO `app`@`%`',
  ];
  expect(schemas.filter(mayWrite({ lines, isPartlyRevoked: false }))).toEqual(['shop', 'other']);
});

it('the digest is another one for other grants, whatever their order', () => {
  expect(digestOfGrants(['a', 'b'])).toBe(digestOfGrants(['b', 'a']));
  expect(digestOfGrants(['a', 'b'])).not.toBe(digestOfGrants(['a']));
});
