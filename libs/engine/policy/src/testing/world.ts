import type { Effect, Facts, Reading, ResourceKind, Understanding, Verb } from '@sallyport/domain-model';
import { compileSlice, type CompiledSlice } from '../compiled.ts';
import type { SessionFacts } from '../context.ts';
import { describeProblem } from '../problem.ts';
import { readPolicySet, type PolicySet } from '../policy-set.ts';
import { sliceFor, type MachineFacts, type PartyFacts, type TargetFacts } from '../slice.ts';

export const nightly: MachineFacts = { name: 'nightly-ledger', owner: 'alice', environment: 'production', criticality: 'high', kind: 'batch', groups: ['batch'] };
export const ledgerDb: TargetFacts = { name: 'ledger-db', kind: 'postgres', environment: 'production', tags: ['pci'] };
export const session: SessionFacts = { protocol: 'postgres', role: null, source: '10.1.2.3', client: 'psql' };
/** Sunday, 22 November 2026, 10:00:30 UTC. */
export const sunday = Date.UTC(2026, 10, 22, 10, 0, 30);

export function setOf(text: string): PolicySet {
  const read = readPolicySet([{ name: 'test.cedar', text }]);
  if (!read.ok) throw new Error(read.problems.map(describeProblem).join('\n'));
  return read.set;
}

export function compiledOf(text: string, machine: MachineFacts = nightly, target: TargetFacts = ledgerDb, behalf?: PartyFacts): CompiledSlice {
  return compileSlice(sliceFor({ policySet: setOf(text), machine, ...(behalf === undefined ? {} : { behalf }), target }));
}

export function effect(verb: Verb, name: string, kind: ResourceKind = 'table'): Effect {
  const dot = name.indexOf('.');
  return { verb, resource: dot === -1 ? { kind, schema: null, name } : { kind, schema: name.slice(0, dot), name: name.slice(dot + 1) } };
}

export function means(effects: readonly Effect[], facts: Partial<Facts> = {}, reading: Reading = 'whole'): Understanding {
  return { verb: effects[0]?.verb ?? 'unknown', effects, reading, shape: '', fingerprint: null, facts: { kind: 'SELECT', ...facts }, outputs: null };
}
