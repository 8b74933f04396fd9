/** Decides how a config file is read: JSON, or a JavaScript module whose default export is the config. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, resolve } from 'node:path';
import { LookasideError, messageOf } from '../errors.js';
import type { Config } from './schema.js';

/**
 * Reads a config file. The result is checked by `createCache`.
 *
 * @param file `.json`, `.js`, `.cjs` or `.mjs`; relative to the working directory
 * @throws LookasideError `CONFIG_INVALID` when the file cannot be read or gives no object
 */
export function loadConfig(file: string): Config {
  const path = resolve(file);
  const config = read(path);
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw new LookasideError('CONFIG_INVALID', `${file} must give an object of options`);
  return config;
}

function read(path: string): unknown {
  try {
    if (extname(path) === '.json') return JSON.parse(readFileSync(path, 'utf8')) as unknown;
    const module = createRequire(path)(path) as { default?: unknown };
    return module.default ?? module;
  } catch (error) {
    const said = messageOf(error);
    throw new LookasideError('CONFIG_INVALID', `${path} could not be read: ${said}`, { cause: error });
  }
}
