/**
 * Decides what the manifest of an append only file says: which files it consists of, in which order, and what the next
 * ones are called. Knows no file system. (Redis 7.0: `aof.c`, "AOF Manifest file implementation".)
 */

/** `base`: all there was at one moment. `incr`: what came after. `history`: to be removed. */
export type AofFileKind = 'base' | 'incr' | 'history';

export interface AofFile {
  readonly name: string;
  readonly sequence: number;
}

/** A manifest is never changed: each step makes another one. */
export interface AofManifest {
  readonly base: AofFile | null;
  /** In the order in which they were written. */
  readonly incrs: readonly AofFile[];
  readonly history: readonly AofFile[];
}

export const EMPTY_MANIFEST: AofManifest = { base: null, incrs: [], history: [] };

/** What is wrong with a manifest, and where. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';

  constructor(
    readonly problem: string,
    /** Counted from 1; 0 is the file as a whole. */
    readonly line: number,
  ) {
    super(line === 0 ? problem : `line ${line}: ${problem}`);
  }
}

const LINE_BYTES_MAX = 1024;
const kinds: Readonly<Record<string, AofFileKind>> = { b: 'base', i: 'incr', h: 'history' };

/** Base and history come before what is appended to, as Redis writes them. */
export function manifestText({ base, history, incrs }: AofManifest): string {
  const line = (type: string, { name, sequence }: AofFile): string =>
    `file ${wordText(name)} seq ${sequence} type ${type}\n`;
  return [
    ...(base === null ? [] : [line('b', base)]),
    ...history.map((file) => line('h', file)),
    ...incrs.map((file) => line('i', file)),
  ].join('');
}

/** @throws ManifestError */
export function parseManifest(text: string): AofManifest {
  if (text === '') throw new ManifestError('Found an empty AOF manifest', 0);
  if (!text.endsWith('\n')) throw new ManifestError('The AOF manifest file contains too long line', 0);
  let manifest = EMPTY_MANIFEST;
  for (const [index, line] of text.slice(0, -1).split('\n').entries()) {
    if (line.startsWith('#')) continue;
    const { kind, file } = parseLine(line, index + 1);
    const { base, incrs, history } = manifest;
    const wrong = (problem: string): ManifestError => new ManifestError(problem, index + 1);
    if (kind === 'history') manifest = { ...manifest, history: [...history, file] };
    else if (kind === 'base') {
      if (base !== null) throw wrong('Found duplicate base file information');
      manifest = { ...manifest, base: file };
    } else {
      if (file.sequence <= (incrs.at(-1)?.sequence ?? 0))
        throw wrong('Found a non-monotonic sequence number');
      manifest = { ...manifest, incrs: [...incrs, file] };
    }
  }
  return manifest;
}

function parseLine(line: string, number: number): { kind: AofFileKind; file: AofFile } {
  const wrong = (problem: string): ManifestError => new ManifestError(problem, number);
  if (Buffer.byteLength(line) >= LINE_BYTES_MAX) throw wrong('The AOF manifest file contains too long line');
  const words = wordsOf(line.trim());
  if (words === null || words.length < 6 || words.length % 2 === 1)
    throw wrong('Invalid AOF manifest file format');
  let [name, kind, sequence]: [string | null, AofFileKind | null, number] = [null, null, 0];
  for (let index = 0; index < words.length; index += 2) {
    const [key = '', value = ''] = words.slice(index, index + 2);
    if (key.toLowerCase() === 'file') name = value;
    else if (key.toLowerCase() === 'seq') sequence = /^\d{1,15}$/.test(value) ? Number(value) : 0;
    else if (key.toLowerCase() === 'type') kind = kinds[value] ?? null;
    // Keys that a later version may add are passed over.
  }
  if (name !== null && (name === '' || name.includes('/') || name.includes('\0')))
    throw wrong("File can't be a path, just a filename");
  if (name === null || kind === null || sequence === 0) throw wrong('Invalid AOF manifest file format');
  return { kind, file: { name, sequence } };
}

/** Words, of which those in quotes may contain spaces. Null if a quote is not closed. */
function wordsOf(line: string): string[] | null {
  const words: string[] = [];
  const pattern = /\s*(?:"((?:[^"\\]|\\.)*)"(?=\s|$)|([^\s"]+)(?=\s|$))/gy;
  let at = 0;
  for (let match = pattern.exec(line); match !== null; match = pattern.exec(line)) {
    words.push(match[1] === undefined ? (match[2] ?? '') : unescaped(match[1]));
    at = pattern.lastIndex;
  }
  return at === line.length ? words : null;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b' };

function unescaped(text: string): string {
  const latin1 = text.replace(
    /\\(?:x([0-9a-fA-F]{2})|(.))/g,
    (_all, hex: string | undefined, char: string) =>
      hex === undefined ? (escapes[char] ?? char) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return text.includes('\\x') ? Buffer.from(latin1, 'latin1').toString() : latin1;
}

/** As Redis prints it: quoted only where it has to be. */
function wordText(name: string): string {
  if (!/[\s"'\\]|[^ -~]/.test(name)) return name;
  const bytes = Buffer.from(name).toString('latin1');
  const escaped = bytes.replace(/[\\"]|[^ -~]/g, (char) =>
    char === '\\' || char === '"' ? `\\${char}` : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `"${escaped}"`;
}

export function manifestName(fileName: string): string {
  return `${fileName}.manifest`;
}

/** The next base, and a manifest in which it takes the place of everything before `kept`. */
export function withBase(
  manifest: AofManifest,
  fileName: string,
  format: 'rdb' | 'aof',
  kept: readonly AofFile[],
): { manifest: AofManifest; base: AofFile } {
  const sequence = (manifest.base?.sequence ?? 0) + 1;
  const base: AofFile = { name: `${fileName}.${sequence}.base.${format}`, sequence };
  const names = new Set(kept.map(({ name }) => name));
  const old = manifest.base === null ? [] : [manifest.base];
  const gone = manifest.incrs.filter(({ name }) => !names.has(name));
  return { base, manifest: { base, incrs: kept, history: [...manifest.history, ...old, ...gone] } };
}

export function nextIncr(manifest: AofManifest, fileName: string): AofFile {
  const sequence = (manifest.incrs.at(-1)?.sequence ?? 0) + 1;
  return { name: `${fileName}.${sequence}.incr.aof`, sequence };
}

export function withIncr(manifest: AofManifest, incr: AofFile): AofManifest {
  return { ...manifest, incrs: [...manifest.incrs, incr] };
}

export function withoutHistory(manifest: AofManifest): AofManifest {
  return { ...manifest, history: [] };
}
