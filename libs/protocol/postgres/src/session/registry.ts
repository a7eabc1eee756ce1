import type { Sealed, Understanding } from '@sallyport/domain-model';
import type { NameScope, SessionControl, Statement } from '../sql/index.ts';
import type { ResultColumn } from '../messages/row-description.ts';

/** A prepared statement as the server has it. `statement` is null for an empty text. */
export interface Prepared {
  readonly text: string;
  /** Types of its parameters that the client declared in Parse, 0 for those it left to the server; may be fewer than there are. */
  readonly types: readonly number[];
  readonly statement: Statement | null;
  /** How names resolved when it was read; as long as that is the same, so is its meaning. */
  readonly names: NameScope | null;
}

/** A bound statement, ready to run. */
export interface Portal {
  /** Order in which portals were bound. */
  readonly serial: number;
  readonly prepared: Prepared;
  /** What EXECUTE or FETCH in it rested on when it was bound (`Registry.rests`). The server looks again when it runs. */
  readonly rests: unknown;
  readonly parameters: Sealed<Uint8Array> | null;
  /** What the server said last of the columns of this very portal; null before it did. */
  columns: readonly ResultColumn[] | null;
  /** The session's count of runs when that was asked. Any run since may have put another portal behind the name. */
  describedAt: number;
  /** What earlier Executes of this portal have sent: limits hold for all of them together. */
  rows: number;
  bytes: number;
}

/** Takes back what was assumed when a frame was forwarded, because the server did not do it. */
export type Undo = () => void;

export const maxNames = 10_000;
/** Characters of text and bytes of parameters that are kept for one session. */
export const maxKept = 64 * 1024 * 1024;

/**
 * The names that a session has given to prepared statements, portals and cursors, kept in step with the server: entries are made when
 * the frame is forwarded (later frames of the same pipeline refer to them) and taken back when the server reports an error
 * instead. A name that is not here is refused, whatever the server may know.
 *
 * The server keeps PREPARE's names and Parse's in one place, and DECLARE's and Bind's in another. Here they are apart, because SQL
 * cannot be bound by what PREPARE's text says, and FETCH must not run what only was bound.
 */
export class Registry {
  readonly #statements = new Map<string, Prepared>();
  readonly #portals = new Map<string, Portal>();
  /** By PREPARE: the text of that statement. */
  readonly #texts = new Map<string, string>();
  /** By DECLARE. A cursor keeps the meaning that it was opened with. */
  readonly #cursors = new Map<string, Understanding>();
  #kept = 0;
  #serial = 0;

  /** For the next portal. */
  nextSerial(): number {
    return ++this.#serial;
  }

  /** The serial given last: portals up to it were bound before what is sent now. */
  get mark(): number {
    return this.#serial;
  }

  statement(name: string): Prepared | undefined {
    return this.#statements.get(name);
  }

  portal(name: string): Portal | undefined {
    return this.#portals.get(name);
  }

  /** Text of what PREPARE or Parse called so, for EXECUTE: `PREPARE …` itself, or the parsed text. */
  preparedText(name: string): string | undefined {
    return this.#statements.get(name)?.text ?? this.#texts.get(name);
  }

  /** What the meaning of EXECUTE or FETCH comes from: another value, another meaning. Null for other statements. */
  rests({ execute, fetch }: Pick<SessionControl, 'execute' | 'fetch'>): unknown {
    if (fetch !== null) return this.cursor(fetch.cursor);
    return execute === null ? null : this.preparedText(execute.name);
  }

  cursor(name: string): Understanding | undefined {
    return this.#portals.has(name) ? undefined : this.#cursors.get(name);
  }

  /** True when there is a portal that SQL could move. */
  get namedPortals(): boolean {
    return this.#portals.size > (this.#portals.has('') ? 1 : 0);
  }

  get full(): boolean {
    return this.#kept >= maxKept || this.#statements.size + this.#texts.size >= maxNames || this.#portals.size + this.#cursors.size >= maxNames;
  }

  setStatement(name: string, prepared: Prepared): Undo {
    return this.#put(this.#statements, name, prepared);
  }

  setPortal(name: string, portal: Portal): Undo {
    return this.#put(this.#portals, name, portal);
  }

  closeStatement(name: string): Undo {
    return this.#remove(this.#statements, name);
  }

  closePortal(name: string): Undo {
    return this.#remove(this.#portals, name);
  }

  /** PREPARE has run. */
  prepare(name: string, text: string): void {
    this.#put(this.#texts, name, text);
  }

  /** DEALLOCATE is about to run; null for all. */
  deallocate(name: string | null): void {
    if (name === null) {
      this.#clear(this.#statements);
      this.#clear(this.#texts);
    } else {
      this.#remove(this.#statements, name);
      this.#remove(this.#texts, name);
    }
  }

  /** DECLARE has run. */
  declare(name: string, means: Understanding): void {
    this.#cursors.set(name, means);
    this.#remove(this.#portals, name);
  }

  /** CLOSE is about to run; null for all. It closes portals too. */
  closeCursor(name: string | null): void {
    if (name === null) return this.closePortals(this.#serial);
    this.#cursors.delete(name);
    this.#remove(this.#portals, name);
  }

  /**
   * After the end of a transaction, or after code that may have closed and opened any of them: all cursors, and the portals that were bound
   * up to `mark`. Those that a pipelining client has bound behind are new.
   */
  closePortals(mark: number): void {
    if (this.#cursors.size > 0) this.#cursors.clear();
    for (const [name, { serial }] of this.#portals) if (serial <= mark) this.#remove(this.#portals, name);
  }

  #put<T extends Prepared | Portal | string>(map: Map<string, T>, name: string, value: T): Undo {
    const before = map.get(name);
    this.#set(map, name, value);
    return () => {
      if (map.get(name) === value) this.#set(map, name, before);
    };
  }

  #remove<T extends Prepared | Portal | string>(map: Map<string, T>, name: string): Undo {
    const before = map.get(name);
    this.#set(map, name, undefined);
    return () => {
      if (before !== undefined && !map.has(name)) this.#set(map, name, before);
    };
  }

  #set<T extends Prepared | Portal | string>(map: Map<string, T>, name: string, value: T | undefined): void {
    const before = map.get(name);
    if (before !== undefined) this.#kept -= weight(before);
    if (value === undefined) map.delete(name);
    else {
      map.set(name, value);
      this.#kept += weight(value);
    }
  }

  #clear<T extends Prepared | Portal | string>(map: Map<string, T>): void {
    for (const value of map.values()) this.#kept -= weight(value);
    map.clear();
  }
}

function weight(value: Prepared | Portal | string): number {
  if (typeof value === 'string') return value.length;
  if ('text' in value) return value.text.length + value.types.length * 4;
  return value.parameters?.open('its size').byteLength ?? 0;
}
