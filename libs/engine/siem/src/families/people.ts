import type { EventData } from '@sallyport/domain-events';
import type { Described, OcsfPlace } from '../described.ts';
import type { JsonObject } from '../json.ts';
import { known, type Family } from '../known-type.ts';
import { count, list, object, oneOf, orNull, text } from '../schema/schema.ts';
import { finding } from './finding.ts';

/** What directories, security events and files tell about people who answer for machines, and contracts that end. */
export const people = {
  'signal.received': known<'signal.received'>(
    object<EventData['signal.received']>({ source: oneOf('scim', 'ssf', 'hr', 'contract', 'directory', 'operator'), kind: text, person: orNull(text), ref: orNull(text), outcome: text }),
    (_, d) => of('Signal received', `${d.source} told ${d.kind} of ${d.person ?? 'nobody who is known here'}: ${d.outcome}`, 'signal.received', 'informational', d.person === null ? { name: d.source, uid: `signal:${d.source}`, type_id: 99, type: 'Directory' } : entityOf(d.person)),
  ),
  'person.left': known<'person.left'>(object<EventData['person.left']>({ person: text, source: text, left_at: text, count, machines: list(text) }), (_, d) =>
    of('Person left', `${d.person} left at ${d.left_at}, ${d.source} said; machines left behind ${d.count}`, 9, d.count > 0 ? 'medium' : 'low', entityOf(d.person)),
  ),
  'person.returned': known<'person.returned'>(object<EventData['person.returned']>({ person: text, source: text }), (_, d) => of('Person returned', `${d.person} is back, ${d.source} said`, 8, 'low', entityOf(d.person))),
  'person.sessions_revoked': known<'person.sessions_revoked'>(object<EventData['person.sessions_revoked']>({ person: text, source: text, before: text }), (_, d) =>
    of('Sessions of a person revoked', `Logins of ${d.person} from before ${d.before} work no more, ${d.source} said`, 3, 'medium', entityOf(d.person)),
  ),
  'contract.ending': known<'contract.ending'>(object<EventData['contract.ending']>({ of: oneOf('person', 'vendor'), name: text, ends: text, days: count, machines: list(text) }), (event, d) =>
    finding(event, d.days <= 1 ? 'medium' : 'low', 'contract_ending', 'Contract ends', `The contract of ${d.of} ${d.name} ends on ${d.ends}, in ${d.days} days; machines ${d.machines.length}`, 'Lifecycle', {
      resources: [{ name: d.name, type: d.of }, ...d.machines.map((machine) => ({ name: machine, type: 'machine' }))],
    }),
  ),
} satisfies Family;

/** A person whose name is withheld still has one here: `~`. */
function entityOf(person: string): JsonObject {
  return { name: person, uid: `person:${person}`, type_id: 2, type: 'User', user: { uid: `person:${person}`, name: person, type_id: 1, type: 'User' } };
}

function of(title: string, message: string, activity: OcsfPlace['activity'], severity: Described['severity'], entity: JsonObject): Described {
  return {
    title, message, severity, outcome: 'success', code: null, reason: null, source: null,
    ocsf: { class: 'entity_management', activity, members: { entity } },
    ecs: { kind: 'event', category: ['iam'], type: ['user', 'change'] },
  };
}
