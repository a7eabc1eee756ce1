import type { EventData } from '@sallyport/domain-events';
import type { Described } from '../described.ts';
import type { JsonObject } from '../json.ts';
import { known, type Family } from '../known-type.ts';
import { count, list, object, oneOf, orNull, text } from '../schema/schema.ts';

/** How long evidence is kept, and what is done so that it is kept longer or no longer. */
export const retention = {
  'hold.placed': known<'hold.placed'>(object<EventData['hold.placed']>({ hold: text, reason: text, session: orNull(text), machine: orNull(text), target: orNull(text), from: orNull(text), to: orNull(text) }), (_, d) =>
    kept('Legal hold placed', `Hold ${d.hold} stands: ${scopeOf(d)}`, 'high', 'hold.placed', { name: d.hold, uid: d.hold, type_id: 99, type: 'LegalHold' }, d.reason),
  ),
  'hold.release_requested': known<'hold.release_requested'>(object<EventData['hold.release_requested']>({ hold: text, reason: text }), (_, d) =>
    kept('Release of a hold asked for', `Hold ${d.hold} stands until a second person releases it`, 'high', 'hold.release_requested', { name: d.hold, uid: d.hold, type_id: 99, type: 'LegalHold' }, d.reason),
  ),
  'hold.released': known<'hold.released'>(object<EventData['hold.released']>({ hold: text, requested_by: text }), (_, d) =>
    kept('Legal hold released', `Hold ${d.hold} ended, as ${d.requested_by} had asked`, 'high', 'hold.released', { name: d.hold, uid: d.hold, type_id: 99, type: 'LegalHold' }, null),
  ),
  'retention.changed': known<'retention.changed'>(object<EventData['retention.changed']>({ class: text, days: count, previous: orNull(count) }), (_, d) =>
    kept('Retention changed', `Class ${d.class} is kept ${d.days} days${d.previous === null ? '' : `, ${d.previous} before`}`, d.previous !== null && d.days < d.previous ? 'high' : 'medium', 'retention.changed', { name: d.class, uid: d.class, type_id: 99, type: 'RetentionClass' }, null),
  ),
  'retention.purged': known<'retention.purged'>(object<EventData['retention.purged']>({ table: text, class: text, from: text, to: text, delivered: count, leaves: list(list(count)), part: count, parts: count }), (_, d) =>
    kept('Evidence purged by policy', `${d.table} (${d.from} to ${d.to}) ended by class ${d.class}`, 'medium', 'retention.purged', { name: d.table, uid: d.table, type_id: 99, type: 'EvidencePartition' }, null),
  ),
  'erasure.requested': known<'erasure.requested'>(object<EventData['erasure.requested']>({ session: text, reason: text }), (_, d) =>
    kept('Erasure asked for', `The texts of session ${d.session} stay until a second person confirms`, 'high', 'erasure.requested', { name: d.session, uid: d.session, type_id: 99, type: 'Session' }, d.reason),
  ),
  'erasure.confirmed': known<'erasure.confirmed'>(object<EventData['erasure.confirmed']>({ session: text, requested_by: text }), (_, d) =>
    kept('Erasure confirmed', `The texts of session ${d.session} are shown no more, as ${d.requested_by} had asked`, 'high', 'erasure.confirmed', { name: d.session, uid: d.session, type_id: 99, type: 'Session' }, null),
  ),
  'key.destroyed': known<'key.destroyed'>(object<EventData['key.destroyed']>({ key: text, class: text, day: text, why: oneOf('expired', 'erased'), sessions: list(text), kept: count, next: orNull(text) }), (_, d) =>
    kept('Reader key destroyed', d.why === 'expired' ? `Texts of class ${d.class} of ${d.day} can be opened no more` : `Texts of ${d.sessions.length} sessions of ${d.day} can be opened no more; ${d.kept} others are sealed anew`, 'medium', 'key.destroyed', { name: d.key, uid: d.key, type_id: 99, type: 'ReaderKey' }, null),
  ),
} satisfies Family;

function scopeOf(d: EventData['hold.placed']): string {
  const parts = Object.entries({ session: d.session, machine: d.machine, target: d.target, from: d.from, to: d.to }).filter(([, value]) => value !== null);
  return parts.length === 0 ? 'everything' : parts.map(([name, value]) => `${name} ${value}`).join(', ');
}

function kept(title: string, message: string, severity: Described['severity'], activity: string, entity: JsonObject, reason: string | null): Described {
  return {
    title, message, severity, outcome: 'success', code: null, reason, source: null,
    ocsf: { class: 'entity_management', activity, members: { entity } },
    ecs: { kind: 'event', category: ['configuration'], type: ['change'] },
  };
}
