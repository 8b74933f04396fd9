/** Decides which columns tests of results have: every type that the servers of the family have, with values and without. */
import type { MysqlFlavour } from '../../support/mysql.js';

const everywhere = `
  create table kinds (
    id int primary key, tiny tinyint, utiny tinyint unsigned, bool tinyint(1), small smallint, usmall smallint unsigned,
    medium mediumint, umedium mediumint unsigned, uint int unsigned zerofill, big bigint, ubig bigint unsigned,
    deci decimal(30, 10), udeci decimal(5, 2) unsigned, flo float, dou double, bits bit(10), yea year,
    dat date, tim time, tim6 time(6), dt datetime, dt3 datetime(3), dt6 datetime(6), ts timestamp null,
    ch char(5), vc varchar(20), latin varchar(20) character set latin1, ascii varchar(20) character set ascii,
    bincol varchar(20) character set utf8mb4 collate utf8mb4_bin, tt tinytext, tx text, mt mediumtext, lt longtext,
    bi binary(5), vb varbinary(20), tb tinyblob, bl blob, mb mediumblob, lb longblob,
    en enum('a', 'b', 'é'), se set('x', 'y', 'z'), js json, geo geometry, pt point, poly polygon
  ) character set utf8mb4;
  insert into kinds values (
    1, -128, 255, 1, -32768, 65535, -8388608, 16777215, 4294967295, -9223372036854775808, 18446744073709551615,
    12345678901234567890.0123456789, 999.99, 1.5, 1e300, b'1000000001', 2026,
    '2024-02-29', '-838:59:59', '12:34:56.789012', '2024-05-06 07:08:09', '2024-05-06 07:08:09.123',
    '2024-05-06 07:08:09.123456', '2024-05-06 07:08:09',
    'ab', 'täxt''"', 'älatin', 'plain', '🙂', 'tiny', repeat('long ', 200), 'medium', '',
    'ab', x'00ff10', x'01', x'00ff00', '', x'ff',
    'é', 'x,z', '{"a": [1, {"b": null}], "__proto__": {"c": 1}, "big": 12345678901234567890}',
    st_geomfromtext('GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))'), st_geomfromtext('POINT(1.5 -2)'),
    st_geomfromtext('POLYGON((0 0,10 0,10 10,0 10,0 0))')
  );
  insert into kinds (id) values (2);
  insert into kinds (id, big, ubig, dou, dat, dt6, js) values
    (3, 9007199254740993, 42, -0.0, '1000-01-01', '9999-12-31 23:59:59.999999', '[]'),
    (4, 7, 7, 7, '2024-03-31', '2024-03-31 02:30:00', '"text"');
  create table zeros (id int primary key, dat date, dt datetime, ts timestamp null);
  set session sql_mode = '';
  insert into zeros values (5, '0000-00-00', '0000-00-00 00:00:00', '0000-00-00 00:00:00'), (6, '2024-00-10', null, null);
  create table odd (\`constructor\` int, \`1\` int, \`0\` int, \`with "quote\\\\\` text, \`a.b\` text, \`\${x}\` int);
  insert into odd values (1, 2, 3, 'q', 'd', 4), (null, null, null, null, null, null);
  create table nothing (id int, name text);
  create table many (id int primary key, name varchar(40), note text);
  insert into many select t.n * 10 + o.n, concat('name ', t.n), repeat('x', 300 * o.n) from
    (select 0 n union select 1 union select 2 union select 3 union select 4 union select 5 union select 6 union select 7 union select 8 union select 9 union select 10) t,
    (select 0 n union select 1 union select 2 union select 3 union select 4 union select 5 union select 6 union select 7 union select 8 union select 9) o;
`;

const mariadbOnly = `
  create table own_kinds (id int primary key, u uuid, i4 inet4, i6 inet6);
  insert into own_kinds values (1, '6f1e0c0a-0b0c-4d0e-8f00-123456789abc', '10.0.0.1', '::1'), (2, null, null, null);
`;

/** Needs a connection with `multipleStatements`. */
export const kindsSchema = (flavour: MysqlFlavour): string =>
  flavour === 'mariadb' ? everywhere + mariadbOnly : everywhere;
