/**
 * Decides how expressions and queries are written from their trees: every name in quotes, every operation in brackets, so
 * that a server cannot read them in another way than the tree says.
 */
import type {
  Call,
  Expression,
  Frame,
  FrameBound,
  JoinedTables,
  Limit,
  OrderItem,
  Query,
  QueryBody,
  Select,
  SelectItem,
  TableName,
  TableSource,
  Window,
} from '../../../src/sql/mysql/ast.js';

export const printName = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

export const printNames = (names: readonly string[]): string => names.map(printName).join('.');

/** Fit for every sql_mode: of doubled quotes only. Text with a backslash is written as hexadecimal digits. */
export function printString(value: string): string {
  if (!/[\\\0\n]/.test(value)) return `'${value.replaceAll("'", "''")}'`;
  return `_utf8mb4 0x${Buffer.from(value).toString('hex')}`;
}

const many = <Item>(items: readonly Item[], print: (item: Item) => string): string =>
  items.map(print).join(', ');

const after = (word: string, text: string): string => (text === '' ? '' : ` ${word} ${text}`);

export function printTable({ schema, name }: TableName): string {
  return printNames(schema === null ? [name] : [schema, name]);
}

export function printExpression(node: Expression): string {
  const inner = printBare(node);
  return /^(?:null|boolean|number|string|binary-literal|parameter|column|user-variable|call)$/.test(node.kind)
    ? inner
    : `(${inner})`;
}

function printBare(node: Expression): string {
  switch (node.kind) {
    case 'null':
      return 'NULL';
    case 'boolean':
      return node.value ? 'TRUE' : 'FALSE';
    case 'number':
      return node.text;
    case 'string':
      if (node.charset === null) return printString(node.value);
      return node.charset === 'utf8mb3'
        ? `N${printString(node.value)}`
        : `_${node.charset} ${printString(node.value)}`;
    case 'binary-literal': {
      const introducer = node.charset === null ? '' : `_${node.charset} `;
      const letter = node.base === 'hex' ? 'x' : 'b';
      return introducer + (node.isPrefixed ? `0${letter}${node.digits}` : `${letter}'${node.digits}'`);
    }
    case 'temporal':
      return `${node.type.toUpperCase()} ${printString(node.value)}`;
    case 'parameter':
      return '?';
    case 'column':
      return printNames(node.names);
    case 'user-variable':
      return `@${printName(node.name)}`;
    case 'system-variable':
      return `@@${node.scope === null ? '' : `${node.scope}.`}${node.name}`;
    case 'variable-assignment':
      return `${printBare(node.variable)} := ${printExpression(node.value)}`;
    case 'unary':
      return `${node.operator.toUpperCase()} ${printExpression(node.operand)}`;
    case 'collate':
      return `${printExpression(node.operand)} COLLATE ${node.collation}`;
    case 'interval':
      return `INTERVAL ${printExpression(node.amount)} ${node.unit.toUpperCase()}`;
    case 'word':
      return node.word.toUpperCase();
    case 'default':
      return node.column === null ? 'DEFAULT' : `DEFAULT(${printExpression(node.column)})`;
    case 'inserted-value':
      return `VALUES(${printExpression(node.column)})`;
    case 'sequence-value':
      return `${node.isNext ? 'NEXT' : 'PREVIOUS'} VALUE FOR ${printTable(node.sequence)}`;
    case 'call':
      return printCall(node);
    default:
      return printOperation(node);
  }
}

type Operation = Extract<
  Expression,
  {
    kind:
      | 'logical'
      | 'comparison'
      | 'quantified'
      | 'arithmetic'
      | 'is'
      | 'in'
      | 'in-query'
      | 'between'
      | 'like'
      | 'row'
      | 'scalar-query'
      | 'exists'
      | 'case'
      | 'cast'
      | 'match';
  }
>;

const not = (isNegated: boolean): string => (isNegated ? 'NOT ' : '');

