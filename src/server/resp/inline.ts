/** Decides how one inline request line is split into arguments (quotes and escapes). Knows nothing of streams. */

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };

/** The arguments of a line, as byte strings; null when a quote is not closed or not followed by a space. */
export function splitInline(rawLine: string): string[] | null {
  // In C a zero byte ends the text.
  const line = rawLine.split('\0', 1)[0] ?? '';
  const args: string[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && isSpace(line, at)) at++;
    if (at >= line.length) return args;
    let word = '';
    while (at < line.length && !endsWord(line, at)) {
      const char = line.charAt(at);
      if (char !== '"' && char !== "'") {
        word += char;
        at++;
        continue;
      }
      const quoted = char === '"' ? readDoubleQuoted(line, at + 1) : readSingleQuoted(line, at + 1);
      if (quoted === null) return null;
      word += quoted.text;
      at = quoted.end;
      if (at < line.length && !isSpace(line, at)) return null;
    }
    args.push(word);
  }
}

interface Quoted {
  text: string;
  /** The position after the closing quote. */
  end: number;
}

function readDoubleQuoted(line: string, start: number): Quoted | null {
  let text = '';
  for (let at = start; at < line.length; at++) {
    const char = line.charAt(at);
    if (char === '"') return { text, end: at + 1 };
    if (char !== '\\' || at + 1 >= line.length) {
      text += char;
      continue;
    }
    const hex = /^x([0-9a-fA-F]{2})/.exec(line.slice(at + 1, at + 4))?.[1];
    if (hex !== undefined) {
      text += String.fromCharCode(Number.parseInt(hex, 16));
      at += 3;
    } else {
      const escaped = line.charAt(++at);
      text += SIMPLE_ESCAPES[escaped] ?? escaped;
    }
  }
  return null;
}

function readSingleQuoted(line: string, start: number): Quoted | null {
  let text = '';
  for (let at = start; at < line.length; at++) {
    const char = line.charAt(at);
    if (char === "'") return { text, end: at + 1 };
    if (char === '\\' && line.charAt(at + 1) === "'") {
      text += "'";
      at++;
    } else text += char;
  }
  return null;
}

/** C's isspace, which knows no wider spaces. */
function isSpace(line: string, at: number): boolean {
  const code = line.charCodeAt(at);
  return code === 32 || (code >= 9 && code <= 13);
}

/** A word goes on over a vertical tab and a form feed, although they count as space between words. */
function endsWord(line: string, at: number): boolean {
  return isSpace(line, at) && line.charCodeAt(at) !== 11 && line.charCodeAt(at) !== 12;
}
