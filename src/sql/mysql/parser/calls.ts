/** Decides how functions are called, among them those that have a grammar of their own. Knows no function's meaning. */
import type { Call, Expression } from '../ast.js';
import type { Cursor } from './cursor.js';
import { intervalOf, unitName, units } from './intervals.js';
import { columnReference } from './names.js';
import { limitOf, orderedBy, windowOf } from './ordering.js';
import { castType } from './types.js';
import { mayBeName } from './words.js';

/** Called without brackets. */
const withoutBrackets = new Set(
  `current_date current_time current_timestamp current_user current_role localtime localtimestamp utc_date utc_time
  utc_timestamp`.split(/\s+/),
);

/** Reserved words that are functions too. */
const reservedFunctions = new Set(
  `${[...withoutBrackets].join(' ')} char convert database default if insert interval left match mod repeat replace right
  row schema values`.split(/\s+/),
);

/** Followed by their bracket directly, unless IGNORE_SPACE. With a blank they are something else. */
const touchingBracket = new Set(
  `adddate bit_and bit_or bit_xor cast count curdate curtime date_add date_sub extract group_concat json_arrayagg
  json_objectagg max mid min now position session_user st_collect std stddev stddev_pop stddev_samp subdate substr substring
  sum sysdate system_user trim variance var_pop var_samp`.split(/\s+/),
);

/** Functions of many rows. */
const aggregates = new Set(
  `avg bit_and bit_or bit_xor count group_concat json_arrayagg json_objectagg max min std stddev stddev_pop stddev_samp sum
  variance var_pop var_samp`.split(/\s+/),
);

/** Functions whose second argument may be an interval. */
const takingIntervals = new Set(['adddate', 'date_add', 'date_sub', 'subdate']);

/** With a name in quotes these would be another function than the built-in one. */
const namedByWord = new Set([...reservedFunctions, ...touchingBracket, ...aggregates]);

/** What of a call is said unless more is known. */
const plainCall: Omit<Call, 'name'> = {
  kind: 'call',
  schema: null,
  arguments: [],
  words: [],
  isDistinct: false,
  isStar: false,
  orderBy: [],
  separator: null,
  limit: null,
  over: null,
};

/** The function called by the word that stands here, if it is one. */
export function keywordCall(cursor: Cursor): Expression | null {
  const { word, end } = cursor.peek();
  const bracket = cursor.peek(1);
  if (bracket.word !== '(') {
    if (cursor.take('match')) return match(cursor);
    if (!withoutBrackets.has(word)) return null;
    cursor.next();
    return { ...plainCall, name: word };
  }
  if (!mayBeName(word) && !reservedFunctions.has(word)) return null;
  if (touchingBracket.has(word) && bracket.start !== end && !cursor.mode.ignoreSpace) cursor.fail();
  cursor.next();
  return called(cursor, word);
}

/** The brackets of a function whose name was passed: in quotes, or with a schema. */
export function call(cursor: Cursor, names: readonly string[]): Expression {
  const [first = '', second] = names;
  if (names.length > 2) cursor.fail();
  const name = second ?? first.toLowerCase();
  if (second === undefined && namedByWord.has(name)) cursor.fail();
  const values = cursor.bracketed(() => plainArguments(cursor));
  return { ...plainCall, schema: second === undefined ? null : first, name, arguments: values };
}

function plainArguments(cursor: Cursor): readonly Expression[] {
  return cursor.at(')') ? [] : cursor.list(() => cursor.grammar.expression(cursor));
}

function called(cursor: Cursor, name: string): Expression {
  switch (name) {
    case 'cast':
      return cursor.bracketed(() => {
        const operand = cursor.grammar.expression(cursor);
        cursor.expect('as');
        return { kind: 'cast', operand, type: castType(cursor) };
      });
    case 'convert':
      return cursor.bracketed(() => converted(cursor));
    case 'default':
      return cursor.bracketed(() => ({ kind: 'default', column: columnReference(cursor) }));
    case 'values':
      return cursor.bracketed(() => ({ kind: 'inserted-value', column: columnReference(cursor) }));
    case 'match':
      return match(cursor);
    case 'row': {
      const items = cursor.bracketed(() => cursor.list(() => cursor.grammar.expression(cursor)));
      return items.length > 1 ? { kind: 'row', items } : cursor.fail();
    }
    // VALUES under its other name, or a function of that name.
    case 'value':
      return cursor.fail();
    default: {
      const found = cursor.bracketed(() => ({ ...plainCall, name, ...insideOf(cursor, name) }));
      return windowed(cursor, aggregates.has(name) ? found : ordered(cursor, found));
    }
  }
}

function converted(cursor: Cursor): Expression {
  const operand = cursor.grammar.expression(cursor);
  if (cursor.take('using'))
    return {
      ...plainCall,
      name: 'convert',
      arguments: [operand],
      words: ['using', charsetName(cursor)],
    };
  cursor.expect(',');
  return { kind: 'cast', operand, type: castType(cursor) };
}

function charsetName(cursor: Cursor): string {
  if (cursor.take('binary')) return 'binary';
  if (cursor.take('default')) return 'default';
  return (cursor.peek().kind === 'string' ? cursor.next().text : cursor.name()).toLowerCase();
}

function match(cursor: Cursor): Expression {
  const isBracketed = cursor.take('(');
  const columns = cursor.list(() => columnReference(cursor));
  if (isBracketed) cursor.expect(')');
  cursor.expect('against');
  return cursor.bracketed(() => {
    const against = cursor.grammar.operand(cursor);
    const modes = [
      ['in', 'natural', 'language', 'mode', 'with', 'query', 'expansion'],
      ['in', 'natural', 'language', 'mode'],
      ['in', 'boolean', 'mode'],
      ['with', 'query', 'expansion'],
    ];
    const modifier = modes.find((words) => cursor.takeAll(words)) ?? [];
    return { kind: 'match', columns, against, modifier: modifier.join(' ') };
  });
}

