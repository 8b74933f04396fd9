/** Decides how a parse tree is looked at: nodes are JSON objects of unknown shape, read through these few questions. */

/** One node without its tag: the fields libpg_query gave. Absent fields are zero, false or empty (protobuf's way). */
export type Fields = Readonly<Record<string, unknown>>;

/** A tagged node. */
export interface TaggedNode {
  readonly tag: string;
  readonly fields: Fields;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `{ Tag: fields }` taken apart; null for an empty node (`{}` stands for a null pointer in a list). */
export function tagged(value: unknown): TaggedNode | null {
  if (!isFields(value)) return null;
  for (const tag in value) {
    const fields = value[tag];
    return isFields(fields) ? { tag, fields } : null;
  }
  return null;
}

/** The fields of a node of this tag, else null. */
export function fieldsOf(value: unknown, tag: string): Fields | null {
  if (!isFields(value)) return null;
  const fields = value[tag];
  return isFields(fields) ? fields : null;
}

/** An untagged child: a field whose type the grammar fixes. */
export function child(fields: Fields, name: string): Fields | null {
  const value = fields[name];
  return isFields(value) ? value : null;
}

export function list(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  return Array.isArray(value) ? value : [];
}

export function text(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}

export function number(fields: Fields, name: string): number {
  const value = fields[name];
  return typeof value === 'number' ? value : 0;
}

export function flag(fields: Fields, name: string): boolean {
  return fields[name] === true;
}

/** The texts of a list of `String` nodes; null if anything else is in it. */
export function strings(values: readonly unknown[]): readonly string[] | null {
  const texts: string[] = [];
  for (const value of values) {
    const fields = fieldsOf(value, 'String');
    if (fields === null) return null;
    texts.push(text(fields, 'sval'));
  }
  return texts;
}
