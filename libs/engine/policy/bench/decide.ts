import { compileSlice, DecisionCache, decide, noObjects, objectIndex, readPolicySet, sliceFor, type PolicySet } from '../src/index.ts';
import { effect, ledgerDb, means, nightly, session } from '../src/testing/world.ts';

/** What one decision costs: `node --conditions=@sallyport/source libs/engine/policy/bench/decide.ts`. */
const now = Date.now();

function policySet(rules: number): PolicySet {
  const others = Array.from({ length: rules - 10 }, (_, i) => `@id("other-${i}") permit(principal in Group::"group-${i}", action == Action::"read", resource in Schema::"db-${i}/s") when { context.hour > 5 };`);
  const mine = Array.from({ length: 10 }, (_, i) => `@id("mine-${i}") permit(principal in Group::"batch", action == Action::"read", resource in Schema::"ledger-db/${i === 0 ? 'ledger' : `s${i}`}");`);
  const read = readPolicySet([{ name: 'bench.cedar', text: [...others, ...mine].join('\n') }]);
  if (!read.ok) throw new Error('the rules do not parse');
  return read.set;
}

function measure(what: string, rounds: number, run: (i: number) => void): void {
  for (let i = 0; i < rounds / 10; i++) run(i);
  const start = process.hrtime.bigint();
  for (let i = 0; i < rounds; i++) run(i);
  const micros = Number(process.hrtime.bigint() - start) / 1000 / rounds;
  process.stdout.write(`${what.padEnd(58)} ${micros.toFixed(micros < 10 ? 3 : 1).padStart(9)} µs\n`);
}

const set = policySet(1000);
measure('slice 10 of 1000 rules', 200, () => void sliceFor({ policySet: set, machine: nightly, target: ledgerDb }));
measure('compile a slice of 10 rules', 50, (i) => void compileSlice(sliceFor({ policySet: set, machine: { ...nightly, owner: `o${i}` }, target: ledgerDb })));

const slice = compileSlice(sliceFor({ policySet: set, machine: nightly, target: ledgerDb }));
const read = means([effect('read', 'ledger.customers')]);
const objects = objectIndex({ id: 'plan', columns: [{ column: 'ledger.customers.ssn', tag: 'us.ssn', action: 'redact' }], large: [] });
measure('decide, 1 effect, nothing remembered', 2000, () => void decide(slice, { means: read, session, objects, now }));
const five = means([effect('read', 'ledger.customers'), effect('read', 'ledger.a'), effect('read', 'ledger.b'), effect('read', 'ledger.c'), effect('read', 'ledger.d')]);
measure('decide, 5 effects, nothing remembered', 500, () => void decide(slice, { means: five, session, objects: noObjects, now }));

const cache = new DecisionCache(slice, session, objects);
measure('cache: new text, 1 effect judged before', 200_000, () => void cache.decide(means([effect('read', 'ledger.customers')]), now));
measure('cache: understood before', 5_000_000, () => void cache.decide(read, now));
const many = Array.from({ length: 1000 }, () => means([effect('read', 'ledger.customers')]));
measure('cache: 1000 texts in turn', 1_000_000, (i) => void cache.decide(many[i % 1000] ?? read, now));