function printOperation(node: Operation): string {
  switch (node.kind) {
    case 'logical':
      return node.operands.map(printExpression).join(` ${node.operator.toUpperCase()} `);
    case 'comparison':
      return `${printExpression(node.left)} ${node.operator} ${printExpression(node.right)}`;
    case 'quantified':
      return `${printExpression(node.left)} ${node.operator} ${node.quantifier} (${printQuery(node.query)})`;
    case 'arithmetic': {
      const operator = node.operator === 'concat' ? '||' : node.operator.toUpperCase();
      const right = node.right.kind === 'interval' ? printBare(node.right) : printExpression(node.right);
      const left = node.left.kind === 'interval' ? printBare(node.left) : printExpression(node.left);
      return `${left} ${operator} ${right}`;
    }
    case 'is':
      return `${printExpression(node.operand)} IS ${not(node.isNegated)}${node.what.toUpperCase()}`;
    case 'in':
      return `${printExpression(node.operand)} ${not(node.isNegated)}IN (${many(node.items, printExpression)})`;
    case 'in-query':
      return `${printExpression(node.operand)} ${not(node.isNegated)}IN (${printQuery(node.query)})`;
    case 'between':
      return `${printExpression(node.operand)} ${not(node.isNegated)}BETWEEN ${printExpression(node.low)} AND ${printExpression(node.high)}`;
    case 'like': {
      const operator = { like: 'LIKE', regexp: 'REGEXP', sounds: 'SOUNDS LIKE', member: 'MEMBER OF' }[
        node.operator
      ];
      const escape = node.escape === null ? '' : ` ESCAPE ${printExpression(node.escape)}`;
      return `${printExpression(node.operand)} ${not(node.isNegated)}${operator} ${printExpression(node.pattern)}${escape}`;
    }
    case 'row':
      return many(node.items, printExpression);
    case 'scalar-query':
      return printQuery(node.query);
    case 'exists':
      return `EXISTS (${printQuery(node.query)})`;
    case 'case': {
      const operand = node.operand === null ? '' : ` ${printExpression(node.operand)}`;
      const branches = node.branches.map(
        ({ when, value }) => ` WHEN ${printExpression(when)} THEN ${printExpression(value)}`,
      );
      const otherwise = node.otherwise === null ? '' : ` ELSE ${printExpression(node.otherwise)}`;
      return `CASE${operand}${branches.join('')}${otherwise} END`;
    }
    case 'cast':
      return `CAST(${printExpression(node.operand)} AS ${node.type.replace('charset', 'CHARACTER SET')})`;
    case 'match': {
      const modifier = node.modifier === '' ? '' : ` ${node.modifier.toUpperCase()}`;
      return `MATCH (${many(node.columns, printExpression)}) AGAINST (${printExpression(node.against)}${modifier})`;
    }
  }
}

function printCall(node: Call): string {
  const name = node.schema === null ? node.name : printNames([node.schema, node.name]);
  return `${name}(${printInside(node)})${printBehind(node)}`;
}

/** As an argument an interval has no brackets. */
const printArgument = (node: Expression): string =>
  node.kind === 'interval' ? printBare(node) : printExpression(node);

function printInside(node: Call): string {
  const values = node.arguments.map(printArgument);
  const [first = '', second = '', third = ''] = values;
  const [word = '', next = ''] = node.words;
  switch (node.name) {
    case 'extract':
      return `${word} FROM ${first}`;
    case 'timestampadd':
    case 'timestampdiff':
    case 'get_format':
      return [word, ...values].join(', ');
    case 'position':
      return `${first} IN ${second}`;
    case 'trim':
      if (node.words.length === 0) return first;
      if (values.length === 1) return `${word} FROM ${first}`;
      return word === 'from' ? `${first} FROM ${second}` : `${word} ${first} FROM ${second}`;
    case 'substr':
    case 'substring':
    case 'mid':
      if (word !== 'from') return values.join(', ');
      return next === 'for' ? `${first} FROM ${second} FOR ${third}` : `${first} FROM ${second}`;
    case 'char':
    case 'convert':
      return word === 'using' ? `${values.join(', ')} USING ${next}` : values.join(', ');
    case 'weight_string':
      return word === 'as' ? `${first} AS ${next}(${node.words[2] ?? ''})` : first;
    default: {
      if (node.isStar) return '*';
      const separator = node.separator === null ? '' : ` SEPARATOR ${printString(node.separator)}`;
      const order = node.words[0] === 'within' ? '' : printOrder(node.orderBy);
      return `${node.isDistinct ? 'DISTINCT ' : ''}${values.join(', ')}${order}${separator}${printLimit(node.limit)}`;
    }
  }
}

