/**
 * Decides of which schemas a session is shown all triggers, from the grants that it has: its own, those of its roles and
 * those of everybody. Knows no tables.
 *
 * information_schema lists privileges that were granted to the account itself, and no restrictions of them.
 */
import { digestOf } from './fingerprint.js';

/** Lines of SHOW GRANTS. */
export interface Grants {
  readonly lines: readonly string[];
  /** MySQL 8 may take schemas away from a privilege on all of them: then names of schemas are no patterns. */
  readonly isPartlyRevoked: boolean;
}

/** Asks for them. Each needs no privilege. */
export const grantsSql = 'show grants';
export const partialRevokesSql = `show variables like 'partial_revokes'`;

/** Another text for other grants: passwords may stand in them. */
export const digestOfGrants = (lines: readonly string[]): string => digestOf(lines.toSorted().join('\n'));

const quoted = '`(?:[^`]|``)*`|"(?:[^"]|"")*"';
/** Of all tables of a schema, or of one of them. Column privileges are written with brackets. */
const line = new RegExp(
  String.raw`^(GRANT|REVOKE) ([A-Z][A-Z_, ]*) ON (\*|${quoted})\.(\*|${quoted}) (?:TO|FROM) `,
);

interface Grant {
  readonly isRevoked: boolean;
  readonly privileges: readonly string[];
  readonly isOfWhole: boolean;
  readonly covers: (schema: string) => boolean;
}

function grantsIn({ lines, isPartlyRevoked }: Grants): readonly Grant[] {
  return lines.flatMap((each) => {
    const [, verb, privileges, place, table] = line.exec(each) ?? [];
    if (privileges === undefined || place === undefined) return [];
    const name = place === '*' ? null : nameOf(place, isPartlyRevoked);
    return [
      {
        isRevoked: verb === 'REVOKE',
        privileges: privileges.split(', '),
        isOfWhole: table === '*',
        covers: (schema) => name?.test(schema) ?? true,
      },
    ];
  });
}

const has = ({ privileges }: Grant, ...names: readonly string[]): boolean =>
  privileges.some((privilege) => privilege === 'ALL PRIVILEGES' || names.includes(privilege));

/** Whether all triggers of a schema are shown. */
export function triggersShown(grants: Grants): (schema: string) => boolean {
  const about = grantsIn(grants).filter((grant) => grant.isOfWhole && has(grant, 'TRIGGER'));
  return (schema) => {
    const own = about.filter(({ covers }) => covers(schema));
    return own.length > 0 && !own.some(({ isRevoked }) => isRevoked);
  };
}

/** Whether some table of a schema may be written, as far as can be told. */
export function mayWrite(grants: Grants): (schema: string) => boolean {
  const about = grantsIn(grants).filter(
    (grant) => !grant.isRevoked && has(grant, 'INSERT', 'UPDATE', 'DELETE'),
  );
  return (schema) => about.some(({ covers }) => covers(schema));
}

/** A schema in a grant is a pattern: `%`, `_`, and either after a backslash. */
function nameOf(written: string, isPlain: boolean): RegExp {
  const quote = written.charAt(0);
  const name = written.slice(1, -1).replaceAll(quote + quote, quote);
  const source = name.replace(/\\[%_]|[%_]|[^A-Za-z0-9]/g, (letters) => {
    if (letters === '%' && !isPlain) return '[^]*';
    if (letters === '_' && !isPlain) return '[^]';
    return `\\u{${(letters.at(-1) ?? '').codePointAt(0)?.toString(16)}}`;
  });
  return new RegExp(`^${source}$`, 'u');
}
