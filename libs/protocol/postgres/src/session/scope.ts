import type { Understanding } from '@sallyport/domain-model';
import type { Gate } from '@sallyport/protocol-spi';
import { pathQuery, readPath } from '../catalogue/index.ts';
import type { NameScope, Statement } from '../sql/index.ts';
import { CatalogueCache, type OwnQuery } from './catalogue-cache.ts';

/** What the session's own names mean. */
export interface OwnNames {
  /** What EXECUTE of this name runs, read with names as they are now: the server plans it anew with those. */
  prepared(name: string, scope: NameScope): Understanding | undefined;
  cursor(name: string): Understanding | undefined;
}

/** Whether a transaction block is open. */
export type Within = 'transaction' | 'none';

/**
 * How the names of this session's statements resolve: the server's own answer for the search path, and the target's catalogue.
 * While it is not fresh, unqualified names resolve to nothing, and policies refuse what they cannot name.
 */
export class SessionScope {
  readonly #shared: CatalogueCache;
  readonly #gate: Gate;
  readonly #ownNames: OwnNames;
  /** Instead of the shared one while the session has temporary tables, or is in a transaction that the others must not see. */
  #own: CatalogueCache | null = null;
  #hasTemporary = false;
  /** Names were changed since the last end of a transaction, so that end may change them back, or show them to others. */
  #changed = false;
  #moved = false;
  #path: readonly string[] | null = null;
  #pathFresh = false;
  #names: NameScope | null = null;
  #namesFor: { readonly cache: CatalogueCache; readonly version: number; readonly plan: string | null; readonly path: readonly string[] | null } | null = null;

  constructor(cache: CatalogueCache, gate: Gate, own: OwnNames) {
    this.#shared = cache;
    this.#gate = gate;
    this.#ownNames = own;
  }

  /** Age alone does not make a snapshot unfit within a transaction: to read there could disturb the client's transaction. */
  fresh(within: Within): boolean {
    return this.#pathFresh && (this.#cache.fresh || (within === 'transaction' && this.#cache.usable));
  }

  get catalogue(): CatalogueCache['catalogue'] {
    return this.#cache.catalogue;
  }

  /** True when the end of the transaction may move names. */
  get moved(): boolean {
    return this.#moved;
  }

  /** The search path may have changed. */
  spoilPath(): void {
    this.#pathFresh = false;
    this.#moved = true;
  }

  spoilCatalogue(): void {
    this.#changed = true;
    this.#own?.spoil();
    this.#shared.spoil();
    this.spoilPath();
  }

  /** No transaction is open any more: SET LOCAL is over, a rolled back SET too, and what was changed is seen by all or by nobody. */
  ended(): void {
    if (this.#moved) this.#pathFresh = false;
    if (this.#changed) this.#shared.spoil();
    if (!this.#hasTemporary) this.#own = null;
    this.#moved = false;
    this.#changed = false;
  }

  async refresh(query: OwnQuery, within: Within): Promise<void> {
    const path = readPath(await query(pathQuery));
    // A session with temporary tables sees names that no other does: from now on it keeps a snapshot of its own.
    if (path.includes('pg_temp')) this.#hasTemporary = true;
    const apart = this.#hasTemporary || (within === 'transaction' && (this.#changed || !this.#shared.usable));
    if (apart) this.#own ??= new CatalogueCache('own');
    const cache = this.#cache;
    if (!cache.fresh && (within === 'none' || cache === this.#own)) await cache.refresh(query, within);
    this.#path = path;
    this.#pathFresh = true;
  }

  /** The scope of somebody who knows the catalogue but not the search path. */
  unknown(): NameScope {
    return this.#scope(null);
  }

  names(): NameScope {
    return this.#scope(this.#pathFresh ? this.#path : null);
  }

  get #cache(): CatalogueCache {
    return this.#own ?? this.#shared;
  }

  #scope(path: readonly string[] | null): NameScope {
    const cache = this.#cache;
    const { version } = cache;
    const { plan } = this.#gate.masker;
    const of = this.#namesFor;
    if (this.#names !== null && of !== null && of.cache === cache && of.version === version && of.plan === plan && of.path === path) return this.#names;
    this.#namesFor = { cache, version, plan, path };
    const names: NameScope = {
      catalogue: cache.catalogue,
      searchPath: path,
      version: versionOf(`${version}|${plan ?? ''}|${path === null ? '?' : path.join('\u0000')}`, cache),
      prepared: (name) => this.#ownNames.prepared(name, names),
      cursors: (name) => this.#ownNames.cursor(name),
    };
    this.#names = names;
    return names;
  }
}

/** True when what names mean may be another after this statement. */
export function movesNames({ control, means }: Statement): boolean {
  return control.setsSearchPath || (control.changesSettings && means.reading !== 'whole') || changesNames({ control, means });
}

/**
 * True for what changes the catalogue, or whose doing is not known at all. Functions that are not seen (`partial`) are not counted: to read
 * the catalogue anew after each call would cost more than it tells, and what they change shows with its age, as other clients' changes do.
 */
export function changesNames({ control, means }: Pick<Statement, 'control' | 'means'>): boolean {
  return control.changesCatalogue && means.reading !== 'partial' ? true : means.effects.some(({ verb }) => verb === 'define' || verb === 'grant');
}

/** True when some effect depends on what a name means. */
export function namesThings(statements: readonly Statement[]): boolean {
  return statements.some(({ means }) => means.effects.some(({ resource }) => resource.schema !== null));
}

const versions = new Map<string, number>();
const caches = new WeakMap<CatalogueCache, number>();
let nextVersion = 1;
let nextCache = 1;

/** One number for each distinct way of resolving names, so that texts are cached per number and shared between sessions. */
function versionOf(key: string, cache: CatalogueCache): number {
  let of = caches.get(cache);
  if (of === undefined) caches.set(cache, (of = nextCache++));
  const full = `${of}|${key}`;
  let version = versions.get(full);
  if (version === undefined) {
    if (versions.size > 10_000) versions.clear();
    versions.set(full, (version = nextVersion++));
  }
  return version;
}
