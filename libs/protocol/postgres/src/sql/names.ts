import type { Understanding } from '@sallyport/domain-model';
import { foldTemp, type Catalogue, type Relation, type Routine } from '../catalogue/catalogue.ts';
import { safeBuiltins } from './safe-builtins.ts';

/** What names mean in a session, now. */
export interface NameScope {
  readonly catalogue: Catalogue;
  /** As `current_schemas(true)` says; null when it is not known: then an unqualified name is in schema `?`. */
  readonly searchPath: readonly string[] | null;
  /** Changes whenever any of the above does; part of the cache's key. Different targets must not share a number. */
  readonly version: number;
  /** Statements prepared by PREPARE or Parse, for EXECUTE. Not part of the cache's key: EXECUTE is never cached. */
  readonly prepared?: (name: string) => Understanding | undefined;
  /** Open cursors, by the DECLARE that made them, for FETCH. */
  readonly cursors?: (name: string) => Understanding | undefined;
}

/** Where a name leads. Schema `?` when that is not certain. */
export interface Named {
  readonly schema: string;
  readonly name: string;
  /** Null when the snapshot does not have it. */
  readonly relation: Relation | null;
}

export const nowhere = '?';

/** How names are resolved for one statement, or for the definition of one view. */
export class Names {
  readonly catalogue: Catalogue;
  readonly #path: readonly string[] | null;

  constructor(catalogue: Catalogue, path: readonly string[] | null) {
    this.catalogue = catalogue;
    this.#path = path && withImplicit(path.map(foldTemp));
  }

  /** An existing relation, as PostgreSQL finds it: qualified, or the first along the path. */
  relation(schema: string | undefined, name: string): Named {
    if (schema !== undefined && schema !== '') {
      const folded = this.#schema(schema);
      return { schema: folded, name, relation: this.catalogue.find(folded, name) ?? null };
    }
    const relation = this.#path && this.catalogue.complete ? this.catalogue.resolve(name, this.#path) : undefined;
    return relation ? { schema: relation.schema, name, relation } : { schema: nowhere, name, relation: null };
  }

  /** A relation, type or function that is about to be made: qualified, or in the first schema of the path that takes new objects. */
  created(schema: string | undefined, name: string, temporary: boolean): Named {
    if (temporary) return { schema: 'pg_temp', name, relation: null };
    if (schema !== undefined && schema !== '') return { schema: this.#schema(schema), name, relation: null };
    const first = this.#path?.find((each) => each !== 'pg_temp' && each !== 'pg_catalog');
    return { schema: first ?? nowhere, name, relation: null };
  }

  /**
   * Functions that do not come with PostgreSQL and that a call could mean. With an unknown path, those of every schema.
   * Members of extensions that only add an overload (citext's `replace`) to a safe builtin are left out when not volatile.
   */
  routines(schema: string | null, name: string): readonly Routine[] {
    return this.#reachable(this.catalogue.routines(name), schema).filter((each) => !(isTame(each) && safeBuiltins.has(name)));
  }

  /** Operators that do not come with PostgreSQL and that an expression could mean, without tame ones of extensions. */
  operators(schema: string | null, name: string): readonly Routine[] {
    return this.#reachable(this.catalogue.operators(name), schema).filter((each) => !isTame(each));
  }

  #reachable(all: readonly Routine[], schema: string | null): readonly Routine[] {
    if (all.length === 0) return all;
    if (schema !== null) return all.filter((each) => each.schema === schema);
    const path = this.#path;
    return path && this.catalogue.complete ? all.filter((each) => path.includes(each.schema)) : all;
  }

  #schema(schema: string): string {
    const own = foldTemp(schema);
    return own !== schema && this.catalogue.path.includes(own) ? own : schema;
  }
}

/** An extension's function that promises not to change anything. Installing an extension is a privileged act of its own. */
function isTame(routine: Routine): boolean {
  return routine.extension !== null && routine.volatility !== 'v';
}

/** pg_catalog is searched first when the path does not name it, the session's temporary schema before that. */
function withImplicit(path: readonly string[]): readonly string[] {
  const whole = path.includes('pg_catalog') ? path : ['pg_catalog', ...path];
  return whole.includes('pg_temp') ? whole : ['pg_temp', ...whole];
}