function printBehind(node: Call): string {
  const within = node.words[0] === 'within' ? ` WITHIN GROUP (${printOrder(node.orderBy)})` : '';
  if (node.over === null) return within;
  const options = node.words
    .filter((word) => /^(?:from|first|last|respect|ignore|nulls)$/.test(word))
    .join(' ');
  const over = typeof node.over === 'string' ? printName(node.over) : printWindow(node.over);
  return `${within}${options === '' ? '' : ` ${options}`} OVER ${over}`;
}

function printWindow({ base, partitionBy, orderBy, frame }: Window): string {
  const start = base === null ? '' : printName(base);
  const order = printOrder(orderBy);
  return `(${start}${after('PARTITION BY', many(partitionBy, printExpression))}${order}${printFrame(frame)})`;
}

function printFrame(frame: Frame | null): string {
  if (frame === null) return '';
  const start = printBound(frame.start);
  const bounds = frame.end === null ? start : `BETWEEN ${start} AND ${printBound(frame.end)}`;
  return ` ${frame.unit.toUpperCase()} ${bounds}${after('EXCLUDE', frame.exclude.toUpperCase())}`;
}

function printBound({ direction, offset }: FrameBound): string {
  if (direction === 'current') return 'CURRENT ROW';
  const far = offset === null ? 'UNBOUNDED' : printArgument(offset);
  return `${far} ${direction.toUpperCase()}`;
}

export function printOrder(items: readonly OrderItem[], word = 'ORDER'): string {
  const one = ({ expression, isDescending }: OrderItem): string =>
    `${printOrderExpression(expression)}${isDescending ? ' DESC' : ''}`;
  return after(`${word} BY`, many(items, one));
}

/** A number is a position, and no longer one in brackets. */
const printOrderExpression = (node: Expression): string =>
  node.kind === 'number' ? node.text : printExpression(node);

export function printLimit(limit: Limit | null): string {
  if (limit === null) return '';
  const { count, offset, withTies, rowsExamined } = limit;
  if (withTies && count !== null)
    return `${offset === null ? '' : ` OFFSET ${printExpression(offset)} ROWS`} FETCH FIRST ${printExpression(count)} ROWS WITH TIES`;
  if (count === null && rowsExamined === null && offset !== null)
    return ` OFFSET ${printExpression(offset)} ROWS`;
  const examined = rowsExamined === null ? '' : ` ROWS EXAMINED ${printExpression(rowsExamined)}`;
  const start = offset === null ? '' : `${printExpression(offset)}, `;
  return ` LIMIT ${count === null ? '' : `${start}${printExpression(count)}`}${examined}`;
}

export function printQuery(query: Query): string {
  const locks = query.locks.map(({ strength, of }) => {
    const word = strength === 'update' ? ' FOR UPDATE' : ' LOCK IN SHARE MODE';
    return of.length === 0 ? word : ` FOR ${strength} OF ${many(of, printTable)}`;
  });
  return [
    printWith(query.with),
    printBody(query.body),
    printOrder(query.orderBy),
    printLimit(query.limit),
    ...locks,
    query.into === null ? '' : ` INTO ${query.into.variables.join(', ')}`,
  ].join('');
}

