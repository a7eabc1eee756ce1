import type { Control } from '../control.ts';
import { count, isTrue, text, type Fact } from '../fact.ts';
import { isBefore, shownActor } from '../names.ts';
import { joined, table, type Cell } from '../table.ts';
import { changeState, grantedBefore, readChanges, type ChangeCase, type Changes } from '../views/changes.ts';
import { answer, noData, plural } from './no-data.ts';

/** The account that a house is set up with. */
const setup = 'person:bootstrap-admin';

const columns = ['at', 'event', 'kind', 'name', 'what', 'version', 'author', 'digest', 'previous', 'change', 'ticket', 'tested', 'approvers', 'approved_at', 'activated_at', 'rolls_back', 'rolled_back_by', 'leaf'];

export const ep08: Control = {
  id: 'EP-08',
  title: 'Changes of policy and configuration',
  question: 'Was each change of the gateway\'s policy and configuration requested, tested and approved by known people, and can it be followed and taken back?',
  exception: 'A change was approved by its author; it was activated without a test that fits, without the approval that it needs, before it was approved, or with other content than was proposed; a document was changed directly although changes of its kind need others. A change has no author; it was made with the account for setting up; a policy set does not follow from the one before it (its `previous` is not the digest that was in force).',
  query: 'One row for each change (change.proposed): its last change.tested before change.activated, who approved (change.approved, and approval.voted of the approvals whose subject is the change), its activation, and the change that rolls it back. Then config.changed, config.refused and policy.activated in leaf order with author, version, digest and the digest before; a config.changed came by the change whose approval it bears (auth.approval). Changes of a kind need others from the first approval of a change whose rules name it (changeControl:KIND) or the first config.refused with code change-required on; the documents of machines that a transfer or a person\'s hand changes are left out. Each policy.activated is compared with the one before it.',
  reads: ['change.proposed', 'change.tested', 'change.approved', 'change.rejected', 'change.activated', 'change.withdrawn', 'approval.requested', 'approval.voted', 'approval.granted', 'approval.consumed', 'config.changed', 'config.refused', 'policy.activated', 'nhi.recorded'],
  examine: ({ of, approvals }) => {
    const events = of('config.changed', 'config.refused', 'policy.activated');
    const changes = readChanges(of, approvals);
    const cases = [...changes.cases.values()];
    if (events.length + cases.length === 0) return noData('nothing was changed, proposed or refused in this pack', columns);
    const made = of('config.changed');
    const exceptions = [
      ...cases.flatMap((one) => faultsOf(one, changes).map(({ say, fact }) => [say, fact.at, fact.type, one.change, shownActor(one.proposed ?? fact), fact.leaf])),
      ...directly(made, of('nhi.recorded'), changes).map((fact) => ['changed directly, although changes of its kind need others', fact.at, fact.type, `${text(fact, 'kind')} ${text(fact, 'name')}`, shownActor(fact), fact.leaf]),
      ...events.filter(({ who }) => who === null).map((fact) => ['no author', fact.at, fact.type, text(fact, 'name') || null, null, fact.leaf]),
      ...made.filter(({ who }) => who?.id === setup).map((fact) => ['made with the account for setting up', fact.at, fact.type, text(fact, 'name'), setup, fact.leaf]),
      ...unlinked(of('policy.activated')).map((fact) => ['does not follow from the set before it', fact.at, fact.type, `version ${count(fact, 'version')}`, shownActor(fact), fact.leaf]),
    ];
    const authors = new Set(made.map(({ who }) => who?.id ?? 'nobody'));
    const hidden = cases.filter((one) => one.approvers === null || (one.approved !== null && one.proposed !== null && one.author === null)).length;
    const older = cases.filter(({ proposed }) => proposed === null).length;
    const open = [...(hidden === 0 ? [] : [`author and approvers of ${plural(hidden, 'change')} are withheld, so they are not compared`]), ...(older === 0 ? [] : [`${plural(older, 'change')} ${older === 1 ? 'was' : 'were'} proposed before this pack`])];
    return answer({
      figures: [
        { name: 'changes by more than one person', value: cases.length }, { name: 'of them activated', value: cases.filter(({ activated }) => activated !== null).length }, { name: 'rolled back', value: cases.filter(({ rolledBackBy }) => rolledBackBy !== null).length },
        { name: 'documents changed', value: made.length }, { name: 'policy sets activated', value: of('policy.activated').length }, { name: 'changes refused', value: of('config.refused').length },
      ],
      result: table(columns, [...cases.map(caseRow), ...events.map((fact) => eventRow(fact, changes))]),
      exceptions: table(['exception', 'at', 'event', 'object', 'author', 'leaf'], exceptions),
      ...(cases.length === 0 ? {} : { excerpt: { title: 'Changes that more than one person made', columns: ['proposed', 'author', 'approved by', 'test', 'activated', 'state'], rows: cases.map((one) => [one.proposed?.at ?? null, one.author, approversText(one), testText(one), one.activated?.at ?? null, changeState(one)]) } }),
      story: [
        `${plural(cases.length, 'change')} ${cases.length === 1 ? 'was' : 'were'} proposed to others, ${cases.filter(({ activated }) => activated !== null).length} of them activated. ${plural(made.length, 'document')} ${made.length === 1 ? 'was' : 'were'} changed by ${plural(authors.size, 'author')}; ${plural(of('policy.activated').length, 'policy set')} came into force.`,
        ...(changes.controlled.size === 0 ? ['Nothing in this pack shows that changes of any kind needed more than one person.'] : [`Changes of these kinds are seen to need others: ${joined(changes.controlled.keys())}.`]),
        'Each change names the digest before and after it, so any version can be put back and recognised.',
      ],
      ...(open.length === 0 ? {} : { missing: open.join('; ') }),
    });
  },
};

