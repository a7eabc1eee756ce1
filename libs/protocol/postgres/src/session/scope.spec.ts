import type { Gate } from '@sallyport/protocol-spi';
import { describe, expect, it } from 'vitest';
import { catalogueQueries, pathQuery } from '../catalogue/index.ts';
import { CatalogueCache, type OwnQuery } from './catalogue-cache.ts';
import { SessionScope } from './scope.ts';

const gate = { masker: { plan: null } } as unknown as Gate;
const own = { prepared: () => undefined, cursor: () => undefined };

/** A server with this search path; counts what it is asked. */
function server(path: readonly string[]): OwnQuery & { readonly asked: string[] } {
  const asked: string[] = [];
  return Object.assign(
    (text: string) => {
      asked.push(text);
      return Promise.resolve(text.endsWith(pathQuery) ? path.map((name) => [name]) : []);
    },
    { asked },
  );
}

const wholeCatalogue = (asked: readonly string[]) => asked.some((text) => text.endsWith(catalogueQueries.relations));

describe('how a session’s names resolve', () => {
  it('is unknown until the server was asked', async () => {
    const scope = new SessionScope(new CatalogueCache('shared'), gate, own);
    expect([scope.fresh('none'), scope.names().searchPath]).toEqual([false, null]);
    await scope.refresh(server(['pg_catalog', 'ledger']), 'none');
    expect([scope.fresh('none'), scope.names().searchPath]).toEqual([true, ['pg_catalog', 'ledger']]);
  });

  it('is unknown again after what may have moved it, and once more at the end of that transaction', async () => {
    const scope = new SessionScope(new CatalogueCache('shared'), gate, own);
    await scope.refresh(server(['ledger']), 'none');
    scope.spoilPath();
    expect(scope.names().searchPath).toBeNull();
    await scope.refresh(server(['evil']), 'transaction');
    expect(scope.names().searchPath).toEqual(['evil']);
    scope.ended();
    expect(scope.names().searchPath).toBeNull();
    await scope.refresh(server(['ledger']), 'none');
    scope.ended();
    expect(scope.names().searchPath).toEqual(['ledger']);
  });

  it('is the same object while it is the same, and has the same number in every session', async () => {
    const cache = new CatalogueCache('shared');
    const [one, two] = [new SessionScope(cache, gate, own), new SessionScope(cache, gate, own)];
    for (const scope of [one, two]) await scope.refresh(server(['ledger']), 'none');
    expect(one.names()).toBe(one.names());
    expect(one.names().version).toBe(two.names().version);
    await two.refresh(server(['public']), 'none');
    expect(one.names().version).not.toBe(two.names().version);
  });

  it('in a transaction with changes of names comes from a snapshot of its own, which ends with it', async () => {
    const cache = new CatalogueCache('shared');
    const scope = new SessionScope(cache, gate, own);
    await scope.refresh(server(['ledger']), 'none');
    const { version } = cache;
    scope.spoilCatalogue();
    await scope.refresh(server(['ledger', 'only_here']), 'transaction');
    expect([cache.fresh, cache.version]).toEqual([false, version]);
    expect(scope.fresh('transaction')).toBe(true);
    scope.ended();
    expect([scope.fresh('none'), cache.fresh]).toEqual([false, false]);
  });

  it('does not disturb a transaction for age alone', async () => {
    let now = 0;
    const scope = new SessionScope(new CatalogueCache('shared', () => now), gate, own);
    await scope.refresh(server(['ledger']), 'none');
    now = 1e9;
    expect([scope.fresh('none'), scope.fresh('transaction')]).toEqual([false, true]);
    scope.spoilPath();
    const ask = server(['ledger']);
    await scope.refresh(ask, 'transaction');
    expect(wholeCatalogue(ask.asked)).toBe(false);
  });

  it('comes from a snapshot of its own for a session with temporary tables, for good', async () => {
    const cache = new CatalogueCache('shared');
    const scope = new SessionScope(cache, gate, own);
    await scope.refresh(server(['pg_temp_3', 'ledger']), 'none');
    scope.ended();
    expect([scope.fresh('none'), cache.fresh]).toEqual([true, false]);
    expect(scope.names().searchPath).toEqual(['pg_temp', 'ledger']);
  });
});
