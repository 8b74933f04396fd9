/** Decides how a text becomes parse trees: Postgres' own grammar, errors as values. Knows no catalog and no meaning. */
import { type Fields, isFields, list } from './ast.js';
import { compileParser, type ParserInstance, startParser } from './wasm-host.js';

export type ParseOutcome =
  | { readonly parsed: true /** One tagged node per statement. */; readonly statements: readonly unknown[] }
  | { readonly parsed: false; readonly message: string };

export interface PostgresParser {
  /** Never throws. A text the parser cannot read (its own limits included) is an outcome. */
  parse(text: string): ParseOutcome;
  /** The same for `create function … language plpgsql as …`: one tree per function. */
  parseCode(text: string): ParseOutcome;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

let loading: Promise<PostgresParser> | null = null;

/** Loads the grammar once per process (some 10 ms), and gives the same parser to everybody. */
export function loadParser(): Promise<PostgresParser> {
  loading ??= compileParser().then(parserOf);
  return loading;
}

function parserOf(module: object): PostgresParser {
  let instance = startParser(module);
  const guarded = (text: string, parse: typeof parseWith): ParseOutcome => {
    // C reads up to the first NUL: what stands behind it would be overlooked.
    if (text.includes('\0')) return { parsed: false, message: 'the text has a NUL character' };
    try {
      return parse(instance, text);
    } catch (error) {
      // A trap (stack or memory exhausted by a monstrous statement) leaves the instance in an unknown state.
      instance = startParser(module);
      return { parsed: false, message: `the parser gave up: ${String(error)}` };
    }
  };
  return {
    parse: (text) => guarded(text, parseWith),
    parseCode: (text) => guarded(text, parseCodeWith),
  };
}

/** A text in the parser's memory: to be freed. */
function stored(instance: ParserInstance, text: string): number {
  const source = encoder.encode(text);
  const pointer = instance.malloc(source.length + 1);
  if (pointer === 0) throw new Error('no memory');
  const bytes = instance.bytes();
  bytes.set(source, pointer);
  bytes[pointer + source.length] = 0;
  return pointer;
}

function parseCodeWith(instance: ParserInstance, text: string): ParseOutcome {
  const pointer = stored(instance, text);
  let result = 0;
  try {
    result = instance.parsePlpgsql(pointer);
    // An object, or what is wrong in words.
    const answer = cString(instance, result);
    if (!answer.startsWith('{')) return { parsed: false, message: answer };
    const tree: unknown = JSON.parse(answer);
    return isFields(tree)
      ? { parsed: true, statements: list(tree, 'plpgsql_funcs') }
      : { parsed: false, message: 'the parser gave no tree' };
  } finally {
    instance.free(pointer);
    if (result !== 0) instance.freeString(result);
  }
}

function parseWith(instance: ParserInstance, text: string): ParseOutcome {
  const pointer = stored(instance, text);
  let result = 0;
  try {
    result = instance.parse(pointer);
    if (result === 0) throw new Error('no memory');
    // PgQueryParseResult: the tree as JSON, what was printed, the error (whose first field is its message).
    const words = instance.words();
    const tree = words[result >> 2] ?? 0;
    const error = words[(result >> 2) + 2] ?? 0;
    if (error !== 0) return { parsed: false, message: cString(instance, words[error >> 2] ?? 0) };
    return outcomeOf(JSON.parse(cString(instance, tree)));
  } finally {
    instance.free(pointer);
    if (result !== 0) instance.freeParseResult(result);
  }
}

function outcomeOf(tree: unknown): ParseOutcome {
  if (!isFields(tree)) return { parsed: false, message: 'the parser gave no tree' };
  return { parsed: true, statements: list(tree, 'stmts').map((raw) => (raw as Fields)['stmt']) };
}

function cString(instance: ParserInstance, pointer: number): string {
  if (pointer === 0) return '';
  const bytes = instance.bytes();
  return decoder.decode(bytes.subarray(pointer, bytes.indexOf(0, pointer)));
}
