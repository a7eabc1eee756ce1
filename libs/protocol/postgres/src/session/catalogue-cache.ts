import { Catalogue, catalogueQueries, readCatalogue, relationsWithoutViews, type CatalogueQuery, type CatalogueRows } from '../catalogue/index.ts';

/** Runs one text of our own over a session's server connection, between the client's commands; rows as text cells. */
export type OwnQuery = (text: string) => Promise<readonly (readonly (string | null)[])[]>;

/** The server answered a query of our own with an error. */
export class OwnQueryError extends Error {
  readonly code = 'ERR_OWN_QUERY';
  readonly sqlstate: string;

  constructor(sqlstate: string) {
    super(`a query of our own failed with SQLSTATE ${sqlstate}`);
    this.sqlstate = sqlstate;
  }
}

/**
 * Before a query outside of a transaction block: it does not wait for somebody who holds a lock, and the client's own limits do not hold for it.
 * Within a transaction this would be the client's setting until its end.
 */
const bounds = `set local lock_timeout = 300; set local statement_timeout = 10000; `;
/** Milliseconds until a snapshot without view texts is read again. */
const patchAge = 2_000;
const lockNotAvailable = '55P03';

/** How old a snapshot may be, in milliseconds, before the next statement waits for a fresh one. Changes made through us show at once. */
export const maxAge = 60_000;

/**
 * The latest snapshot of one target's names. Read over a session's own connection and with its rights, so that the gateway
 * needs no other account on the target. `version` rises only when the content has changed.
 *
 * A `shared` one serves all sessions and leaves temporary tables out: they belong to one session, and would give another
 * session's names a wrong meaning. A session with temporary tables, or with changes that are not committed, has one of its own.
 */
export class CatalogueCache {
  catalogue: Catalogue = Catalogue.empty;
  version = 0;
  #readAt = -Infinity;
  #spoiled = 0;
  #reading = 0;
  #digest = '';
  readonly #kind: 'shared' | 'own';
  readonly #now: () => number;

  constructor(kind: 'shared' | 'own', now: () => number = () => performance.now()) {
    this.#kind = kind;
    this.#now = now;
  }

  /** While one session reads a newer snapshot, the others go on with one that is up to twice as old. */
  get fresh(): boolean {
    return this.#now() - this.#readAt < (this.#reading > 0 ? 2 * maxAge : maxAge);
  }

  /** True when there is a snapshot that nobody has spoiled, however old. */
  get usable(): boolean {
    return this.#readAt !== -Infinity;
  }

  /** Something changed the target's names, or may have. */
  spoil(): void {
    this.#readAt = -Infinity;
    this.#spoiled++;
  }

  /**
   * Reads a new snapshot. Each session reads for itself: to wait for another's connection would be to wait for its client.
   * Rejects when the queries fail; the old snapshot then stays, as old as it is.
   */
  async refresh(query: OwnQuery, within: 'transaction' | 'none'): Promise<void> {
    this.#reading++;
    try {
      await this.#read(within === 'none' ? (text) => query(`${bounds}${text}`) : query);
    } finally {
      this.#reading--;
    }
  }

  async #read(query: OwnQuery): Promise<void> {
    const asked = this.#now();
    const spoiled = this.#spoiled;
    const rows: Partial<Record<CatalogueQuery, readonly (readonly (string | null)[])[]>> = {};
    let age = 0;
    for (const [name, text] of Object.entries(catalogueQueries)) {
      try {
        rows[name as CatalogueQuery] = await query(text);
      } catch (error) {
        if (name !== 'relations' || !(error instanceof OwnQueryError) || error.sqlstate !== lockNotAvailable) throw error;
        // A view, or what it reads, is being changed: until that is over, views are unknown.
        rows.relations = await query(relationsWithoutViews);
        age = maxAge - patchAge;
      }
    }
    // What was read before somebody's change may be read without it: whoever made it, or comes next, reads again.
    if (spoiled !== this.#spoiled) return;
    const { relations = [], columns = [], inherits = [], routines = [], operators = [], schemas = [], types = [], path = [] } = rows;
    const all: CatalogueRows = { relations: this.#kind === 'shared' ? relations.filter(([, schema]) => !schema?.startsWith('pg_temp_')) : relations, columns, inherits, routines, operators, schemas, types, path };
    const digest = JSON.stringify(all);
    if (digest !== this.#digest) {
      this.catalogue = readCatalogue(all);
      this.#digest = digest;
      this.version++;
    }
    this.#readAt = asked - age;
  }
}
