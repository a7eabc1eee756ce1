import type { Sealed, Understanding } from '@sallyport/domain-model';
import type { SessionControl, Statement } from '../sql/index.ts';
import type { ResultColumn } from '../messages/row-description.ts';

/** A prepared statement as the server has it. `statement` is null for an empty text. */
export interface Prepared {
  readonly text: string;
  readonly statement: Statement | null;
}

/** A bound statement, ready to run. `columns` is what the server said of its result for this very portal; null before it did. */
export interface Portal {
  readonly prepared: Prepared;
  readonly parameters: Sealed<Uint8Array> | null;
  columns: readonly ResultColumn[] | null;
  described: boolean;
}

/** Takes back what was assumed when a frame was forwarded, because the server did not do it. */
export type Undo = () => void;

export const maxNames = 10_000;

/**
 * The names that a session has given to prepared statements and portals, kept in step with the server: entries are made when
 * the frame is forwarded (later frames of the same pipeline refer to them) and taken back when the server reports an error
 * instead. A name that is not here is refused, whatever the server may know.
 */
export class Registry {
  readonly #statements = new Map<string, Prepared>();
  readonly #portals = new Map<string, Portal>();
  /** What SQL has named: PREPARE and DECLARE. Set when the server has done it. */
  readonly #sqlStatements = new Map<string, Understanding>();
  readonly #cursors = new Map<string, Understanding>();

  statement(name: string): Prepared | undefined {
    return this.#statements.get(name);
  }

  portal(name: string): Portal | undefined {
    return this.#portals.get(name);
  }

  get full(): boolean {
    return this.#statements.size + this.#sqlStatements.size >= maxNames || this.#portals.size + this.#cursors.size >= maxNames;
  }

  /** What EXECUTE of this name runs. */
  meaning(name: string): Understanding | undefined {
    return this.#sqlStatements.get(name) ?? this.#statements.get(name)?.statement?.means;
  }

  /** What FETCH from this cursor shows. */
  cursor(name: string): Understanding | undefined {
    return this.#cursors.get(name);
  }

  /** Follows what a statement that has succeeded did to the session's names. */
  follow(control: SessionControl): void {
    if (control.prepare !== null) this.#sqlStatements.set(control.prepare.name, control.prepare.means);
    if (control.declareCursor !== null) this.#cursors.set(control.declareCursor.name, control.declareCursor.means);
    if (control.deallocate !== null) this.#deallocate(control.deallocate.name);
    if (control.closeCursor !== null) forget(this.#cursors, control.closeCursor.cursor);
  }

  #deallocate(name: string | null): void {
    forget(this.#statements, name);
    forget(this.#sqlStatements, name);
  }

  setStatement(name: string, prepared: Prepared): Undo {
    return put(this.#statements, name, prepared);
  }

  setPortal(name: string, portal: Portal): Undo {
    return put(this.#portals, name, portal);
  }

  closeStatement(name: string): void {
    this.#statements.delete(name);
  }

  closePortal(name: string): void {
    this.#portals.delete(name);
  }

  closeAllStatements(): void {
    this.#statements.clear();
    this.#sqlStatements.clear();
    this.#cursors.clear();
  }

  /** The end of a transaction ends its portals. */
  closeAllPortals(): void {
    if (this.#portals.size > 0) this.#portals.clear();
  }
}

function forget<T>(map: Map<string, T>, name: string | null): void {
  if (name === null) map.clear();
  else map.delete(name);
}

function put<T>(map: Map<string, T>, name: string, value: T): Undo {
  const before = map.get(name);
  map.set(name, value);
  return () => {
    if (map.get(name) !== value) return;
    if (before === undefined) map.delete(name);
    else map.set(name, before);
  };
}
