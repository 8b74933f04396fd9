/** Decides which `LOOKASIDE_*` variable sets which option: the option's path in upper case, joined by `_`. */
import { z } from 'zod';
import { LookasideError } from '../errors.js';
import { configSchema } from './schema.js';

export interface Option {
  /** From the top: `['near', 'max']`. */
  readonly path: readonly string[];
  readonly description: string;
  readonly isList: boolean;
  readonly isSwitch: boolean;
  /** Digits in a variable mean a number: a count, a duration in ms, a size in bytes. */
  readonly isNumeric: boolean;
}

interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
}

/** Every option that holds a value, in the schema's order. */
export function listOptions(): readonly Option[] {
  const root = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' });
  return [...walk(root as SchemaNode, [])];
}

function* walk(node: SchemaNode, path: readonly string[]): Generator<Option> {
  if (node.properties === undefined) {
    yield {
      path,
      description: node.description ?? '',
      isList: node.type === 'array',
      isSwitch: node.type === 'boolean',
      isNumeric: node.type === 'integer' || node.type === undefined,
    };
    return;
  }
  for (const [name, child] of Object.entries(node.properties)) yield* walk(child, [...path, name]);
}

/** `near.max` is `LOOKASIDE_NEAR_MAX`, `limits.shapesPerTable` is `LOOKASIDE_LIMITS_SHAPES_PER_TABLE`. */
export const variableOf = (option: Option): string =>
  ['LOOKASIDE', ...option.path]
    .map((part) => part.replaceAll(/([a-z])([A-Z])/g, '$1_$2').toUpperCase())
    .join('_');

/** Variables of the test set-up, which are no options. */
const FOREIGN_PREFIX = 'LOOKASIDE_TEST_';

/**
 * The options that the environment sets. Lists are separated by commas.
 *
 * @throws LookasideError `CONFIG_INVALID` for a `LOOKASIDE_*` variable that is no option
 */
export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, unknown> {
  const names = Object.keys(environment).filter(
    (name) => name.startsWith('LOOKASIDE_') && !name.startsWith(FOREIGN_PREFIX),
  );
  const set: Record<string, unknown> = {};
  if (names.length === 0) return set;
  const options = new Map(listOptions().map((option) => [variableOf(option), option]));
  for (const name of names) {
    const option = options.get(name);
    if (option === undefined)
      throw new LookasideError('CONFIG_INVALID', `the environment variable ${name} is not an option`);
    assign(set, option.path, valueOf(option, environment[name] ?? ''));
  }
  return set;
}

function valueOf(option: Option, text: string): unknown {
  if (option.isList) return text.split(',').map((part) => part.trim());
  if (option.isSwitch && (text === 'true' || text === 'false')) return text === 'true';
  return option.isNumeric && /^\d+$/.test(text) ? Number(text) : text;
}

function assign(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) target[name] = value;
  else assign((target[name] ??= {}) as Record<string, unknown>, rest, value);
}
