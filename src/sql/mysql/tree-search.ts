/** Decides how nodes are found anywhere below others: through all their properties. Knows no kind of node. */

export interface AnyNode {
  readonly kind: string;
}

export const isNode = (value: unknown): value is AnyNode =>
  typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';

/** Calls back for each node right below a value: through lists, and through objects that are no nodes. */
export function eachBelow(value: unknown, visit: (node: AnyNode) => void): void {
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) eachIn(item, visit);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const name in value) eachIn((value as Readonly<Record<string, unknown>>)[name], visit);
}

function eachIn(value: unknown, visit: (node: AnyNode) => void): void {
  if (isNode(value)) visit(value);
  else eachBelow(value, visit);
}

/** All nodes that are meant, the given ones included, each before those below it. */
export function findNodes<Node extends AnyNode>(
  value: unknown,
  isMeant: (node: AnyNode) => node is Node,
): readonly Node[] {
  const found: Node[] = [];
  const visit = (node: AnyNode): void => {
    if (isMeant(node)) found.push(node);
    eachBelow(node, visit);
  };
  eachIn(value, visit);
  return found;
}
