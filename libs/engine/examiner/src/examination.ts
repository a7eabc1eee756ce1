import type { Fact } from './fact.ts';
import { readApprovals, type ApprovalCase } from './views/approvals.ts';
import { readCommands, type CommandCase } from './views/commands.ts';
import { readEntitlements, type EntitlementCase } from './views/entitlements.ts';
import { readMachines, type MachineCase } from './views/machines.ts';
import { readSessions, type SessionCase } from './views/sessions.ts';

/** From (included) to (not included), RFC 3339 in UTC. */
export interface Period {
  readonly from: string;
  readonly to: string;
}

/** What the verifier says of the log that the events were taken from. */
export interface LogFindings {
  readonly origin: string;
  /** Leaves that the checkpoint covers, and its root (base64). */
  readonly size: number;
  readonly root: string;
  /** Size of an earlier checkpoint of the same log that the later one was proved to extend; null when there is none. */
  readonly consistentFrom: number | null;
  /** Key names whose signatures on the checkpoint hold. */
  readonly signers: readonly string[];
  readonly witnesses: readonly string[];
  readonly leaves: number;
  readonly findings: readonly { readonly kind: string; readonly leaf: number | null; readonly say: string }[];
}

/** Everything that the controls may look at. A pack holds all of it, so anybody can compute the controls again. */
export interface Given {
  readonly facts: readonly Fact[];
  readonly period: Period;
  /** Leaf range, `from` included, `to` not; the facts lie in it, and those outside of the scope are missing. */
  readonly leaves: { readonly from: number; readonly to: number };
  readonly scope: string;
  readonly seed: string;
  readonly sample: number;
  /** Null: the pack was made without checkpoint and proofs. */
  readonly log: LogFindings | null;
}

export interface Examination extends Given {
  readonly of: (...types: readonly string[]) => readonly Fact[];
  readonly sessions: ReadonlyMap<string, SessionCase>;
  readonly commands: ReadonlyMap<string, CommandCase>;
  readonly approvals: ReadonlyMap<string, ApprovalCase>;
  readonly machines: ReadonlyMap<string, MachineCase>;
  readonly entitlements: ReadonlyMap<string, EntitlementCase>;
}

/** Sorts the facts by leaf and reads the cases out of them once for all controls. */
export function prepare(given: Given): Examination {
  const facts = given.facts.toSorted((a, b) => a.leaf - b.leaf);
  const byType = Map.groupBy(facts, ({ type }) => type);
  const of = (...types: readonly string[]): readonly Fact[] => {
    const found = types.map((type) => byType.get(type) ?? []);
    return found.length === 1 ? (found[0] ?? []) : found.flat().sort((a, b) => a.leaf - b.leaf);
  };
  const sessions = readSessions(facts);
  return { ...given, facts, of, sessions, commands: readCommands(of), approvals: readApprovals(of), machines: readMachines(facts, sessions), entitlements: readEntitlements(of, sessions) };
}
