import type { Control } from '../control.ts';
import type { Examination } from '../examination.ts';
import { text, textIn, texts, type Fact } from '../fact.ts';
import { actorOf, bare, isBefore, known, same, secondsBetween } from '../names.ts';
import { joined, table, type Cell } from '../table.ts';
import { quorumText, type ApprovalCase } from '../views/approvals.ts';
import { entitlementState, type EntitlementCase } from '../views/entitlements.ts';
import { answer, noData, plural } from './no-data.ts';

const columns = ['kind', 'id', 'machine', 'target', 'what', 'justification', 'asked_at', 'asked_by', 'quorum', 'votes', 'granted_at', 'until', 'granted_seconds', 'used_seconds', 'uses', 'state', 'reviewed', 'reviewed_by', 'reviewed_at', 'votes_not_taken', 'leaf'];

export const ep06: Control = {
  id: 'EP-06',
  title: 'Temporary authority',
  question: 'Was each use of privileged or temporary authority justified, decided by somebody, limited in time, and reviewed where it was an emergency?',
  exception: 'An approval was used without having been granted, or was used more than once although it was for one command; access by request was granted without an approval that somebody gave; emergency access has no justification, was not reviewed, was reviewed by the one who had opened it, or was found not justified; a session under a temporary access ran on after its end.',
  query: 'Every approval by its id: what was asked and by which rules, the quorum, the votes, its last state, and its uses (approval.consumed). Every entitlement.granted of kind jit or break-glass with its request, its approval, its reason and its end; used_seconds is the sum of its sessions from session.opened to session.closed, uses the number of them. Of emergency access breakglass.opened and breakglass.reviewed.',
  reads: [
    'approval.requested', 'approval.voted', 'approval.granted', 'approval.rejected', 'approval.expired', 'approval.withdrawn', 'approval.consumed', 'approval.refused', 'approval.manifest', 'entitlement.requested', 'entitlement.granted', 'entitlement.used',
    'entitlement.expired', 'entitlement.revoked', 'breakglass.opened', 'breakglass.reviewed', 'session.opened', 'session.closed',
  ],
  examine: (examination) => {
    const { approvals, leaves, period, entitlements } = examination;
    const kinds = kindsOf(examination);
    const cases = [...approvals.values()];
    const temporary = [...entitlements.values()].filter(isTemporary);
    if (cases.length + temporary.length === 0) return noData('nothing was approved, granted on request or opened in an emergency in this pack', columns);
    const state = (word: string) => cases.filter((each) => each.state === word).length;
    const urgent = temporary.filter(({ granted, opened }) => opened !== null || (granted !== null && text(granted, 'kind') === 'break-glass'));
    const exceptions = [
      ...cases.flatMap((each) => approvalFaults(each, kinds.get(each.approval) ?? 'command').map(({ say, fact }) => [say, each.requested === null ? null : text(each.requested, 'machine') || null, each.approval, fact.at, fact.leaf])),
      ...temporary.flatMap((each) => accessFaults(each, examination).map(({ say, fact }) => [say, each.machine, each.entitlement, fact.at, fact.leaf])),
    ];
    return answer({
      figures: [
        { name: 'approvals asked for', value: cases.filter(({ requested }) => requested !== null).length }, { name: 'used', value: state('consumed') }, { name: 'access by request', value: temporary.length - urgent.length },
        { name: 'emergency access', value: urgent.length }, { name: 'of it reviewed', value: urgent.filter(({ reviewed }) => reviewed !== null).length }, { name: 'votes not taken', value: cases.reduce((sum, { refused }) => sum + refused.length, 0) },
      ],
      result: table(columns, [...cases.map((each) => approvalRow(each, kinds.get(each.approval) ?? 'command')), ...temporary.map((each) => accessRow(each, examination))]),
      exceptions: table(['exception', 'machine', 'id', 'at', 'leaf'], exceptions),
      ...(temporary.length === 0 ? {} : { excerpt: { title: 'Access for a time', columns: ['kind', 'machine', 'target', 'granted for s', 'used for s', 'state'], rows: temporary.map((each) => [kindOf(each), each.machine, each.target, grantedSeconds(each), usedSeconds(each, period.to), entitlementState(each, period.to)]) } }),
      story: [
        `${plural(cases.length, 'approval')} in leaves ${leaves.from} to ${leaves.to - 1}: ${state('consumed')} used, ${state('rejected')} rejected, ${state('expired')} expired, ${state('withdrawn')} withdrawn. An approval of a command lets it run once; one of a manifest lets each of its statements run as often as it says.`,
        `${plural(temporary.length - urgent.length, 'access', 'accesses')} by request and ${plural(urgent.length, 'emergency access', 'emergency accesses')} ${temporary.length === 1 ? 'was' : 'were'} granted, each until a moment that was fixed when it was granted.`,
      ],
    });
  },
};

