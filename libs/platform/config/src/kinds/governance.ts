import { z } from 'zod';
import { document, duration, name } from './common.ts';

const seat = z.strictObject({ group: name, count: z.int().min(1).max(10).default(1) });

/** The kinds of change that can be made subject to more than one person's word. */
export const controlledKinds = ['policy', 'Classification', 'Entitlement', 'AccessPath', 'Machine', 'Person', 'Issuer', 'Target', 'Group', 'ApproverGroup', 'Sink', 'Governance'] as const;

/**
 * How identities are governed here. There is one, and it is named `default`; without it every value is its default. Defaults follow what examiners ask for (CIS 5.3 and 5.5,
 * PCI DSS 8.2.6 and 7.2.5.1).
 */
export const governanceDocument = document('Governance', z.strictObject({
  /** How long a machine works on after nobody answers for it: `privileged` are those of criticality high and critical. `0s` is at once. */
  ownerGone: z.strictObject({ privileged: duration.default('0s'), others: duration.default('7d') }).default({ privileged: '0s', others: '7d' }),
  /** Machines that did not come for so long are flagged, then suspended. */
  stale: z.strictObject({ flag: duration.default('45d'), suspend: duration.default('90d') }).default({ flag: '45d', suspend: '90d' }),
  /** An entitlement that was not used for so long is flagged. */
  unusedEntitlement: duration.default('60d'),
  /** The longest that an entitlement may last from its grant. */
  longestEntitlement: z.strictObject({ jit: duration.default('8h'), standing: duration.default('90d'), breakGlass: duration.default('1h') }).default({ jit: '8h', standing: '90d', breakGlass: '1h' }),
  /** How often access is reviewed, by the machine's criticality, and how long after the due date it stops. */
  reviews: z.strictObject({ critical: duration.default('90d'), high: duration.default('90d'), medium: duration.default('180d'), low: duration.default('180d'), grace: duration.default('14d') })
    .default({ critical: '90d', high: '90d', medium: '180d', low: '180d', grace: '14d' }),
  /** Who besides the new owner must agree before a suspended machine works again. */
  reactivation: z.array(seat).max(5).default([]),
  /** Changes of these kinds are proposed, tested, approved and then activated; applying them directly is refused. */
  changeControl: z.array(z.strictObject({ kinds: z.array(z.enum(controlledKinds)).min(1), approvers: z.array(seat).min(1).max(5) })).max(20).default([]),
}));

export type GovernanceDocument = z.infer<typeof governanceDocument>;
export type GovernanceSettings = GovernanceDocument['spec'];

/** What holds where no document says otherwise. */
export const usualGovernance: GovernanceSettings = governanceDocument.parse({ apiVersion: 'sallyport/v1', kind: 'Governance', metadata: { name: 'default' }, spec: {} }).spec;
