import type { Control } from '../control.ts';
import { count, text, type Fact } from '../fact.ts';
import { table } from '../table.ts';
import { answer, plural } from './no-data.ts';

/** The account that a house is set up with. */
const setup = 'person:bootstrap-admin';

export const ep08: Control = {
  id: 'EP-08',
  title: 'Changes of policy and configuration',
  question: 'Was each change of the gateway\'s policy and configuration made by a known person, and can it be followed from version to version?',
  exception: 'A change has no author; a change was made with the account for setting up; a policy set does not follow from the one before it (its `previous` is not the digest that was in force).',
  query: 'config.changed, config.refused and policy.activated in time order with author, version, digest and the digest before; each policy.activated is compared with the one before it.',
  reads: ['config.changed', 'config.refused', 'policy.activated'],
  examine: ({ of }) => {
    const events = of('config.changed', 'config.refused', 'policy.activated');
    const changes = of('config.changed');
    const row = (fact: Fact) => [fact.at, fact.type, text(fact, 'kind') || 'PolicySet', text(fact, 'name') || null, text(fact, 'change') || text(fact, 'code') || 'activated', count(fact, 'version') || null, fact.who?.id ?? null, text(fact, 'digest') || null, text(fact, 'previous') || null, fact.leaf];
    const exceptions = [
      ...events.filter(({ who }) => who === null).map((fact) => ['no author', fact.at, fact.type, text(fact, 'name'), fact.leaf]),
      ...changes.filter(({ who }) => who?.id === setup).map((fact) => ['made with the account for setting up', fact.at, fact.type, text(fact, 'name'), fact.leaf]),
      ...unlinked(of('policy.activated')).map((fact) => ['does not follow from the set before it', fact.at, fact.type, `version ${count(fact, 'version')}`, fact.leaf]),
    ];
    const authors = new Set(changes.map(({ who }) => who?.id ?? 'nobody'));
    return answer({
      figures: [{ name: 'changes', value: changes.length }, { name: 'policy sets activated', value: of('policy.activated').length }, { name: 'changes refused', value: of('config.refused').length }, { name: 'authors', value: authors.size }],
      result: table(['at', 'event', 'kind', 'name', 'change', 'version', 'author', 'digest', 'previous', 'leaf'], events.map(row)),
      exceptions: table(['exception', 'at', 'event', 'object', 'leaf'], exceptions),
      story: [`${plural(changes.length, 'change')} by ${plural(authors.size, 'author')}; ${plural(of('policy.activated').length, 'policy set')} came into force. Each change names the digest before and after it, so any version can be put back and recognised.`],
      missing: 'a second person\'s approval, a ticket and the test run of a change are not recorded as evidence yet',
    });
  },
};

/** A set counts as following when it names the digest before it, whichever of two services told first. */
function unlinked(activated: readonly Fact[]): readonly Fact[] {
  const inOrder = activated.toSorted((a, b) => count(a, 'version') - count(b, 'version'));
  return inOrder.filter((fact, i) => i > 0 && text(fact, 'previous') !== text(inOrder[i - 1] ?? fact, 'digest'));
}
