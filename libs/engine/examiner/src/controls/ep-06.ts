import type { Control } from '../control.ts';
import { text, texts } from '../fact.ts';
import { joined, table } from '../table.ts';
import { quorumText } from '../views/approvals.ts';
import { answer, plural } from './no-data.ts';

export const ep06: Control = {
  id: 'EP-06',
  title: 'Temporary authority',
  question: 'Was each use of privileged or temporary authority justified and decided by somebody?',
  exception: 'An approval was used without having been granted, or was used more than once.',
  query: 'Every approval by its id: what was asked and by which rules, the quorum, the votes, its last state, and its uses (approval.consumed).',
  reads: ['approval.requested', 'approval.voted', 'approval.granted', 'approval.rejected', 'approval.expired', 'approval.withdrawn', 'approval.consumed', 'approval.refused'],
  examine: ({ approvals, leaves }) => {
    const cases = [...approvals.values()];
    const state = (word: string) => cases.filter((each) => each.state === word).length;
    const rows = cases.map(({ approval, requested, votes, granted, consumed, refused, state: last }) => [
      approval, requested ? text(requested, 'machine') : null, requested ? text(requested, 'target') : null, requested ? text(requested, 'shape') : null, requested ? joined(texts(requested, 'rules')) : null,
      requested?.at ?? 'before this pack', quorumText(requested), joined(votes.map(({ by, vote }) => `${by} ${vote}`)), granted?.at ?? null, last, consumed[0]?.at ?? null, refused.length,
    ]);
    const exceptions = cases.flatMap(({ approval, requested, granted, consumed }) => [
      ...(consumed.length > 0 && requested !== null && granted === null ? [[approval, 'used without a grant', consumed[0]?.at ?? null, consumed[0]?.leaf ?? null]] : []),
      ...consumed.slice(1).map((fact) => [approval, 'used more than once', fact.at, fact.leaf]),
    ]);
    return answer({
      figures: [{ name: 'approvals asked for', value: cases.filter(({ requested }) => requested !== null).length }, { name: 'used', value: state('consumed') }, { name: 'rejected', value: state('rejected') }, { name: 'expired', value: state('expired') }, { name: 'withdrawn', value: state('withdrawn') }, { name: 'votes not taken', value: cases.reduce((sum, { refused }) => sum + refused.length, 0) }],
      result: table(['approval', 'machine', 'target', 'shape', 'rules', 'requested_at', 'quorum', 'votes', 'granted_at', 'state', 'used_at', 'votes_not_taken'], rows),
      exceptions: table(['approval', 'exception', 'at', 'leaf'], exceptions),
      story: [`${plural(cases.length, 'approval')} in leaves ${leaves.from} to ${leaves.to - 1}: ${state('consumed')} used, ${state('rejected')} rejected, ${state('expired')} expired, ${state('withdrawn')} withdrawn. An approval lets one command run once.`],
      missing: 'standing elevation and break-glass access are not part of this version; approvals are the only temporary authority there is',
    });
  },
};
