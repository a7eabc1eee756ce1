import type { Gate } from '@sallyport/protocol-spi';
import { pathQuery, readPath } from '../catalogue/index.ts';
import type { NameScope } from '../sql/index.ts';
import { CatalogueCache, type OwnQuery } from './catalogue-cache.ts';
import type { Registry } from './registry.ts';

/**
 * How the names of this session's statements resolve: the server's own answer for the search path, and the target's catalogue.
 * While it is not fresh, unqualified names resolve to nothing, and policies refuse what they cannot name.
 */
export class SessionScope {
  #cache: CatalogueCache;
  readonly #gate: Gate;
  readonly #registry: Registry;
  #path: readonly string[] | null = null;
  #pathFresh = false;
  #own = false;
  #names: NameScope | null = null;
  #namesFor = '';

  constructor(cache: CatalogueCache, gate: Gate, registry: Registry) {
    this.#cache = cache;
    this.#gate = gate;
    this.#registry = registry;
  }

  get fresh(): boolean {
    return this.#pathFresh && this.#cache.fresh;
  }

  get catalogue(): CatalogueCache['catalogue'] {
    return this.#cache.catalogue;
  }

  /** The search path may have changed. */
  spoilPath(): void {
    this.#pathFresh = false;
    this.#names = null;
  }

  spoilCatalogue(): void {
    this.#cache.spoil();
    this.spoilPath();
  }

  async refresh(query: OwnQuery): Promise<void> {
    const path = readPath(await query(pathQuery));
    // A session with temporary tables sees names that no other does: from now on it keeps a snapshot of its own.
    if (path.includes('pg_temp') && !this.#own) {
      this.#own = true;
      this.#cache = new CatalogueCache('own');
    }
    if (!this.#cache.fresh) await this.#cache.refresh(query);
    this.#path = path;
    this.#pathFresh = true;
    this.#names = null;
  }

  /** The scope of somebody who knows the catalogue but not the search path. */
  unknown(): NameScope {
    return this.#scope(null);
  }

  names(): NameScope {
    return this.#scope(this.#pathFresh ? this.#path : null);
  }

  #scope(path: readonly string[] | null): NameScope {
    const plan = this.#gate.masker.plan ?? '';
    const key = `${this.#cache.version}|${plan}|${path === null ? '?' : path.join('\u0000')}`;
    if (this.#names !== null && key === this.#namesFor) return this.#names;
    this.#namesFor = key;
    this.#names = {
      catalogue: this.#cache.catalogue,
      searchPath: path,
      user: null,
      version: versionOf(key, this.#cache),
      prepared: (name) => this.#registry.meaning(name),
      cursors: (name) => this.#registry.cursor(name),
    };
    return this.#names;
  }
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