const approversText = ({ approvers }: ChangeCase): string | null => (approvers === null ? 'withheld' : approvers.length === 0 ? null : joined(approvers));
const testText = ({ tested }: ChangeCase): string | null => (tested === null ? null : isTrue(tested, 'ok') ? `fits${text(tested, 'changed_decisions') === '' ? '' : `, ${text(tested, 'changed_decisions')} decisions changed`}` : `does not fit: ${text(tested, 'say')}`);

function caseRow(one: ChangeCase): readonly Cell[] {
  const { proposed, approved, activated } = one;
  const first = proposed ?? one.tested ?? approved ?? activated ?? one.rejected ?? one.withdrawn;
  const of = (name: string): string | null => (proposed === null ? null : text(proposed, name) || null);
  return [
    first?.at ?? null, 'change', proposed === null ? null : joined(kindsIn(proposed)), of('title'), changeState(one), null, proposed === null ? null : shownActor(proposed), of('digest'), null, one.change, of('ticket'), testText(one), approversText(one),
    approved?.at ?? null, activated?.at ?? null, of('rolls_back'), one.rolledBackBy, first?.leaf ?? null,
  ];
}

const kindsIn = (proposed: Fact): readonly string[] => ('kinds' in proposed.d && Array.isArray(proposed.d.kinds) ? proposed.d.kinds.filter((kind) => typeof kind === 'string') : []);

function eventRow(fact: Fact, changes: Changes): readonly Cell[] {
  return [
    fact.at, fact.type, text(fact, 'kind') || 'PolicySet', text(fact, 'name') || null, text(fact, 'change') || text(fact, 'code') || 'activated', count(fact, 'version') || null, shownActor(fact), text(fact, 'digest') || null, text(fact, 'previous') || null,
    changes.of(fact)?.change ?? null, null, null, null, null, null, null, null, fact.leaf,
  ];
}

function faultsOf(one: ChangeCase, { controlled }: Changes): readonly { readonly say: string; readonly fact: Fact }[] {
  const { proposed, tested, approved, activated, author, approvers } = one;
  const found: { say: string; fact: Fact }[] = [];
  if (approved !== null && author !== null && approvers?.includes(author) === true) found.push({ say: 'approved by its author', fact: approved });
  if (activated === null) return found;
  // What happened before the pack is not to be seen here.
  if (proposed !== null && tested === null) found.push({ say: 'activated without a test', fact: activated });
  if (tested !== null && !isTrue(tested, 'ok')) found.push({ say: 'activated although its last test did not fit', fact: activated });
  if (proposed !== null && text(proposed, 'digest') !== text(activated, 'digest')) found.push({ say: 'activated with other content than was proposed', fact: activated });
  const needs = text(activated, 'approval') !== '' || (proposed !== null && kindsIn(proposed).some((kind) => (controlled.get(kind.toLowerCase()) ?? Number.POSITIVE_INFINITY) < activated.leaf));
  if (proposed !== null && needs && approved === null) found.push({ say: 'activated without the approval that it needs', fact: activated });
  if (approved !== null && (isBefore(activated.at, approved.at) || !grantedBefore(one, activated))) found.push({ say: 'activated before it was approved', fact: activated });
  return found;
}

/** By no change, and of a kind that needs others by then. A machine's document that a transfer changes has been agreed to by others in its own way. */
function directly(made: readonly Fact[], records: readonly Fact[], changes: Changes): readonly Fact[] {
  const byHand = new Set(records.filter((fact) => !['', 'apply'].includes(text(fact, 'source'))).map((fact) => `${text(fact, 'machine')} ${count(fact, 'version')}`));
  return made.filter((fact) => {
    const since = changes.controlled.get(text(fact, 'kind').toLowerCase());
    if (since === undefined || fact.leaf < since || fact.auth?.approval) return false;
    return !(text(fact, 'kind') === 'Machine' && byHand.has(`${text(fact, 'name')} ${count(fact, 'version')}`));
  });
}

/** A set counts as following when it names the digest before it, whichever of two services told first. */
function unlinked(activated: readonly Fact[]): readonly Fact[] {
  const inOrder = activated.toSorted((a, b) => count(a, 'version') - count(b, 'version'));
  return inOrder.filter((fact, i) => i > 0 && text(fact, 'previous') !== text(inOrder[i - 1] ?? fact, 'digest'));
}
