/** Decides when two servers gave the same answer: equal bytes, but for what no two servers can agree on. */
import type { CommandArgs } from './commands.js';
import type { Tree } from './wire.js';

/** How far apart two clocks may be within one run. */
const TOLERANCE_MS = 5000;

/** Replies in an order nobody promised. */
const UNORDERED =
  'KEYS SCAN CONFIG HGETALL HKEYS HVALS HSCAN HRANDFIELD ZSCAN ZRANDMEMBER SMEMBERS SINTER SUNION SDIFF SSCAN SRANDMEMBER SPOP'.split(
    ' ',
  );
/** Replies that count from now. */
const TIMED = ['TTL', 'PTTL', 'EXPIRETIME', 'PEXPIRETIME'];

/** The trees in a form in which equal answers are deep-equal. */
export function comparable(args: CommandArgs, mine: Tree, real: Tree): { mine: unknown; real: unknown } {
  const name = args[0]?.toUpperCase() ?? '';
  if (name === 'HELLO') return { mine: withoutId(mine), real: withoutId(real) };
  if (name === 'EXEC') return comparableItems(mine, real);
  if (UNORDERED.includes(name)) return { mine: sorted(mine), real: sorted(real) };
  if (TIMED.includes(name)) return isClose(mine, real, name) ? { mine: real, real } : { mine, real };
  if (isIdleTime(args) && isCloseInSeconds(mine, real)) return { mine: real, real };
  if (name === 'COMMAND' && args.some((arg) => arg.toUpperCase() === 'INFO'))
    return { mine: sorted(mine), real: sorted(real) };
  return { mine, real };
}

/** Seconds since a key was used, which Redis counts by a clock that ticks once a second: a new key may be one old. */
function isIdleTime([name = '', word = '']: CommandArgs): boolean {
  return name.toUpperCase() === 'OBJECT' && word.toUpperCase() === 'IDLETIME';
}

function isCloseInSeconds(mine: Tree, real: Tree): boolean {
  const difference = Math.abs(Number(mine[1]) - Number(real[1]));
  return mine[0] === ':' && real[0] === ':' && difference <= TOLERANCE_MS / 1000;
}

function isClose(mine: Tree, real: Tree, name: string): boolean {
  const [a, b] = [Number(mine[1]), Number(real[1])];
  const tolerance = name.startsWith('P') ? TOLERANCE_MS : TOLERANCE_MS / 1000;
  return mine[0] === ':' && real[0] === ':' && a > 0 && b > 0 && Math.abs(a - b) <= tolerance;
}

/** What EXEC ran is not known here: nested replies are compared as loosely as any of them needs. */
function comparableItems(mine: Tree, real: Tree): { mine: unknown; real: unknown } {
  const [a, b] = [mine[1], real[1]];
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return { mine, real };
  const pairs = a.map((item: Tree, index) => {
    const other = b[index] as Tree;
    const isTime = isClose(item, other, 'P') && Number(other[1]) >= 1000;
    return isTime ? [other, other] : [sorted(withoutId(item)), sorted(withoutId(other))];
  });
  return { mine: [mine[0], pairs.map((pair) => pair[0])], real: [real[0], pairs.map((pair) => pair[1])] };
}

function sorted(tree: Tree): Tree {
  const [mark, content] = tree;
  if (!Array.isArray(content)) return tree;
  const items = content.map((item: Tree) => JSON.stringify(sorted(item)));
  return [mark, items.sort().map((item) => ['', item] as Tree)];
}

/** The map of HELLO with its client id blanked. */
function withoutId(tree: Tree): Tree {
  const [mark, content] = tree;
  if (!Array.isArray(content)) return tree;
  const at = content.findIndex((item: Tree) => item[1] === 'id');
  const isHello = content.some((item: Tree) => item[1] === 'proto');
  if (!isHello || at < 0) return tree;
  return [mark, content.map((item: Tree, index): Tree => (index === at + 1 ? [':', 'id'] : item))];
}
