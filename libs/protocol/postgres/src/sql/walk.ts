import type { DeleteStmt, FuncCall, InsertStmt, LockingClause, MergeStmt, Node, RangeVar, SelectStmt, UpdateStmt, WithClause } from 'libpg-query';
import type { Findings } from './findings.ts';
import { callsFunction, executes, hiddenCall, readsByType, usesOperator } from './functions.ts';
import { maxDepth, TooDeep } from './limits.ts';
import type { Named, Names } from './names.ts';
import { usesRelation } from './relations.ts';
import { settingOf } from './settings.ts';
import { contains, eachChild, eachNode, strings, type Body } from './tree.ts';
import { plainTypes, syntaxFunctions } from './walk-types.ts';

/** Names of CTEs that are visible at a place: a table of that name is not meant there. */
interface Visible {
  readonly names: ReadonlySet<string>;
  readonly outer: Visible | null;
}

/**
 * Walks a query and everything in it, and records what it does. Every node is visited: one whose type is not known here is
 * recorded as unknown, and the statement becomes opaque. CTE names are scoped exactly as PostgreSQL scopes them, because a name
 * taken for a CTE is a table that was not seen.
 */
export class Walk {
  readonly names: Names;
  readonly found: Findings;
  #depth = 0;
  #ctes: Visible | null = null;
  /** Relations read, in order, for row locks. */
  readonly #read: Named[] = [];
  /** What each alias of FROM stands for; null for what is no relation. */
  readonly #aliases = new Map<string, (Named | null)[]>();
  /** Dotted names, each once. */
  readonly #dotted = new Map<string, readonly string[]>();

  /** Types besides those of queries that are not unknown here. */
  readonly #more: ReadonlySet<string>;

  constructor(names: Names, found: Findings, more: ReadonlySet<string> = new Set()) {
    this.names = names;
    this.found = found;
    this.#more = more;
  }

  /** Visits everything in a body of which only the parts are of interest. */
  body(body: Body): void {
    this.#children(body);
  }

  /** Visits a wrapped node, a list of them, or nothing. */
  node(value: unknown, field = ''): void {
    eachNode(value, field, (type, body) => this.#visit(type, body));
  }

  /** After the last node: dotted names that are no columns may be hidden calls (`x.f` calls f). */
  finish(): void {
    for (const parts of this.#dotted.values()) {
      const name = parts.at(-1) ?? '';
      if (hiddenCall(this.names, name) && !this.#isColumn(parts.at(-2) ?? '', name)) callsFunction(this.names, [name], null, this.found);
    }
  }

  #isColumn(alias: string, name: string): boolean {
    const meant = this.#aliases.get(alias);
    return meant !== undefined && meant.every((each) => each?.relation?.columns.some((column) => column.name === name) ?? false);
  }

  #visit(type: string | null, body: Body): void {
    if (++this.#depth > maxDepth) throw new TooDeep();
    this.#enter(type, body);
    this.#depth--;
  }

  #enter(type: string | null, body: Body): void {
    switch (type) {
      case 'SelectStmt':
        return this.#select(body as SelectStmt);
      case 'InsertStmt':
        return this.#insert(body as InsertStmt);
      case 'UpdateStmt':
        return this.#update(body as UpdateStmt);
      case 'DeleteStmt':
        return this.#delete(body as DeleteStmt);
      case 'MergeStmt':
        return this.#merge(body as MergeStmt);
      case 'RangeVar':
        return this.#range(body as RangeVar);
      case 'FuncCall':
        callsFunction(this.names, strings((body as FuncCall).funcname), (body as FuncCall).args ?? [], this.found);
        return this.#children(body);
      case 'TypeName':
        readsByType(strings(body['names'] as Node[]), this.found);
        return this.#children(body);
      case 'A_Expr':
        usesOperator(this.names, strings(body['name'] as Node[]), this.found);
        return this.#children(body);
      case 'SubLink':
        usesOperator(this.names, operatorOr(body['operName'], '='), this.found);
        return this.#children(body);
      case 'SortBy':
        usesOperator(this.names, operatorOr(body['useOp'], '<'), this.found);
        return this.#children(body);
      case 'ColumnRef':
        return this.#column(strings(body['fields'] as Node[]));
      case 'A_Indirection':
        for (const name of strings(body['indirection'] as Node[])) if (hiddenCall(this.names, name)) callsFunction(this.names, [name], null, this.found);
        return this.#children(body);
      case 'RangeTableSample':
        return this.#sample(body);
      case 'RangeSubselect':
      case 'RangeFunction':
      case 'RangeTableFunc':
      case 'JsonTable':
      case 'JoinExpr':
        this.#alias(body, null);
        this.#syntax(type);
        if (type === 'JoinExpr') usesOperator(this.names, ['='], this.found);
        return this.#children(body);
      default:
        if (type === null || !(plainTypes.has(type) || this.#more.has(type))) return this.found.unknown(type ?? 'node');
        this.#syntax(type);
        return this.#children(body);
    }
  }

  #children(body: Body): void {
    eachChild(body, (type, child) => this.#visit(type, child));
  }

  /** Grammar that an older server reads as the call of a function of that name. */
  #syntax(type: string): void {
    const name = syntaxFunctions.get(type);
    if (name === undefined) return;
    for (const each of name) for (const own of this.names.routines(null, each)) executes(own.schema, each, own.volatility === 'v', this.found);
  }

  #column(parts: readonly string[]): void {
    if (parts.length > 1) this.#dotted.set(parts.slice(-2).join('\0'), parts);
  }

