import { gravest, type Decision, type Effect, type Facts, type Understanding } from '@sallyport/domain-model';
import { compileSlice } from './compiled.ts';
import { decide } from './decide.ts';
import { noObjects, type ObjectIndex } from './objects.ts';
import type { PolicySet } from './policy-set.ts';
import { sliceFor, type MachineFacts, type PartyFacts, type TargetFacts } from './slice.ts';

/** One expectation of a user's policy, as `sallyport policy test` reads it from YAML. */
export interface PolicyCase {
  readonly name: string;
  readonly machine: MachineFacts;
  /** On whose behalf; absent: its own. */
  readonly behalf?: PartyFacts;
  readonly target: TargetFacts;
  readonly role: string | null;
  readonly source: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Either the text of a statement, or what it does: `write ledger.customers`, `execute function:pg_catalog.now`. */
  readonly statement: string | null;
  readonly effects: readonly Effect[];
  readonly facts: Facts;
  readonly expect: { readonly decision: Decision['kind']; readonly rules: readonly string[] | null; readonly approvers: readonly string[] | null };
}

export interface CaseResult {
  readonly name: string;
  readonly ok: boolean;
  readonly decision: Decision;
  /** What differs from the expectation, empty when nothing. */
  readonly differences: readonly string[];
}

/** What the caller knows and this package must not: how a text is read, and what is classified. */
export interface CaseWorld {
  /** Understands a statement in the target's dialect; one entry for each statement of the text. Throws for what cannot be read. */
  readonly understand: (text: string, target: TargetFacts) => readonly Understanding[];
  readonly objects: (target: TargetFacts) => ObjectIndex;
}

/** Cases that cannot be read or run. The message names the path. */
export class CaseError extends Error {
  readonly code = 'ERR_POLICY_CASE';
}

/** Runs cases against a policy set. Statements of one text are decided one by one, and the worst decision is compared. */
export function runCases(set: PolicySet, cases: readonly PolicyCase[], world: Partial<CaseWorld> = {}): readonly CaseResult[] {
  return cases.map((one) => {
    const slice = compileSlice(sliceFor({ policySet: set, machine: one.machine, ...(one.behalf === undefined ? {} : { behalf: one.behalf }), target: one.target }));
    const session = { protocol: one.target.kind, role: one.role, source: one.source, client: null };
    const objects = world.objects?.(one.target) ?? noObjects;
    const decisions = meaningsOf(one, world).map((means) => decide(slice, { means, session, objects, now: one.at }));
    const decision = worst(decisions);
    const differences = compare(one, decision);
    return { name: one.name, ok: differences.length === 0, decision, differences };
  });
}

function meaningsOf(one: PolicyCase, world: Partial<CaseWorld>): readonly Understanding[] {
  if (one.statement === null) {
    return [{ verb: gravest(one.effects), effects: one.effects, reading: 'whole', shape: '', fingerprint: null, facts: one.facts, outputs: null }];
  }
  if (world.understand === undefined) throw new CaseError(`case ${JSON.stringify(one.name)} has a statement, and nothing here reads statements: give its effects`);
  const read = world.understand(one.statement, one.target);
  if (read.length === 0) throw new CaseError(`case ${JSON.stringify(one.name)} has an empty statement`);
  return read;
}

const gravity = { allow: 0, hold: 1, deny: 2 } as const;

function worst(decisions: readonly Decision[]): Decision {
  return decisions.reduce((a, b) => (gravity[b.kind] > gravity[a.kind] ? b : a));
}

function compare({ expect }: PolicyCase, decision: Decision): readonly string[] {
  const differences: string[] = [];
  if (decision.kind !== expect.decision) differences.push(`expected ${expect.decision}, got ${decision.kind}${'say' in decision ? ` (${decision.say})` : ''}`);
  const list = (names: readonly string[]) => [...names].sort().join(', ') || 'none';
  if (expect.rules !== null && list(expect.rules) !== list(decision.rules)) differences.push(`expected rules ${list(expect.rules)}, got ${list(decision.rules)}`);
  const approvers = decision.kind === 'hold' ? decision.approvers.map((quorum) => quorum.group) : [];
  if (expect.approvers !== null && list(expect.approvers) !== list(approvers)) differences.push(`expected approvers ${list(expect.approvers)}, got ${list(approvers)}`);
  return differences;
}
