import * as fc from 'fast-check';

/**
 * Random queries over the demo's tables, most of them valid, for comparing our lineage with what a server really returns. Every choice
 * is drawn from one list of numbers, so that fast-check can make failures smaller.
 */
export const randomSelect: fc.Arbitrary<string> = fc.array(fc.nat(999), { minLength: 12, maxLength: 60 }).map((choices) => new Maker(choices).query(3, []).sql);

interface Range {
  readonly alias: string;
  readonly columns: readonly string[];
}

interface Query {
  readonly sql: string;
  readonly columns: readonly string[];
}

const tables: readonly Range[] = [
  { alias: 'customers', columns: ['id', 'name', 'email', 'ssn', 'card', 'city'] },
  { alias: 'accounts', columns: ['id', 'customer_id', 'iban'] },
  { alias: 'contacts', columns: ['id', 'mail'] },
  { alias: 'customers_old', columns: ['id', 'ssn'] },
];

const wrappers: readonly ((value: string) => string)[] = [
  (value) => value,
  (value) => `${value}::text`,
  (value) => `upper(${value}::text)`,
  (value) => `coalesce(${value}::text, 'x')`,
  (value) => `(${value}::text || '')`,
  (value) => `case when true then ${value}::text else 'y' end`,
  (value) => `(array[${value}::text])[1]`,
  (value) => `to_json(${value})::text`,
  (value) => `(row(${value}))::text`,
  (value) => `nullif(${value}::text, '')`,
];

class Maker {
  readonly #choices: readonly number[];
  #at = 0;
  #names = 0;

  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }

  #pick(count: number): number {
    return (this.#choices[this.#at++ % this.#choices.length] ?? 0) % count;
  }

  #one<T>(from: readonly [T, ...T[]] | readonly T[], otherwise: T): T {
    return from[this.#pick(Math.max(1, from.length))] ?? otherwise;
  }

  #name(): string {
    return `n${this.#names++}`;
  }

  query(depth: number, outer: readonly Range[]): Query {
    const kind = depth > 0 ? this.#pick(6) : 0;
    if (kind === 4) return this.#union(depth, outer);
    if (kind === 5) return this.#cte(depth, outer);
    return this.#plain(depth, outer, []);
  }

  #union(depth: number, outer: readonly Range[]): Query {
    const one = this.#plain(depth - 1, outer, [], 2);
    const other = this.#plain(depth - 1, outer, [], 2);
    return { sql: `(${one.sql}) ${this.#one(['union all', 'union', 'intersect', 'except'], 'union')} (${other.sql})`, columns: one.columns };
  }

  #cte(depth: number, outer: readonly Range[]): Query {
    const inner = this.query(depth - 1, []);
    // Sometimes under the name of a table, which it then hides.
    const name = this.#one([this.#name(), 'accounts'], 'accounts');
    const columns = inner.columns.map(() => this.#name());
    const main = this.#plain(depth - 1, outer, [{ alias: name, columns }]);
    return { sql: `with ${name}(${columns.join(', ')}) as (${inner.sql}) ${main.sql}`, columns: main.columns };
  }

  #plain(depth: number, outer: readonly Range[], ctes: readonly Range[], width = 0): Query {
    const from = this.#from(depth, outer, ctes);
    const visible = [...from.ranges, ...outer];
    const isStar = width === 0 && this.#pick(5) === 0;
    if (isStar) return { sql: `select ${from.ranges.length === 1 ? `${from.ranges[0]?.alias}.*` : '*'} from ${from.sql}`, columns: from.ranges.flatMap((range) => range.columns) };
    const count = width || 1 + this.#pick(3);
    const columns = Array.from({ length: count }, () => this.#name());
    const targets = columns.map((name) => `${width ? `(${this.#value(depth, visible)})::text` : this.#value(depth, visible)} as ${name}`);
    return { sql: `select ${targets.join(', ')} from ${from.sql}${this.#pick(4) === 0 ? ' order by 1' : ''}`, columns };
  }

  #value(depth: number, visible: readonly Range[]): string {
    const wrap = this.#one(wrappers, wrappers[0] ?? String);
    if (depth > 0 && this.#pick(6) === 0) return wrap(`(select max(s.${'v'}::text) from (${this.#column(depth, visible)}) s)`);
    const range = this.#one(visible, { alias: 'x', columns: [] });
    const column = this.#one(range.columns, 'id');
    return wrap(this.#pick(8) === 0 ? `(${range.alias})::text` : this.#pick(3) === 0 ? column : `${range.alias}.${column}`);
  }

  #column(depth: number, visible: readonly Range[]): string {
    const inner = this.#plain(depth - 1, visible, [], 1);
    return `select * from (${inner.sql}) z(v)`;
  }

  #from(depth: number, outer: readonly Range[], ctes: readonly Range[]): { readonly sql: string; readonly ranges: readonly Range[] } {
    const first = this.#item(depth, outer, ctes);
    if (this.#pick(2) === 0) return { sql: first.sql, ranges: [first.range] };
    const isLateral = depth > 0 && this.#pick(3) === 0;
    const second = isLateral ? this.#subselect(depth, [first.range, ...outer]) : this.#item(depth, outer, ctes);
    const shared = first.range.columns.includes('id') && second.range.columns.includes('id') && this.#pick(2) === 0;
    const join = shared ? `join ${isLateral ? 'lateral ' : ''}${second.sql} using (id)` : `${this.#one(['cross join', ', '], ',')} ${isLateral ? 'lateral ' : ''}${second.sql}`;
    return { sql: `${first.sql} ${join}`, ranges: [first.range, second.range] };
  }

  #item(depth: number, outer: readonly Range[], ctes: readonly Range[]): { readonly sql: string; readonly range: Range } {
    if (depth > 0 && this.#pick(3) === 0) return this.#subselect(depth, []);
    const table = ctes.length > 0 && this.#pick(3) > 0 ? ctes[0] : this.#one(tables, tables[0] ?? { alias: 'customers', columns: [] });
    const alias = this.#name();
    if (!table) return { sql: 'customers', range: { alias: 'customers', columns: [] } };
    if (this.#pick(4) > 0) return { sql: `${table.alias} as ${alias}`, range: { alias, columns: table.columns } };
    // An alias list that gives columns the names of others.
    const columns = [...table.columns].reverse();
    return { sql: `${table.alias} as ${alias}(${columns.join(', ')})`, range: { alias, columns } };
  }

  #subselect(depth: number, visible: readonly Range[]): { readonly sql: string; readonly range: Range } {
    const alias = this.#name();
    const inner = this.query(depth - 1, visible);
    return { sql: `(${inner.sql}) as ${alias}`, range: { alias, columns: inner.columns } };
  }
}