export function printWith(found: Query['with']): string {
  if (found === null) return '';
  const tables = found.tables.map(({ name, columns, query, cycle }) => {
    const names = columns === null ? '' : ` (${many(columns, printName)})`;
    const end = cycle === null ? '' : ` CYCLE ${many(cycle, printName)} RESTRICT`;
    return `${printName(name)}${names} AS (${printQuery(query)})${end}`;
  });
  return `WITH ${found.isRecursive ? 'RECURSIVE ' : ''}${tables.join(', ')} `;
}

function printBody(body: QueryBody): string {
  switch (body.kind) {
    case 'select':
      return printSelect(body);
    case 'set-operation': {
      const operator = `${body.operator.toUpperCase()}${body.isAll ? ' ALL' : ''}`;
      // Only MariaDB and MySQL 8 take a set operation in brackets; what is on the left needs none.
      const isPlain = body.left.kind === 'set-operation' && body.operator !== 'intersect';
      const left = isPlain ? printBody(body.left) : printPart(body.left);
      return `${left} ${operator} ${printPart(body.right)}`;
    }
    case 'query':
      return `(${printQuery(body)})`;
    case 'table-rows':
      return `TABLE ${printTable(body.table)}`;
    case 'values-rows':
      return `VALUES ${many(body.rows, (row) => `(${many(row, printExpression)})`)}`;
  }
}

const printPart = (body: QueryBody): string =>
  body.kind === 'set-operation' ? `(${printBody(body)})` : printBody(body);

function printSelect(select: Select): string {
  const { isDistinct, options, items, from, where, groupBy, hasRollup, having, windows } = select;
  return [
    'SELECT ',
    isDistinct ? 'DISTINCT ' : '',
    ...options.map((option) => `${option.toUpperCase()} `),
    many(items, printItem),
    after('FROM', from.length === 0 && where !== null ? 'DUAL' : many(from, printSource)),
    where === null ? '' : ` WHERE ${printExpression(where)}`,
    printOrder(groupBy, 'GROUP'),
    hasRollup ? ' WITH ROLLUP' : '',
    having === null ? '' : ` HAVING ${printExpression(having)}`,
    after(
      'WINDOW',
      many(windows, ({ name, window }) => `${printName(name)} AS ${printWindow(window)}`),
    ),
  ].join('');
}

export function printItem(item: SelectItem): string {
  if (item.kind === 'all-columns') return item.table === null ? '*' : `${printTable(item.table)}.*`;
  return `${printExpression(item.expression)}${item.alias === null ? '' : ` AS ${printName(item.alias)}`}`;
}

export function printSource(source: TableSource): string {
  switch (source.kind) {
    case 'table': {
      const partitions =
        source.partitions === null ? '' : ` PARTITION (${many(source.partitions, printName)})`;
      const hints = source.indexHints.map(({ action, purpose, indexes }) => {
        const names = many(indexes, printName);
        return ` ${action} INDEX${purpose === '' ? '' : ` FOR ${purpose}`} (${names})`;
      });
      return `${printTable(source.table)}${partitions}${printAlias(source.alias)}${hints.join('')}`;
    }
    case 'derived': {
      const columns = source.columns === null ? '' : ` (${many(source.columns, printName)})`;
      return `${source.isLateral ? 'LATERAL ' : ''}(${printQuery(source.query)})${printAlias(source.alias)}${columns}`;
    }
    case 'join':
      return printJoin(source);
  }
}

const printAlias = (alias: string | null): string => (alias === null ? '' : ` AS ${printName(alias)}`);

function printJoin({ type, isNatural, left, right, on, using }: JoinedTables): string {
  const word = `${isNatural ? 'NATURAL ' : ''}${type === 'inner' ? '' : `${type.toUpperCase()} `}JOIN`;
  const condition = on === null ? '' : ` ON ${printExpression(on)}`;
  const columns = using === null ? '' : ` USING (${many(using, printName)})`;
  return `(${printSource(left)} ${word} ${printSource(right)}${condition}${columns})`;
}
