import { change as plannedChange, policyFile, quorum, removal, type ChangeSummary, type ChangeView } from '@sallyport/platform-bus';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { ChangeOwner, Content } from './content.ts';
import type { Before } from './try-share.ts';
import type { ChangeTables } from './tables.ts';

export type ChangeRow = Selectable<ChangeTables['change']> & { readonly rolled_back_by: string | null };
export type PartRow = Selectable<ChangeTables['change_part']>;

const stored = {
  documents: z.array(z.unknown()), policies: z.array(policyFile), remove: z.array(removal), steps: z.array(plannedChange), warnings: z.array(z.string()), approvers: z.array(quorum),
  before: z.array(z.object({ kind: z.string(), name: z.string(), document: z.unknown() })), owner: z.enum(['identity', 'masking', 'sinks', 'policy']),
};

export const contentOf = ({ documents, policies, remove, prune }: ChangeRow): Content => ({
  documents: stored.documents.parse(JSON.parse(documents)), policies: stored.policies.parse(JSON.parse(policies)), remove: stored.remove.parse(JSON.parse(remove)), prune,
});
export const stepsOf = ({ steps }: PartRow) => stored.steps.parse(JSON.parse(steps));
export const warningsOf = ({ warnings }: PartRow) => stored.warnings.parse(JSON.parse(warnings));
export const approversOf = ({ approvers }: PartRow) => stored.approvers.parse(JSON.parse(approvers));
export const beforeOf = ({ before }: PartRow): Before[] => stored.before.parse(JSON.parse(before)).map(({ kind, name, document }) => ({ kind, name, document }));
export const ownerOfPart = ({ owner }: PartRow): ChangeOwner => stored.owner.parse(owner);

export function summary(row: ChangeRow): ChangeSummary {
  const { id, state, title, ticket, author, kinds, count, digest, say, round, rolls_back, rolled_back_by, created, changed } = row;
  return { id, state, title, ticket, author, kinds, count, digest, say, round, rollsBack: rolls_back, rolledBackBy: rolled_back_by, created: created.toISOString(), changed: changed.toISOString() };
}

/** @param parts those of its newest round */
export function view(row: ChangeRow, parts: readonly PartRow[]): ChangeView {
  const { documents, policies, remove, prune } = contentOf(row);
  return {
    ...summary(row), documents: [...documents], policies: policies.map(({ name, text }) => ({ name, text })), remove: remove.map(({ kind, name }) => ({ kind, name })), prune,
    parts: parts.map((part) => ({
      owner: part.owner, changes: stepsOf(part), warnings: warningsOf(part), kinds: part.kinds, approvers: approversOf(part), binding: part.binding,
      approval: part.approval, approvalState: part.approval_state, approvedBy: part.approved_by, applied: part.applied,
    })),
    diff: parts.length === 0 ? null : parts.map(({ text }) => text).filter((text) => text !== '').join('\n\n'),
    changedDecisions: row.changed_decisions,
    activatedBy: row.activator === null ? null : activatorOf(row.activator).person,
  };
}

const activator = z.object({ person: z.string(), roles: z.array(z.string()), groups: z.array(z.string()), source: z.string() });
export const activatorOf = (text: string) => activator.parse(JSON.parse(text));