const isTemporary = ({ granted, opened }: EntitlementCase): boolean => opened !== null || (granted !== null && text(granted, 'kind') !== 'standing');
const kindOf = ({ granted, opened }: EntitlementCase): string => (opened !== null ? 'break-glass' : granted === null ? '' : text(granted, 'kind'));

/** What an approval was for, by who names it. */
function kindsOf({ of }: Examination): ReadonlyMap<string, string> {
  const kinds = new Map<string, string>();
  for (const fact of of('approval.requested')) {
    const kind = textIn('subject' in fact.d ? fact.d.subject : null, 'kind');
    if (kind !== '') kinds.set(text(fact, 'approval'), kind);
  }
  const name = (types: readonly string[], kind: string) => {
    for (const fact of of(...types)) if (text(fact, 'approval') !== '') kinds.set(text(fact, 'approval'), kind);
  };
  name(['approval.manifest'], 'manifest');
  name(['entitlement.requested', 'entitlement.granted'], 'access');
  name(['change.approved', 'change.rejected', 'change.activated'], 'change');
  return kinds;
}

function approvalRow({ approval, requested, votes, granted, consumed, refused, state }: ApprovalCase, kind: string): readonly Cell[] {
  return [
    kind, approval, requested ? text(requested, 'machine') || null : null, requested ? text(requested, 'target') || null : null, requested ? text(requested, 'shape') : null, requested ? joined(texts(requested, 'rules')) : null,
    requested?.at ?? 'before this pack', requested?.who?.id ?? null, quorumText(requested), joined(votes.map(({ by, vote }) => `${by} ${vote}`)), granted?.at ?? null, requested ? text(requested, 'expires') || null : null, null, null, consumed.length, state, null, null, null, refused.length,
    (requested ?? granted ?? consumed[0])?.leaf ?? null,
  ];
}

function accessRow(one: EntitlementCase, { approvals, period }: Examination): readonly Cell[] {
  const { granted, requested, opened, reviewed, sessions } = one;
  const approval = granted === null ? undefined : approvals.get(text(granted, 'approval'));
  const asker = opened ?? requested ?? granted;
  return [
    kindOf(one), one.entitlement, one.machine, one.target, granted === null ? null : text(granted, 'role') || null, reasonOf(one) || null, (opened ?? requested ?? granted)?.at ?? null, opened === null ? (asker?.who?.id ?? null) : text(opened, 'by') || (opened.who?.id ?? null),
    approval === undefined ? null : quorumText(approval.requested), approval === undefined ? null : joined(approval.votes.map(({ by, vote }) => `${by} ${vote}`)), granted?.at ?? null, granted === null ? (opened === null ? null : text(opened, 'until')) : text(granted, 'until'),
    grantedSeconds(one), usedSeconds(one, period.to), sessions.length, entitlementState(one, period.to), reviewed === null ? null : text(reviewed, 'finding'), reviewed?.who?.id ?? null, reviewed?.at ?? null, approval?.refused.length ?? null, (granted ?? opened)?.leaf ?? null,
  ];
}