/** What stands between the brackets. */
function insideOf(cursor: Cursor, name: string): Partial<Call> {
  switch (name) {
    case 'extract': {
      const unit = unitName(cursor);
      cursor.expect('from');
      return { arguments: [cursor.grammar.expression(cursor)], words: [unit] };
    }
    case 'timestampadd':
    case 'timestampdiff':
      return { words: [timestampUnit(cursor)], arguments: afterComma(cursor) };
    case 'get_format': {
      const type = cursor.takeOne(['date', 'time', 'datetime', 'timestamp']) ?? cursor.fail();
      return { words: [type], arguments: afterComma(cursor) };
    }
    case 'position': {
      const sought = cursor.grammar.operand(cursor);
      cursor.expect('in');
      return { arguments: [sought, cursor.grammar.expression(cursor)], words: ['in'] };
    }
    case 'trim':
      return trimmed(cursor);
    case 'substr':
    case 'substring':
    case 'mid':
      return substring(cursor);
    case 'char': {
      const values = plainArguments(cursor);
      return { arguments: values, words: cursor.take('using') ? ['using', charsetName(cursor)] : [] };
    }
    case 'weight_string':
      return weightString(cursor);
    default:
      if (aggregates.has(name)) return aggregated(cursor, name);
      return { arguments: takingIntervals.has(name) ? intervalArguments(cursor) : plainArguments(cursor) };
  }
}

function afterComma(cursor: Cursor): readonly Expression[] {
  cursor.expect(',');
  return plainArguments(cursor);
}

function timestampUnit(cursor: Cursor): string {
  const { word } = cursor.next();
  const unit = word.startsWith('sql_tsi_') ? word.slice('sql_tsi_'.length) : word;
  return units.has(unit) ? unit : cursor.fail();
}

function intervalArguments(cursor: Cursor): readonly Expression[] {
  const first = cursor.grammar.expression(cursor);
  cursor.expect(',');
  return [first, intervalOf(cursor) ?? cursor.grammar.expression(cursor)];
}

function trimmed(cursor: Cursor): Partial<Call> {
  const side = cursor.takeOne(['both', 'leading', 'trailing']);
  const words: readonly string[] = side === null ? [] : [side];
  if (side !== null && cursor.take('from'))
    return { arguments: [cursor.grammar.expression(cursor)], words: [...words, 'from'] };
  const first = cursor.grammar.expression(cursor);
  if (!cursor.take('from')) return side === null ? { arguments: [first] } : cursor.fail();
  return { arguments: [first, cursor.grammar.expression(cursor)], words: [...words, 'from'] };
}

function substring(cursor: Cursor): Partial<Call> {
  const whole = cursor.grammar.expression(cursor);
  if (!cursor.take('from')) return { arguments: [whole, ...afterComma(cursor)] };
  const start = cursor.grammar.expression(cursor);
  if (!cursor.take('for')) return { arguments: [whole, start], words: ['from'] };
  return { arguments: [whole, start, cursor.grammar.expression(cursor)], words: ['from', 'for'] };
}

function weightString(cursor: Cursor): Partial<Call> {
  const value = cursor.grammar.expression(cursor);
  if (!cursor.take('as')) return { arguments: [value] };
  const type = cursor.takeOne(['char', 'binary']) ?? cursor.fail();
  const length = cursor.bracketed(() =>
    cursor.peek().kind === 'integer' ? cursor.next().text : cursor.fail(),
  );
  return { arguments: [value], words: ['as', type, length] };
}

function aggregated(cursor: Cursor, name: string): Partial<Call> {
  if (name === 'count' && cursor.take('*')) return { isStar: true };
  const isDistinct = cursor.takeOne(['distinct', 'all']) === 'distinct';
  const values = cursor.list(() => cursor.grammar.expression(cursor));
  if (name !== 'group_concat' && name !== 'json_arrayagg') return { isDistinct, arguments: values };
  const orderBy = orderedBy(cursor, 'order');
  let separator: string | null = null;
  if (name === 'group_concat' && cursor.take('separator'))
    separator = cursor.peek().kind === 'string' ? cursor.next().text : cursor.fail();
  return { isDistinct, arguments: values, orderBy, separator, limit: limitOf(cursor) };
}

/** `WITHIN GROUP (ORDER BY …)` of MariaDB. */
function ordered(cursor: Cursor, found: Call): Call {
  if (!cursor.take('within', 'group')) return found;
  return {
    ...found,
    words: ['within', 'group'],
    orderBy: cursor.bracketed(() => orderedBy(cursor, 'order')),
  };
}

/** OVER, and what may stand before it. */
function windowed(cursor: Cursor, found: Call): Call {
  const options = [
    ['from', 'first'],
    ['from', 'last'],
    ['respect', 'nulls'],
    ['ignore', 'nulls'],
  ].filter((words) => found.arguments.length > 0 && isBeforeOver(cursor, words) && cursor.takeAll(words));
  if (!cursor.take('over')) return options.length === 0 ? found : cursor.fail();
  const over = cursor.at('(') ? windowOf(cursor) : cursor.name();
  return { ...found, words: [...found.words, ...options.flat()], over };
}

/** `FROM first` may be a table of that name. */
function isBeforeOver(cursor: Cursor, words: readonly string[]): boolean {
  if (!cursor.atAll(words)) return false;
  return (
    cursor.peek(2).word === 'over' || (cursor.peek(3).word === 'nulls' && cursor.peek(4).word === 'over')
  );
}
