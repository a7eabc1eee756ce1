import type { Control } from '../control.ts';
import type { Examination } from '../examination.ts';
import { count, text, texts, type Fact } from '../fact.ts';
import { actorOf, isBefore, known, same, shownActor } from '../names.ts';
import { joined, table, type Cell } from '../table.ts';
import { ownerAt } from '../views/machines.ts';
import { readReviews, type ReviewCase } from '../views/reviews.ts';
import { answer, noData, plural } from './no-data.ts';

const columns = ['campaign', 'item', 'machine', 'target', 'role', 'entitlement', 'decision', 'reviewer', 'decided_at', 'due_at', 'on_time', 'evidence_seen', 'last_used', 'reviewers_asked', 'followed_by', 'followed_at', 'leaf'];

export const ep04: Control = {
  id: 'EP-04',
  title: 'Access reviews',
  question: 'Was access reviewed, by whom, with what result, on time?',
  exception: 'An item was not decided, or only after its due date; its access was stopped because nobody decided; the reviewer is the owner of the machine, or asked for that access; a revocation was decided and nothing took the access away afterwards; an item was decided without a record of what its reviewers were shown.',
  query: 'By campaign and item: review.item (what was granted against what was used), the last review.decided with its author, the due date (review.overdue, else review.opened of the campaign), review.stopped. A decision to revoke is followed by the next entitlement.revoked or entitlement.expired of the same entitlement, or by the suspension of the machine. The reviewer is compared with the owner of the machine at that leaf, and with the author of the entitlement\'s entitlement.requested, else of its entitlement.granted.',
  reads: ['review.opened', 'review.item', 'review.decided', 'review.overdue', 'review.stopped', 'review.closed', 'entitlement.requested', 'entitlement.granted', 'entitlement.revoked', 'nhi.recorded', 'nhi.state_changed'],
  examine: (examination) => {
    const { of, period } = examination;
    const cases = readReviews(of);
    const opened = of('review.opened');
    if (cases.length + opened.length === 0) return noData('no review of access was opened, decided, overdue or stopped in this pack', columns);
    const decided = cases.filter((one) => one.decided !== null);
    const decisions = (word: string) => decided.filter((one) => one.decided !== null && text(one.decided, 'decision') === word).length;
    const wrong = cases.flatMap((one) => faultsOf(one, examination).map(({ say, fact }) => [say, one.machine, one.target || null, one.decided === null ? null : shownActor(one.decided), one.campaign, one.item, fact.at, fact.leaf]));
    const older = cases.filter((one) => one.opened === null).length;
    const hidden = decided.filter((one) => one.decided !== null && actorOf(one.decided) === null).length;
    const open = [
      ...(older === 0 ? [] : [`${plural(older, 'item')} ${older === 1 ? 'is' : 'are'} of a campaign that was opened before this pack; its due date is known only where the item was overdue`]),
      ...(hidden === 0 ? [] : [`the reviewers of ${plural(hidden, 'item')} are withheld, so they are not compared`]),
    ];
    return answer({
      figures: [{ name: 'items', value: cases.length }, { name: 'kept', value: decisions('keep') }, { name: 'narrowed', value: decisions('narrow') }, { name: 'revoked', value: decisions('revoke') }, { name: 'decided in time', value: cases.filter((one) => onTime(one, period.to) === true).length }, { name: 'stopped undecided', value: of('review.stopped').length }],
      result: table(columns, cases.map((one) => rowOf(one, period.to))),
      exceptions: table(['exception', 'machine', 'target', 'reviewer', 'campaign', 'item', 'at', 'leaf'], wrong),
      excerpt: { title: 'What was decided', columns: ['machine', 'target', 'decision', 'reviewer', 'decided', 'due'], rows: cases.map((one) => [one.machine, one.target || null, decisionOf(one) ?? 'not decided', one.decided === null ? null : actorOf(one.decided) ?? 'withheld', one.decided?.at ?? null, one.due || null]) },
      story: [
        `${plural(opened.length, 'campaign')} ${opened.length === 1 ? 'was' : 'were'} opened and ${of('review.closed').length} closed in the period; ${plural(cases.length, 'item')} ${cases.length === 1 ? 'is' : 'are'} shown, ${decided.length} of them decided.`,
        'Reviewers are shown what was granted against what the evidence says was used; the column evidence_seen says how much that was for each item.',
      ],
      ...(open.length === 0 ? {} : { missing: open.join('; ') }),
    });
  },
};