  #sample(body: Body): void {
    const method = strings(body['method'] as Node[]);
    const name = method.at(-1) ?? '';
    if (method.length > 1 || (name !== 'bernoulli' && name !== 'system')) executes(method.at(-2) ?? '?', name, false, this.found);
    this.#children({ ...body, method: [] });
  }

  #range(range: RangeVar): void {
    const name = range.relname ?? '';
    if ((range.schemaname ?? '') === '' && this.#isCte(name)) return this.#alias(range, null);
    const named = this.names.relation(range.schemaname, name);
    this.#alias(range, named);
    this.#read.push(named);
    usesRelation('read', named, this.names, this.found);
  }

  #alias(body: Body | RangeVar, named: Named | null): void {
    const alias = ('alias' in body ? (body.alias as { aliasname?: string } | undefined)?.aliasname : undefined) ?? named?.name;
    if (alias === undefined) return;
    const meant = this.#aliases.get(alias);
    if (meant) meant.push(named);
    else this.#aliases.set(alias, [named]);
  }

  #isCte(name: string): boolean {
    for (let scope = this.#ctes; scope; scope = scope.outer) if (scope.names.has(name)) return true;
    return false;
  }

  /** Runs `inside` with the CTEs of a WITH clause visible: each sees those before it, or all of them when recursive. */
  #with(clause: WithClause | undefined, inside: () => void): void {
    const outer = this.#ctes;
    const all = (clause?.ctes ?? []).flatMap((node) => ('CommonTableExpr' in node ? [node.CommonTableExpr] : []));
    if (all.length !== (clause?.ctes ?? []).length) this.found.unknown('with');
    const seen = new Set<string>(clause?.recursive ? all.map((cte) => cte.ctename ?? '') : []);
    if (clause) this.#ctes = { names: seen, outer };
    for (const cte of all) {
      this.node(cte.ctequery);
      seen.add(cte.ctename ?? '');
    }
    inside();
    this.#ctes = outer;
  }

  #select(select: SelectStmt): void {
    this.#with(select.withClause, () => {
      const { withClause: _with, intoClause, lockingClause, fromClause, ...rest } = select;
      const before = this.#read.length;
      const outerSetting = this.found.settingName;
      this.found.settingName = settingOf(select, this.names);
      this.node(fromClause);
      if (lockingClause) this.#lock(lockingClause, this.#read.slice(before));
      if (intoClause) this.#into(intoClause.rel);
      this.#children(rest as Body);
      this.found.settingName = outerSetting;
    });
  }

  /**
   * FOR UPDATE and its kin: control of the tables whose rows are locked, besides their reading. `OF` names aliases; where
   * one of them is not found among this query's relations, all of them count as locked.
   */
  #lock(clauses: readonly Node[], read: readonly Named[]): void {
    const wanted = clauses.map((node) => ('LockingClause' in node ? lockedBy(node.LockingClause) : []));
    const meant = [...new Set(wanted.flat())].map((alias) => this.#aliases.get(alias) ?? [null]);
    const exact = wanted.every((aliases) => aliases.length > 0) && meant.every((each) => each.every((named) => named !== null));
    // Each once: what clauses, aliases and relations multiply to is not done again and again.
    const locked = new Map((exact ? meant.flat() : [...read, ...meant.flat()]).flatMap((named) => (named ? [[`${named.schema}\0${named.name}`, named]] : [])));
    for (const named of locked.values()) usesRelation('control', named, this.names, this.found);
    if (locked.size === 0) this.found.add('control', 'session', null, 'row-locks');
  }

  #into(range: RangeVar | undefined): void {
    const made = this.names.created(range?.schemaname, range?.relname ?? '', range?.relpersistence === 't');
    this.found.add('define', 'table', made.schema, made.name);
  }

  #insert(insert: InsertStmt): void {
    const target = this.#target(insert.relation);
    const overwrites = insert.onConflictClause?.action === 'ONCONFLICT_UPDATE';
    if (overwrites || insert.returningClause) usesRelation('read', target, this.names, this.found);
    this.#change(insert.withClause, insert);
  }

  #update(update: UpdateStmt): void {
    const target = this.#target(update.relation);
    if (this.#looks(update)) usesRelation('read', target, this.names, this.found);
    this.#where(update.whereClause);
    this.#change(update.withClause, update);
  }

  #delete(del: DeleteStmt): void {
    const target = this.#target(del.relation);
    if (this.#looks(del)) usesRelation('read', target, this.names, this.found);
    this.#where(del.whereClause);
    this.#change(del.withClause, del);
  }

  #merge(merge: MergeStmt): void {
    usesRelation('read', this.#target(merge.relation), this.names, this.found);
    this.#change(merge.withClause, merge);
  }

  /** The target of a change is never a CTE. */
  #target(range: RangeVar | undefined): Named {
    const target = this.names.relation(range?.schemaname, range?.relname ?? '');
    this.#alias(range ?? {}, target);
    this.found.changes++;
    usesRelation('write', target, this.names, this.found);
    return target;
  }

  /** PostgreSQL's own rule for the SELECT right: a change reads its table when it mentions any column of it. */
  #looks(change: UpdateStmt | DeleteStmt): boolean {
    return change.returningClause !== undefined || contains({ UpdateStmt: { ...change, relation: undefined } }, columnTypes);
  }

  /** A WHERE that mentions no column (`where true`, `where 1 = 1`) bounds nothing. */
  #where(where: Node | undefined): void {
    if (where && contains(where, boundTypes)) this.found.bounded++;
    else this.found.unbounded++;
  }

  #change(clause: WithClause | undefined, statement: InsertStmt | UpdateStmt | DeleteStmt | MergeStmt): void {
    const { relation: _target, withClause: _with, ...rest } = statement;
    this.#with(clause, () => this.#children(rest as Body));
  }
}

function lockedBy(clause: LockingClause): readonly string[] {
  return (clause.lockedRels ?? []).flatMap((node) => ('RangeVar' in node ? [node.RangeVar.relname ?? ''] : []));
}

const columnTypes: ReadonlySet<string> = new Set(['ColumnRef']);
const boundTypes: ReadonlySet<string> = new Set(['ColumnRef', 'CurrentOfExpr']);

function operatorOr(value: unknown, otherwise: string): string[] {
  const given = strings(value as Node[] | undefined);
  return given.length > 0 ? given : [otherwise];
}
