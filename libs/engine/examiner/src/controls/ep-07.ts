import { concealedText } from '@sallyport/domain-events';
import type { Control } from '../control.ts';
import type { Examination } from '../examination.ts';
import { count, countIn, text, textIn, texts, type Fact } from '../fact.ts';
import { bare, namedMachine } from '../names.ts';
import { joined, table } from '../table.ts';
import { quorumMet, type ApprovalCase } from '../views/approvals.ts';
import { decisionOf, type CommandCase } from '../views/commands.ts';
import { answer, noData, plural } from './no-data.ts';

const columns = ['command', 'machine', 'target', 'shape', 'held_at', 'of', 'approval', 'approvers', 'granted_at', 'ran_at', 'bound', 'before', 'other_person', 'quorum', 'outcome', 'leaf'];

export const ep07: Control = {
  id: 'EP-07',
  title: 'Approval before execution',
  question: 'Were high-risk operations approved before they ran, by a different person, for exactly that command?',
  exception: 'A held command ran and one of these is not shown: an approval that names this very command and session; granted, and spent, no later than the decision to run; the quorum met by distinct people; none of them the owner of the machine, or who asked; the same statement shape as was held. An approved run whose hold is not recorded counts too. A statement of a manifest (approval.manifest) was approved with others: the approval must have been spent by this command, for this statement and no more often than was asked for, for the machine and target of the manifest.',
  query: 'High risk is what the policy held: every command with a command.decided `hold`, or an `allow` that names an approval. Join the approval that the allow names (auth.approval). bound: approval.requested and approval.consumed name the command and its session, and the shape allowed is the shape asked for. before: approval.granted and approval.consumed are no later than the allow by the clocks of their producers. of: `manifest` where approval.manifest names the approval; bound is then: approval.consumed names the command and its session, the statement shape that was held and allowed (run.shape), and no more uses of it than were asked for (run.use of run.times), the manifest names its machine and target, and the approval was spent at most as often as the manifest has runs. other_person: each approving voter is neither the owner that the held command names nor the person who asked. quorum: distinct approving voters for each group that was asked for.',
  reads: ['command.decided', 'command.refused', 'command.settled', 'approval.requested', 'approval.voted', 'approval.granted', 'approval.consumed', 'approval.manifest'],
  examine: (examination) => {
    const asked = askedOf(examination);
    const found = [...examination.commands.values()].flatMap((command) => judge(command, examination, asked));
    if (found.length === 0) return noData('no command was held, and none ran under an approval, in this pack', columns);
    const ran = found.filter(({ allow }) => allow !== null);
    const bad = ran.filter(({ proofs }) => Object.values(proofs).includes(false));
    const row = ({ command, hold, allow, approval, approvers, proofs, outcome }: Judged) => [
      command.command, (hold ?? allow)?.who?.id ?? null, (hold ?? allow)?.on?.target ?? null, shapeOf(hold ?? allow), hold?.at ?? null, asked.manifests.has(approval?.approval ?? '') ? 'manifest' : 'command', approval?.approval ?? null, joined(approvers), approval?.granted?.at ?? null, allow?.at ?? null,
      allow === null ? null : proofs.bound, allow === null ? null : proofs.before, allow === null ? null : proofs.otherPerson, allow === null ? null : proofs.quorum, outcome, (hold ?? allow)?.leaf ?? null,
    ];
    return answer({
      figures: [{ name: 'commands held', value: found.filter(({ hold }) => hold !== null).length }, { name: 'approved and run', value: ran.length }, { name: 'of them by a manifest', value: ran.filter(({ approval }) => asked.manifests.has(approval?.approval ?? '')).length }, { name: 'not run', value: found.length - ran.length }, { name: 'run with an exception', value: bad.length }],
      result: table(columns, found.map(row)),
      exceptions: table(['exception', ...columns], bad.map((each) => [notShown(each), ...row(each)])),
      story: [
        `The policy held ${plural(found.filter(({ hold }) => hold !== null).length, 'command')} as high risk. ${plural(ran.length, 'command')} ran after an approval, ${found.length - ran.length} did not run.`,
        `Of those that ran, ${ran.length - bad.length} ${ran.length - bad.length === 1 ? 'has' : 'have'} an approval that was granted and spent before the run, by another person than the owner of the machine, for that very command.`,
        'The gateway and the approvals service each stamp their own clock; EP-15 says how far the clocks can be trusted.',
      ],
    });
  },
};

interface Judged {
  readonly command: CommandCase;
  readonly hold: Fact | null;
  readonly allow: Fact | null;
  readonly approval: ApprovalCase | null;
  readonly approvers: readonly string[];
  readonly proofs: { readonly bound: boolean; readonly before: boolean; readonly otherPerson: boolean; readonly quorum: boolean; readonly wasHeld: boolean };
  readonly outcome: string;
}

const words: Readonly<Record<keyof Judged['proofs'], string>> = { bound: 'approval of this very command', before: 'granted and spent before the run', otherPerson: 'another person than the owner', quorum: 'quorum', wasHeld: 'the hold' };

