/** Decides what of a result's columns anybody can see: all but where their bytes lie in what the socket handed over. */
import { inspect, isDeepStrictEqual } from 'node:util';
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

export interface Comparing {
  /** Of columns only what anybody can see, instead of all that they hold. */
  readonly columns: 'wholly' | 'visibly';
}

/** Where two values differ, deeply; empty where nobody can tell them apart. Short, however long they are. */
export function differences(
  given: unknown,
  expected: unknown,
  { columns }: Comparing = { columns: 'wholly' },
  path = 'it',
): readonly string[] {
  if (isDeepStrictEqual(given, expected)) return [];
  if (columns === 'visibly' && isColumn(given) && isColumn(expected))
    return differences(visibleField(given), visibleField(expected), undefined, path);
  if (!isTree(given) || !isTree(expected)) return [`${path} is ${brief(given)}, not ${brief(expected)}`];
  const keys = new Set([...Reflect.ownKeys(given), ...Reflect.ownKeys(expected)]);
  const inside: string[] = [];
  for (const key of keys) {
    if (inside.length >= DIFFERENCES_MAX) break;
    inside.push(
      ...differences(
        Reflect.get(given, key),
        Reflect.get(expected, key),
        { columns },
        `${path}.${String(key)}`,
      ),
    );
  }
  const alike = Object.getPrototypeOf(given) === Object.getPrototypeOf(expected);
  return inside.length > 0 || (alike && columns === 'visibly')
    ? inside
    : [`${path} differs in what it is: ${brief(given)}, ${brief(expected)}`];
}

const DIFFERENCES_MAX = 5;

const isColumn = (value: unknown): value is FieldPacket => isTree(value) && '_buf' in value;

const isTree = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Buffer.isBuffer(value) && !(value instanceof Date);

const brief = (value: unknown): string =>
  inspect(value, { depth: 1, maxArrayLength: 3, maxStringLength: 100, breakLength: Infinity }).slice(0, 300);