/** Null where it is not decided and not yet due, or the due date is not in the pack. A due date that is a day includes that day. */
function onTime({ decided, due, overdue }: ReviewCase, end: string): boolean | null {
  if (decided === null) return overdue !== null || (due !== '' && isBefore(endOf(due), end)) ? false : null;
  return due === '' ? null : !isBefore(endOf(due), decided.at);
}

const endOf = (due: string): string => (/^\d{4}-\d\d-\d\d$/.test(due) ? `${due}T23:59:59.999Z` : due);

const decisionOf = ({ decided, stopped }: ReviewCase): string | null => (decided === null ? (stopped === null ? null : 'stopped undecided') : text(decided, 'decision'));

function seen({ shown }: ReviewCase): string | null {
  return shown === null ? null : `${plural(count(shown, 'used_count'), 'right')} used, ${texts(shown, 'unused').length} not used`;
}

function rowOf(one: ReviewCase, end: string): readonly Cell[] {
  const { campaign, item, machine, shown, decided, stopped, due, followed, target, entitlement } = one;
  const asked = shown === null ? [] : texts(shown, 'reviewers');
  return [
    campaign, item, machine, target || null, shown === null ? null : text(shown, 'role') || null, entitlement || null, decisionOf(one), decided === null ? null : shownActor(decided), decided?.at ?? null, due || null,
    onTime(one, end), seen(one), shown === null ? null : text(shown, 'last_used') || null, asked.length === 0 ? null : joined(asked), followed?.type ?? stopped?.type ?? null, followed?.at ?? stopped?.at ?? null, (decided ?? shown ?? stopped ?? one.overdue)?.leaf ?? null,
  ];
}

function faultsOf(one: ReviewCase, examination: Examination): readonly { readonly say: string; readonly fact: Fact }[] {
  const { decided, overdue, stopped, shown, opened, due, followed } = one;
  const found: { say: string; fact: Fact }[] = [];
  const late = onTime(one, examination.period.to) === false;
  const placed = overdue ?? shown ?? opened;
  if (decided === null && late && placed !== null) found.push({ say: `not decided by ${due}`, fact: placed });
  if (stopped !== null) found.push({ say: 'its access stopped because nobody decided', fact: stopped });
  if (decided === null) return found;
  if (late) found.push({ say: `decided after ${due}`, fact: decided });
  const reviewer = actorOf(decided);
  const machine = examination.machines.get(one.machine);
  if (same(reviewer, machine === undefined ? null : known(ownerAt(machine, decided.leaf) ?? '')) === true) found.push({ say: 'reviewed by the owner of the machine', fact: decided });
  if (same(reviewer, requesterOf(one, examination)) === true) found.push({ say: 'reviewed by who had asked for it', fact: decided });
  if (text(decided, 'decision') === 'revoke' && followed === null) found.push({ say: 'to be revoked, and nothing took it away', fact: decided });
  if (shown === null && opened !== null) found.push({ say: 'decided without a record of what was shown', fact: decided });
  return found;
}

/** A person, or null: a machine that asked for itself reviews nothing. */
function requesterOf({ entitlement }: ReviewCase, { entitlements }: Examination): string | null {
  const one = entitlements.get(entitlement);
  const asked = one?.requested ?? one?.granted ?? null;
  return asked !== null && asked.who?.id.startsWith('person:') === true ? actorOf(asked) : null;
}