/** Which of the proofs are not there. */
const notShown = ({ proofs }: Judged): string =>
  `not shown: ${Object.entries(words).filter(([proof]) => !Object.entries(proofs).some(([name, holds]) => name === proof && holds)).map(([, word]) => word).join('; ')}`;

interface Asked {
  /** Approval by the command that it was asked for. */
  readonly byCommand: ReadonlyMap<string, ApprovalCase>;
  readonly manifests: ReadonlyMap<string, Fact>;
}

function askedOf({ approvals, of }: Examination): Asked {
  const byCommand = new Map([...approvals.values()].flatMap((one) => (one.requested === null || text(one.requested, 'command') === '' ? [] : [[text(one.requested, 'command'), one] as const])).toReversed());
  return { byCommand, manifests: new Map(of('approval.manifest').map((fact) => [text(fact, 'approval'), fact])) };
}

function judge(command: CommandCase, { approvals }: Examination, { byCommand, manifests }: Asked): Judged[] {
  const hold = decisionOf(command, 'hold');
  const allow = decisionOf(command, 'allow');
  const named = allow?.auth?.approval ?? null;
  if (hold === null && named === null) return [];
  const asked = byCommand.get(command.command) ?? null;
  const approval = named === null ? (allow === null ? asked : null) : (approvals.get(named) ?? null);
  const approvers = approval === null ? [] : approval.votes.filter(({ vote }) => vote === 'approve').map(({ by }) => by);
  return [{ command, hold, allow, approval, approvers, outcome: outcomeOf(command, allow, approval), proofs: proofsOf(command, hold, allow, approval, approvers, manifests.get(approval?.approval ?? '') ?? null) }];
}

function proofsOf({ command }: CommandCase, hold: Fact | null, allow: Fact | null, approval: ApprovalCase | null, approvers: readonly string[], manifest: Fact | null): Judged['proofs'] {
  const requested = approval?.requested ?? null;
  const spent = approval?.consumed.find((fact) => text(fact, 'command') === command) ?? null;
  const session = allow?.sid ?? '';
  const owner = hold?.who?.owner ?? allow?.who?.owner ?? null;
  const shape = requested === null ? '' : text(requested, 'shape');
  const spentHere = spent !== null && allow !== null && text(spent, 'session') === session;
  const asker = requested?.who?.id.startsWith('person:') === true ? requested.who.id : null;
  return {
    bound: manifest !== null && approval !== null ? spentHere && ofManifest(manifest, allow) && sameShape(textIn(runOf(spent), 'shape'), allow, hold) && approval.consumed.length <= count(manifest, 'runs') && isAsked(runOf(spent)) : requested !== null && spentHere && text(requested, 'command') === command && text(requested, 'session') === session && sameShape(shape, allow, hold),
    before: approval !== null && allow !== null && approval.granted !== null && spent !== null && approval.granted.at <= allow.at && spent.at <= allow.at,
    otherPerson: approvers.length > 0 && !approvers.includes(concealedText) && owner !== null && !approvers.includes(owner) && !approvers.includes(`person:${owner}`) && (asker === null || !approvers.some((by) => bare(by) === bare(asker))),
    quorum: approval !== null && quorumMet(approval),
    wasHeld: hold !== null,
  };
}

const runOf = (spent: Fact | null): unknown => (spent !== null && 'run' in spent.d ? spent.d.run : null);
/** One of the runs that were asked for. */
const isAsked = (run: unknown): boolean => countIn(run, 'use') >= 1 && countIn(run, 'use') <= countIn(run, 'times');
const ofManifest = (manifest: Fact, { who, on }: Fact): boolean => who !== null && namedMachine(manifest) === bare(who.id) && text(manifest, 'target') === (on?.target ?? '');

const shapeOf = (fact: Fact | null): string | null => (fact === null ? null : text(fact, 'shape'));
/** The gateway writes a long shape as its beginning and its length; approvers are shown all of it. */
function sameShape(asked: string, allow: Fact, hold: Fact | null): boolean {
  const [allowed, held] = [text(allow, 'shape'), text(hold ?? allow, 'shape')];
  const cut = / … \((\d{1,9}) characters\)$/.exec(allowed);
  return allowed === held && (asked === allowed || (cut !== null && asked.length === Number(cut[1]) && asked.startsWith(allowed.slice(0, cut.index))));
}

function outcomeOf({ refusals, end, decisions }: CommandCase, allow: Fact | null, approval: ApprovalCase | null): string {
  if (allow !== null) return end === null ? 'ran, its end is not recorded' : end.error === '' ? `ran: ${end.status}` : `ran and failed: ${end.error}`;
  const [refusal] = refusals;
  if (refusal !== undefined) return `not run: ${text(refusal, 'code')}`;
  if (decisions.some((fact) => text(fact, 'decision') === 'deny')) return 'not run: denied after all';
  return approval === null ? 'not run: no approval is recorded' : `not run: ${approval.state}`;
}

export const rulesOf = (fact: Fact): string => joined(texts(fact, 'rules'));
