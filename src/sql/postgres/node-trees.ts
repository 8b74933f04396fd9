/** Decides how a stored tree (`pg_node_tree`, as `outfuncs.c` writes it) is read. Knows no node's meaning. */

export interface TreeNode {
  readonly tag: string;
  readonly fields: Readonly<Record<string, TreeValue>>;
}

/** Null stands for `<>`. */
export type TreeValue = string | null | readonly TreeValue[] | TreeNode;

const tokens = /[{}()[\]]|"(?:[^"\\]|\\.)*"|(?:[^\s(){}[\]\\]|\\.)+/g;

/** Null where the text is not understood. */
export function parseTree(text: string): TreeValue {
  const found = text.match(tokens) ?? [];
  const reader = new Reader(found);
  const value = reader.value();
  return reader.isAtEnd ? value : null;
}

export function nodeOf(value: TreeValue | undefined, tag: string): TreeNode | null {
  return isNode(value) && value.tag === tag ? value : null;
}

export function isNode(value: TreeValue | undefined): value is TreeNode {
  return typeof value === 'object' && value !== null && 'tag' in value;
}

export function listIn(node: TreeNode, field: string): readonly TreeValue[] {
  const value = node.fields[field];
  return Array.isArray(value) ? (value as readonly TreeValue[]) : [];
}

export function numberIn(node: TreeNode, field: string): number {
  const value = node.fields[field];
  return typeof value === 'string' ? Number(value) : Number.NaN;
}

class Reader {
  #position = 0;

  constructor(private readonly found: readonly string[]) {}

  get isAtEnd(): boolean {
    return this.#position >= this.found.length;
  }

  value(): TreeValue {
    const token = this.found[this.#position++];
    switch (token) {
      case undefined:
      case '<>':
        return null;
      case '{':
        return this.node();
      case '(':
        return this.items(')');
      case '[':
        this.items(']');
        return null;
      default:
        return token.replaceAll(/\\(.)/g, '$1');
    }
  }

  private items(end: string): readonly TreeValue[] {
    const items: TreeValue[] = [];
    while (!this.isAtEnd && this.found[this.#position] !== end) items.push(this.value());
    this.#position += 1;
    return items;
  }

  private node(): TreeNode {
    const tag = this.found[this.#position++] ?? '';
    const fields: Record<string, TreeValue> = {};
    while (!this.isAtEnd && this.found[this.#position] !== '}') {
      const name = this.found[this.#position++] ?? '';
      if (!name.startsWith(':')) continue; // what a value has behind it: the bytes of a constant
      fields[name.slice(1)] = this.value();
    }
    this.#position += 1;
    return { tag, fields };
  }
}
