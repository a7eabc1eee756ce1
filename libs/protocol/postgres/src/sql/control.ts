import type { Understanding } from '@sallyport/domain-model';

/** What a statement does to the session's own state, as far as the gateway must follow it. */
export interface SessionControl {
  /**
   * Settings may be other ones after it. What was changed inside a transaction block may be undone at its end: ask again then.
   */
  readonly changesSettings: boolean;
  readonly setsSearchPath: boolean;
  /** Names may mean something else after it (DDL, DO, calls of functions that are not seen). Undone by a rollback. */
  readonly changesCatalogue: boolean;
  /** ROLLBACK TO SAVEPOINT is no end of a transaction: it only changes settings and catalogue. */
  readonly transaction: 'begin' | 'commit' | 'rollback' | null;
  readonly prepare: { readonly name: string; readonly means: Understanding } | null;
  readonly execute: { readonly name: string } | null;
  /** `name` null: all of them. */
  readonly deallocate: { readonly name: string | null } | null;
  readonly declareCursor: { readonly name: string; readonly means: Understanding } | null;
  /** FETCH: rows of that cursor come next. */
  readonly fetch: { readonly cursor: string } | null;
  /** `cursor` null: all of them. */
  readonly closeCursor: { readonly cursor: string | null } | null;
  /** COPY to or from the client; null for files and programs, which are effects. */
  readonly copy: CopyPlan | null;
  /** LISTEN: messages of others may come at any time from now on. */
  readonly listen: boolean;
}

export interface CopyPlan {
  readonly direction: 'in' | 'out';
  /** `schema.table`, or null for COPY (query). */
  readonly relation: string | null;
  /** Names of the columns in the order of the data; null for a query or an unknown table. Their lineage is in `outputs`. */
  readonly columns: readonly string[] | null;
  readonly format: 'text' | 'csv' | 'binary';
  readonly delimiter: string;
  readonly nullString: string;
  readonly header: boolean;
  readonly quote: string;
  readonly escape: string;
  readonly encoding: string | null;
  /** True when every option was understood; else the data cannot be taken apart with certainty. */
  readonly certain: boolean;
}

/** Mutable while a statement is read. */
export type Draft = { -readonly [Key in keyof SessionControl]: SessionControl[Key] };

export function quiet(): Draft {
  return {
    changesSettings: false, setsSearchPath: false, changesCatalogue: false, transaction: null, prepare: null, execute: null, deallocate: null,
    declareCursor: null, fetch: null, closeCursor: null, copy: null, listen: false,
  };
}
