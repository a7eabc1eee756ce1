import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { machineDocument, type MachineDocument, type TrustBinding } from '../kinds/identity.ts';
import { BindingsByShape, lintOverlaps } from './lint-overlaps.ts';

const machine = (name: string, bindings: readonly object[], state = 'active'): MachineDocument =>
  machineDocument.parse({
    apiVersion: 'sallyport/v1', kind: 'Machine', metadata: { name },
    spec: { kind: 'batch', owner: 'a', backupOwner: 'b', purpose: 'closes the books', environment: 'test', criticality: 'low', state, reviewBy: '2099-01-01', bindings: bindings.map((one, i) => ({ name: `b-${i}`, issuer: 'i', audience: 'x', ...one })) },
  });

/** By comparing each with each, as it was done before there was an index. */
function plainly(mine: MachineDocument, all: readonly MachineDocument[]): string[] {
  if (mine.spec.state === 'retired') return [];
  return mine.spec.bindings.flatMap((binding) =>
    all.flatMap((other) => {
      if (other.metadata.name === mine.metadata.name || other.spec.state === 'retired') return [];
      const [found] = other.spec.bindings.flatMap((theirs) => overlap(binding, theirs) ?? []);
      return found === undefined ? [] : [`${found} ${other.metadata.name}`];
    }),
  );
}

function overlap(mine: TrustBinding, theirs: TrustBinding): string | null {
  if (mine.issuer !== theirs.issuer || mine.audience !== theirs.audience) return null;
  const shared = Object.keys(mine.claims).filter((claim) => Object.hasOwn(theirs.claims, claim));
  if (shared.length === 0 || shared.some((claim) => mine.claims[claim] !== theirs.claims[claim])) return null;
  return shared.length === Math.min(Object.keys(mine.claims).length, Object.keys(theirs.claims).length) ? 'refuse' : 'warn';
}

const value = fc.constantFrom<string | number | boolean>('1', 1, '2', true);
const binding = fc.record({ issuer: fc.constantFrom('i', 'j'), audience: fc.constantFrom('x', 'y'), claims: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), value, { maxKeys: 4 }) });
const house = fc.array(fc.record({ bindings: fc.array(binding, { maxLength: 3 }), state: fc.constantFrom('active', 'draft', 'retired') }), { maxLength: 8 });

describe('overlaps', () => {
  it('are those that comparing each with each finds, in its order', () => {
    fc.assert(fc.property(house, (drawn) => {
      const machines = drawn.map(({ bindings, state }, i) => machine(`m-${i}`, bindings, state));
      const index = new BindingsByShape(machines);
      for (const one of machines) {
        const found = lintOverlaps(one, index, new Map()).map(({ severity, say }) => `${severity} ${/machine (\S+?)[; ]/.exec(say)?.[1] ?? ''}`);
        expect(found).toEqual(plainly(one, machines));
      }
    }), { numRuns: 1000 });
  });

  it('are found among ten thousand machines in less time than a connection may take', () => {
    const machines = Array.from({ length: 10_000 }, (_, i) => machine(`m-${i}`, [{ claims: { repository_id: String(i), repository_owner_id: '7', environment: 'production' } }]));
    const began = performance.now();
    const index = new BindingsByShape(machines);
    const found = machines.flatMap((one) => lintOverlaps(one, index, new Map()));
    expect(found).toEqual([]);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
