import type { GovernanceSettings } from '../kinds/governance.ts';
import type { AnyDocument } from '../kinds/index.ts';

/** How many different people of a group have to say yes. */
export interface Seat {
  readonly group: string;
  readonly count: number;
}

/** What a change needs. Without `kinds` it needs nobody's leave. */
export interface Control {
  /** The controlled kinds among what it changes, sorted; `policy` for policy files. */
  readonly kinds: readonly string[];
  /** Who has to agree: of each group the most that any rule asks for, sorted by group. */
  readonly approvers: readonly Seat[];
}

export interface Touched {
  readonly kind: string;
  readonly name: string;
}

/**
 * What a change of these documents needs under these settings. Once anything is controlled, Governance is, too, and so are the documents that
 * decide whose yes counts (`guards`): by the approvers that a rule names for Governance, or else by those of all rules together. Otherwise one administrator would switch
 * control off, or make an approver of himself.
 */
export function controlOf({ changeControl }: Pick<GovernanceSettings, 'changeControl'>, touched: readonly Touched[], guards: ReadonlySet<string> = new Set()): Control {
  const kinds = new Set<string>();
  const seats = new Map<string, number>();
  const forGovernance = changeControl.filter((rule) => rule.kinds.includes('Governance'));
  const guarding = forGovernance.length > 0 ? forGovernance : changeControl;
  for (const { kind, name } of touched) {
    const word = kind === 'Policy' ? 'policy' : kind;
    const named = changeControl.filter((rule) => rule.kinds.some((one) => one === word));
    const rules = named.length > 0 ? named : kind === 'Governance' || guards.has(`${kind}/${name}`) ? guarding : [];
    if (rules.length > 0) kinds.add(word);
    for (const { group, count } of rules.flatMap(({ approvers }) => approvers)) seats.set(group, Math.max(count, seats.get(group) ?? 0));
  }
  return { kinds: [...kinds].sort(), approvers: [...seats].map(([group, count]) => ({ group, count })).sort((a, b) => (a.group < b.group ? -1 : 1)) };
}

/** `kind/name` of the documents that decide whose yes counts: the approver groups of change control, their members, and the issuers that say who those are. */
export function guardsOf({ changeControl }: Pick<GovernanceSettings, 'changeControl'>, documents: readonly AnyDocument[]): ReadonlySet<string> {
  const groups = new Set(changeControl.flatMap(({ approvers }) => approvers.map(({ group }) => group)));
  const members = new Set(documents.flatMap((one) => (one.kind === 'ApproverGroup' && groups.has(one.metadata.name) ? one.spec.members : [])));
  const issuers = documents.flatMap((one) => (one.kind === 'Person' && members.has(one.metadata.name) ? [one.spec.issuer] : []));
  return new Set([...[...groups].map((name) => `ApproverGroup/${name}`), ...[...members].map((name) => `Person/${name}`), ...issuers.map((name) => `Issuer/${name}`)]);
}
