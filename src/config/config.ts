/** Decides how options come together: code or file first, then `LOOKASIDE_*` variables over them. */
import type { z } from 'zod';
import { LookasideError } from '../errors.js';
import { readEnvironment } from './environment.js';
import { type Config, configSchema, type ResolvedConfig } from './schema.js';

/** Gives a config its type, for an editor. Checks nothing. */
export const defineConfig = (config: Config): Config => config;

/**
 * Checks options and fills in defaults.
 *
 * @param environment where `LOOKASIDE_*` variables are looked up; they win over `config`
 * @throws LookasideError `CONFIG_INVALID`, naming each option that is wrong and what is allowed
 */
export function resolveConfig(
  config: Config = {},
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ResolvedConfig {
  const parsed = configSchema.safeParse(merge(config, readEnvironment(environment)));
  if (!parsed.success) throw new LookasideError('CONFIG_INVALID', describeIssues(parsed.error.issues));
  return parsed.data;
}

/** Objects are merged key by key; anything else is replaced. What is no object is left for the schema to refuse. */
function merge(base: unknown, over: unknown): unknown {
  if (!isPlain(over)) return over;
  if (!isPlain(base)) return Object.keys(over).length === 0 ? base : over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = merge(merged[key], value);
  return merged;
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function describeIssues(issues: readonly z.core.$ZodIssue[]): string {
  return issues
    .map((issue) => {
      const path = issue.path.map(String).join('.');
      if (issue.code === 'unrecognized_keys')
        return issue.keys.map((key) => `${path === '' ? key : `${path}.${key}`} is not an option`).join('; ');
      return `${path === '' ? 'the configuration' : path} ${wording(issue)}`;
    })
    .join('; ');
}

const wording = (issue: z.core.$ZodIssue): string =>
  /^(must|needs|'|is )/.test(issue.message) ? issue.message : `is not right: ${issue.message}`;
