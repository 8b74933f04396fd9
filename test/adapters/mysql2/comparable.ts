/** Decides what of a result's columns anybody can see: all but where their bytes lie in what the socket handed over. */
import type { FieldPacket } from 'mysql2';

/** A response that came in several pieces lies in other places each time. */
export const visibleFields = (fields: unknown): unknown =>
  Array.isArray(fields) ? (fields as FieldPacket[]).map(visibleField) : fields;

function visibleField(field: FieldPacket): unknown {
  const seen = field as FieldPacket & Readonly<Record<string, unknown>>;
  const names = [
    'catalog',
    'schema',
    'db',
    'table',
    'orgTable',
    'name',
    'orgName',
    'characterSet',
    'encoding',
    'columnLength',
    'columnType',
    'type',
    'flags',
    'decimals',
    'extendedTypeName',
    'extendedFormat',
  ];
  return [Object.getPrototypeOf(field), ...names.map((name) => seen[name])];
}
