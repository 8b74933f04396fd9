/**
 * Decides the generated texts that parser and servers have to read in the same way: expressions with hardly a bracket,
 * queries and writes over the tables of `forms.ts`. Some of them are wrong.
 */
import type { Random } from '../../../src/clock.js';

const arithmetic = '+ - * / % div mod ^ | & << >>'.split(' ');
const symbols = [...arithmetic, ...'= <=> < <= > >= <> != and && or xor ||'.split(' ')];

/** Brackets, queries and functions in one another. */
const depthMax = 2;

const tables = ['t1', 't2'];
const columns = ['id', 'a', 'b', 'c'];

export class StatementGrammar {
  #depth = 0;

  constructor(private readonly random: Random) {}

  #below(count: number): number {
    return Math.floor(this.random.fraction() * count);
  }

  #one<Item>(items: readonly Item[]): Item {
    const item = items[this.#below(items.length)];
    if (item === undefined) throw new Error('There is nothing to choose from.');
    return item;
  }

  #maybe(text: string | (() => string), oneIn = 2): string {
    if (this.#below(oneIn) > 0) return '';
    return typeof text === 'string' ? text : text();
  }

  #some(countMax: number, make: () => string, separator = ', '): string {
    return Array.from({ length: 1 + this.#below(countMax) }, make).join(separator);
  }

  /** One level deeper, or where that is deep enough something plain. */
  #deeper(make: () => string, plain: () => string): string {
    if (this.#depth >= depthMax) return plain();
    this.#depth += 1;
    const made = make();
    this.#depth -= 1;
    return made;
  }

  // ---- Expressions

  /** With hardly a bracket: how it is put together is for the reader to find out. Some in disorder. */
  expression(): string {
    if (this.#below(12) === 0) return this.#disorder();
    const logical = (): string => this.#maybe('not ', 6) + this.#comparison();
    let text = logical();
    while (this.#below(this.#depth + 3) === 0)
      text += ` ${this.#one(['and', 'or', 'xor', '&&', '||'])} ${logical()}`;
    return text;
  }

  #comparison(): string {
    let text = this.#predicate();
    while (this.#below(4) === 0)
      text +=
        this.#below(3) === 0
          ? ` is ${this.#maybe('not ', 3)}${this.#one(['null', 'true', 'false', 'unknown'])}`
          : ` ${this.#one(['=', '<=>', '<', '<=', '>', '>=', '<>', '!='])} ${this.#predicate()}`;
    return text;
  }

  #predicate(): string {
    return this.#sum() + this.#maybe(() => this.#test(), 4);
  }

  #test(): string {
    const not = this.#maybe('not ', 3);
    return this.#one([
      () => ` ${not}between ${this.#sum()} and ${this.#sum()}`,
      () => ` ${not}in (${this.#some(3, () => this.expression())})`,
      () => ` ${not}like ${this.#sum()}${this.#maybe(" escape '|'", 4)}`,
      () => ` ${not}${this.#one(['regexp', 'rlike'])} '[1-4]'`,
      () => ` sounds like ${this.#sum()}`,
      () => ` ${not}in (${this.query(1)})`,
      () => ` ${this.#one(['=', '<', '>='])} ${this.#one(['any', 'all', 'some'])} (${this.query(1)})`,
    ])();
  }

  #disorder(): string {
    let text = this.#operand();
    for (let more = this.#below(4); more > 0; more--)
      text +=
        this.#below(3) === 0
          ? this.#test()
          : ` ${this.#one(symbols)} ${this.#maybe('not ', 20)}${this.#operand()}`;
    return text;
  }

  #sum(): string {
    let text = this.#operand();
    while (this.#below(3) === 0)
      text +=
        this.#below(8) === 0
          ? ` ${this.#one(['+', '-'])} interval ${this.#one(['1', '(1 + 1)', "'2'"])} day`
          : ` ${this.#one(arithmetic)} ${this.#operand()}`;
    return text;
  }

  #operand(): string {
    return this.#maybe(() => this.#one(['- ', '+ ', '~ ', '! ', '-', 'binary ']), 6) + this.#value();
  }

  #value(): string {
    const plain = (): string => this.#plain();
    switch (this.#below(14)) {
      case 0:
      case 1:
        return this.#deeper(() => `(${this.expression()})`, plain);
      case 2:
        return this.#deeper(() => `(${this.query(1)})`, plain);
      case 3:
        return this.#deeper(() => this.#case(), plain);
      case 4:
      case 5:
        return this.#deeper(() => this.#call(), plain);
      case 6:
        return `'x' collate ${this.#one(['utf8mb4_bin', 'utf8mb4_general_ci'])}`;
      case 7:
        return this.#deeper(() => `exists (${this.query(2)})`, plain);
      default:
        return plain();
    }
  }

  #plain(): string {
    if (this.#below(3) === 0)
      return this.#one(['0', '1', '2', '3', '10', '1.5', '2e0', 'null', 'true', "'2'", "'a'", "x'31'"]);
    return this.#one(columns);
  }

  #case(): string {
    const operand = this.#maybe(() => ` ${this.expression()}`);
    const branches = this.#some(2, () => `when ${this.expression()} then ${this.expression()}`, ' ');
    return `case${operand} ${branches}${this.#maybe(() => ` else ${this.expression()}`)} end`;
  }

  #call(): string {
    const value = this.expression();
    return this.#one([
      () => `coalesce(${value}, ${this.expression()})`,
      () => `if(${value}, ${this.#operand()}, ${this.expression()})`,
      () => `concat(${value}, ${this.#operand()})`,
      () => `cast(${value} as ${this.#one(['char', 'signed', 'decimal(10,2)', 'char(2)', 'binary(2)'])})`,
      () => `convert(${value}, ${this.#one(['char', 'signed'])})`,
      () => `convert(${value} using utf8mb4)`,
      () => `left(${value}, 1)`,
      () => `mod(${value}, 3)`,
      () => `trim(${this.#one(['', "'1' from ", "leading 'x' from "])}${value})`,
      () => `substring(${value} from 1 for 2)`,
      () => `position(${this.#plain()} in ${value})`,
      () => `interval(${value}, 1, 2)`,
      () => `nullif(${value}, ${this.#operand()})`,
      () => `truncate(${value}, 0)`,
      () => `extract(day from ${value})`,
    ])();
  }

  // ---- Queries

  /** @param width how many columns it gives */
  query(width: number): string {
    return this.#deeper(
      () => {
        if (this.#below(5) > 0 || this.#depth > 2) return this.#select(width);
        const operator = this.#one(['union', 'union all', 'union distinct', 'except', 'intersect']);
        const part = (): string => (this.#below(3) === 0 ? `(${this.#select(width)})` : this.#bare(width));
        return `${part()} ${operator} ${part()}${this.#maybe(() => ` union all ${part()}`, 3)}${this.#maybe(' order by 1', 3)}`;
      },
      () => `select ${Array.from({ length: width }, () => '1').join(', ')}`,
    );
  }

  #select(width: number): string {
    const order = ` order by ${Array.from({ length: width }, (_, index) => `${index + 1}${this.#maybe(' desc', 3)}`).join(', ')}`;
    const limit = this.#one([' limit 1', ' limit 2', ' limit 1, 2', ' limit 1 offset 1']);
    return this.#bare(width) + this.#maybe(() => order + this.#maybe(limit), 3);
  }

  #bare(width: number): string {
    const items = Array.from(
      { length: width },
      () => this.expression() + this.#maybe(() => this.#one([' as x', ' y', " 'z'", ' as `select`']), 6),
    );
    const where = this.#maybe(() => ` where ${this.expression()}`);
    const group = this.#maybe(() => ` group by ${this.#one(columns)}${this.#maybe(' desc', 5)}`, 8);
    const having = group === '' ? '' : this.#maybe(() => ` having ${this.#one(columns)} is not null`, 3);
    const words = this.#maybe(() => this.#one(['distinct ', 'all ', 'sql_no_cache ', 'straight_join ']), 5);
    return `select ${words}${items.join(', ')}${this.#from()}${where}${group}${having}`;
  }

  /** The columns that expressions name are of its first item, unless nothing else has such columns. */
  #from(): string {
    const first = this.#one(tables);
    switch (this.#below(9)) {
      case 0:
        return ` from ${this.#chain(first)}`;
      case 1:
        return ` from (select * from ${first}${this.#maybe(' where id < 4')}) ${this.#maybe('as ')}d`;
      case 2:
        return ` from ${first} ${this.#maybe('as ')}x${this.#maybe(' use index (primary)', 4)}`;
      case 3:
        return ` from (${this.#chain(first)})`;
      case 4:
        return ` from t1 natural ${this.#one(['', 'left ', 'right ', 'inner '])}join t2`;
      case 5:
        return ` from ((select * from ${first}) union all (select * from t2)) u`;
      default:
        return ` from ${first}`;
    }
  }

  /** Joins with their conditions anywhere behind them, on tables that have other columns. */
  #chain(first: string): string {
    const joins = 1 + this.#below(3);
    const names = Array.from({ length: joins }, (_, index) => `j${index}`);
    let waiting = 0;
    let text = first;
    let left = `${first}.id`;
    for (const name of names) {
      const item = `(select id as ${name}_id, n as ${name}_n from t3) ${name}`;
      text += ` ${this.#one(['join', 'left join', 'right join', 'inner join', 'cross join', 'straight_join', 'left outer join'])} ${item}`;
      waiting += 1;
      while (waiting > 0 && this.#below(4) > 0) {
        text += ` on ${left} = ${name}_id`;
        waiting -= 1;
      }
      left = `${name}_id`;
    }
    for (; waiting > 0; waiting--) text += this.#maybe(` on ${left} = ${left}`, 2);
    return text + this.#maybe(', (select 1 as only_one) o', 5);
  }

  // ---- Writes

  write(): string {
    const value = (): string => (this.#below(8) === 0 ? 'default' : this.expression());
    const where = this.#maybe(() => ` where ${this.expression()}`);
    const rest =
      where + this.#maybe(() => ` order by id${this.#maybe(' desc')} limit ${1 + this.#below(3)}`, 3);
    const ignore = this.#maybe('ignore ', 4);
    switch (this.#below(10)) {
      case 0:
      case 1:
        return `update ${ignore}t2 set a = ${value()}, b = ${value()}${rest}`;
      case 2:
        return `update t2 x join t1 y ${this.#one(['on x.a = y.a', 'using (id)'])} set x.b = y.b${this.#maybe(', y.c = 9 where x.id > 1')}`;
      case 3:
        return `delete ${ignore}from t2${rest}`;
      case 4:
        return this.#one([
          'delete x from t2 x join t1 on x.id = t1.id',
          'delete t2.* from t2, t3 where t2.id = t3.t1_id',
          'delete from t2 using t2 join t1 using (id) where t1.a > 10',
          'delete t2, t1 from t1 left join t2 on t1.id = t2.id',
        ]);
      case 5:
        return `replace into t2 (id, a) values (${this.#below(9)}, ${value()})`;
      case 6:
        return `insert ${ignore}into t2 (id, a) select id + 100, a from t1${where}`;
      case 7:
        return `insert ${ignore}into t2 set id = ${this.#below(200)}, a = ${value()}`;
      default: {
        const rows = this.#some(2, () => `(${this.#below(200)}, ${value()}, ${value()})`);
        const update = this.#maybe(
          () => ` on duplicate key update a = values(a) + 1, b = ${this.expression()}`,
        );
        return `insert ${ignore}into t2 (id, c, b) values ${rows}${update}`;
      }
    }
  }
}
