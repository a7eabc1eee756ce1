import { describe, expect, it } from 'vitest';
import { catalogueQueries, relationsWithoutViews } from '../catalogue/index.ts';
import { CatalogueCache, maxAge, OwnQueryError, type OwnQuery } from './catalogue-cache.ts';

type Rows = readonly (readonly (string | null)[])[];

/** A server with these tables; a view among them cannot be written down while `locked`. */
function server(tables: readonly string[], locked = false): OwnQuery & { readonly asked: string[] } {
  const asked: string[] = [];
  const answer = (text: string): Promise<Rows> => {
    asked.push(text);
    const isRelations = text.endsWith(catalogueQueries.relations);
    if (isRelations && locked) return Promise.reject(new OwnQueryError('55P03'));
    if (isRelations || text === relationsWithoutViews || text.endsWith(relationsWithoutViews)) return Promise.resolve(tables.map((name, i) => [String(20_000 + i), name.split('.')[0] ?? '', name.split('.')[1] ?? '', 'r', 'f', null]));
    if (text.endsWith(catalogueQueries.path)) return Promise.resolve([['pg_catalog'], ['ledger']]);
    return Promise.resolve([]);
  };
  return Object.assign(answer, { asked });
}

describe('the snapshot of a target’s names', () => {
  it('gets a new version only when something is different', async () => {
    const cache = new CatalogueCache('shared');
    await cache.refresh(server(['ledger.a']), 'none');
    expect([cache.version, cache.catalogue.find('ledger', 'a')?.name]).toEqual([1, 'a']);
    await cache.refresh(server(['ledger.a']), 'none');
    expect(cache.version).toBe(1);
    await cache.refresh(server(['ledger.a', 'ledger.b']), 'none');
    expect(cache.version).toBe(2);
  });

  it('is fresh for a time, and no more when it is spoiled', async () => {
    let now = 0;
    const cache = new CatalogueCache('shared', () => now);
    expect([cache.fresh, cache.usable]).toEqual([false, false]);
    await cache.refresh(server(['ledger.a']), 'none');
    expect(cache.fresh).toBe(true);
    now = maxAge;
    expect([cache.fresh, cache.usable]).toEqual([false, true]);
    await cache.refresh(server(['ledger.a']), 'none');
    cache.spoil();
    expect([cache.fresh, cache.usable]).toEqual([false, false]);
  });

  it('that is spoiled while it is read is not taken for fresh', async () => {
    const cache = new CatalogueCache('shared');
    const ask = server(['ledger.a']);
    const reading = cache.refresh((text) => (cache.spoil(), ask(text)), 'none');
    await reading;
    expect([cache.fresh, cache.version]).toEqual([false, 0]);
  });

  it('is not waited for by others while one session reads a newer one', async () => {
    let now = 0;
    const cache = new CatalogueCache('shared', () => now);
    await cache.refresh(server(['ledger.a']), 'none');
    now = maxAge + 1;
    let go: () => void = () => undefined;
    const slow = server(['ledger.a']);
    const reading = cache.refresh(async (text) => {
      await new Promise<void>((resolve) => (go = resolve));
      return slow(text);
    }, 'none');
    expect(cache.fresh).toBe(true);
    now = 2 * maxAge + 1;
    expect(cache.fresh).toBe(false);
    for (let i = 0; i < 20; i++) {
      go();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await reading;
  });

  it('leaves temporary tables of one session out of what all share', async () => {
    const shared = new CatalogueCache('shared');
    const own = new CatalogueCache('own');
    for (const cache of [shared, own]) await cache.refresh(server(['pg_temp_3.mine']), 'none');
    expect(shared.catalogue.find('pg_temp', 'mine')).toBeUndefined();
    expect(own.catalogue.find('pg_temp', 'mine')?.name).toBe('mine');
  });

  it('waits for no lock outside of a transaction: without view texts it is short-lived', async () => {
    let now = 0;
    const cache = new CatalogueCache('shared', () => now);
    const ask = server(['ledger.a'], true);
    await cache.refresh(ask, 'none');
    expect(ask.asked.every((text) => text.startsWith('set local lock_timeout'))).toBe(true);
    expect([cache.fresh, cache.catalogue.find('ledger', 'a')?.name]).toEqual([true, 'a']);
    now = 3000;
    expect(cache.fresh).toBe(false);
  });

  it('changes no setting within a transaction, and stays what it was when the server fails', async () => {
    const cache = new CatalogueCache('own');
    const ask = server(['ledger.a']);
    await cache.refresh(ask, 'transaction');
    expect(ask.asked.some((text) => text.startsWith('set'))).toBe(false);
    await expect(cache.refresh(() => Promise.reject(new OwnQueryError('57014')), 'none')).rejects.toThrow('57014');
    expect(cache.catalogue.find('ledger', 'a')?.name).toBe('a');
  });
});
