/** Config files: JSON and JavaScript, what they may give, and what is said of those that cannot be read. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { createCache, loadConfig } from '../../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'lookaside-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

it('reads JSON', () => {
  expect(loadConfig(file('a.json', '{"ttl":"5s","near":{"max":"2mb"}}'))).toEqual({
    ttl: '5s',
    near: { max: '2mb' },
  });
});

it('reads a CommonJS module', () => {
  expect(loadConfig(file('a.cjs', "module.exports = { ttl: '6s' };"))).toEqual({ ttl: '6s' });
});

it('reads the default export of an ES module, as every promised Node does', () => {
  const config = file('a.mjs', "export default { ttl: '7s' };");
  const program = `
    import { loadConfig } from ${JSON.stringify(pathToFileURL('src/config/file.ts').href)};
    console.log(JSON.stringify(loadConfig(${JSON.stringify(config)})));`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', program],
    { encoding: 'utf8' },
  );
  expect(stdout, stderr).toBe('{"ttl":"7s"}\n');
});

it('makes a cache of what it gives', async () => {
  const config = loadConfig(file('b.json', '{"namespace":"from-a-file","ttl":"5s"}'));
  const cache = createCache(config);
  expect(cache.namespace).toBe('from-a-file');
  await cache.close();
});

it('leaves judging the options to createCache, which names the wrong one', () => {
  const config = loadConfig(file('c.json', '{"ttl":"soon"}'));
  expect(() => createCache(config)).toThrow('ttl must be');
});

it.each([
  ['list.json', '[]', 'must give an object of options'],
  ['number.cjs', 'module.exports = 7;', 'must give an object of options'],
  ['null.json', 'null', 'must give an object of options'],
  ['broken.json', '{"ttl":', 'could not be read'],
  ['throws.cjs', "throw new Error('on purpose');", 'on purpose'],
])('refuses %s', (name, text, words) => {
  expect(() => loadConfig(file(name, text))).toThrow(
    expect.objectContaining({
      code: 'LOOKASIDE_CONFIG_INVALID',
      message: expect.stringContaining(words) as string,
    }),
  );
});

it('names a file that is not there', () => {
  expect(() => loadConfig(join(folder, 'absent.json'))).toThrow(/absent\.json could not be read: ENOENT/);
});