/** Of emergency access by its opening: its grant repeats it. */
const reasonOf = ({ opened, granted }: EntitlementCase): string => (opened !== null ? text(opened, 'reason') : granted === null ? '' : text(granted, 'reason'));

function grantedSeconds({ granted, opened }: EntitlementCase): number | null {
  return granted !== null ? secondsBetween(text(granted, 'from'), text(granted, 'until')) : opened === null ? null : secondsBetween(opened.at, text(opened, 'until'));
}

/** A session whose end is not in the pack counts to the end of the period. */
function usedSeconds({ sessions }: EntitlementCase, end: string): number {
  const ms = sessions.reduce((sum, { opened, closed, abandoned }) => (opened === null ? sum : sum + Math.max(0, Date.parse(closed?.at ?? abandoned?.at ?? end) - Date.parse(opened.at))), 0);
  return ms / 1000;
}

interface Fault {
  readonly say: string;
  readonly fact: Fact;
}

function approvalFaults({ requested, granted, consumed }: ApprovalCase, kind: string): readonly Fault[] {
  const [first] = consumed;
  return [
    ...(first !== undefined && requested !== null && granted === null ? [{ say: 'used without a grant', fact: first }] : []),
    ...(kind === 'manifest' ? [] : consumed.slice(1).map((fact) => ({ say: 'used more than once', fact }))),
  ];
}

function accessFaults(one: EntitlementCase, { approvals, period }: Examination): readonly Fault[] {
  const { granted, opened, reviewed, sessions, ended } = one;
  const found: Fault[] = [];
  if (granted !== null && text(granted, 'kind') === 'jit') {
    const approval = approvals.get(text(granted, 'approval'));
    if (text(granted, 'approval') === '') found.push({ say: 'granted on request without an approval', fact: granted });
    else if (approval !== undefined && approval.requested !== null && (approval.granted === null || isBefore(granted.at, approval.granted.at))) found.push({ say: 'granted before its approval was', fact: granted });
  }
  if (kindOf(one) === 'break-glass') found.push(...emergencyFaults(one, period.to));
  // The last use ends the access for others, not the session that it let in.
  const cutShort = ended !== null && text(ended, 'why') !== 'uses';
  const end = cutShort ? ended.at : granted === null ? '' : text(granted, 'until');
  for (const { opened: begin, closed } of sessions) {
    const late = begin === null ? null : secondsBetween(end, closed?.at ?? period.to);
    if (begin !== null && late !== null && late > graceSeconds) found.push({ say: `session went on for ${Math.round(late)} s after the access had ended`, fact: closed ?? begin });
  }
  if (reviewed !== null && opened === null && granted === null) found.push({ say: 'reviewed, and its opening is not in this pack', fact: reviewed });
  return found;
}

/** A session is closed by those who hear that its access ended: that may take so long. */
const graceSeconds = 60;

function emergencyFaults(one: EntitlementCase, end: string): readonly Fault[] {
  const { granted, opened, reviewed } = one;
  const begin = opened ?? granted;
  if (begin === null) return [];
  const found: Fault[] = [];
  if (reasonOf(one) === '') found.push({ say: 'emergency access without a justification', fact: begin });
  if (reviewed === null) return [...found, { say: isBefore(text(begin, 'until'), end) ? 'emergency access that nobody reviewed' : 'emergency access still open, and not reviewed yet', fact: begin }];
  const by = opened === null ? null : (known(text(opened, 'by')) ?? actorOf(opened));
  if (same(by === null ? null : bare(by), actorOf(reviewed)) === true) found.push({ say: 'emergency access reviewed by the one who opened it', fact: reviewed });
  if (text(reviewed, 'finding') === 'not-justified') found.push({ say: 'emergency access found not justified', fact: reviewed });
  return found;
}
