import type { EventData } from '@sallyport/domain-events';
import type { Described } from '../described.ts';
import { known, type Family } from '../known-type.ts';
import type { Seen } from '../schema/envelope.ts';
import { count, object, oneOf, orNull, text } from '../schema/schema.ts';

/** The ledger about itself: what is missing, what is twice, what does not fit. All are findings, none is routine. */
export const ledger = {
  'log.gap': known<'log.gap'>(object<EventData['log.gap']>({ producer: text, epoch: text, from: count, to: count }), (event, d) =>
    finding(event, 'high', 'log_gap', 'Evidence missing', `Producer ${d.producer} wrote events ${d.from} to ${d.to} (start ${d.epoch}) that never came`),
  ),
  'log.equivocation': known<'log.equivocation'>(object<EventData['log.equivocation']>({ sid: text, seq: count, kept: text, other: text }), (event, d) =>
    finding(event, 'critical', 'log_equivocation', 'Two events in one place', `Chain ${d.sid} has two different events ${d.seq}`),
  ),
  'evidence.interrupted': known<'evidence.interrupted'>(object<EventData['evidence.interrupted']>({ since: text, until: text, why: text, refused: count }), (event, d) =>
    finding(event, 'high', 'evidence_interrupted', 'Evidence could not be recorded', `${event.prod.id} could not make events durable from ${d.since} until ${d.until} (${d.why}); commands refused for it: ${d.refused}`),
  ),
  'producer.silent': known<'producer.silent'>(object<EventData['producer.silent']>({ producer: text, epoch: text, last_pseq: count, since: text }), (event, d) =>
    finding(event, 'high', 'producer_silent', 'Producer silent', `Nothing came from ${d.producer} since ${d.since}: its event ${d.last_pseq} (start ${d.epoch}) is the last`),
  ),
  'key.conflict': known<'key.conflict'>(object<EventData['key.conflict']>({ producer: text, epoch: text, key: text, why: oneOf('other-producer', 'other-key', 'not-its-own'), other: orNull(text) }), (event, d) =>
    finding(event, d.why === 'other-key' ? 'high' : 'critical', 'key_conflict', 'Instance key not its own', `${d.producer} signs with ${d.key}: ${d.why}${d.other === null ? '' : ` (${d.other})`}`),
  ),
  'log.rollback': known<'log.rollback'>(object<EventData['log.rollback']>({ origin: text, lost_size: count, lost_root: text, size: count, next_origin: text }), (event, d) =>
    finding(event, 'critical', 'log_rollback', 'Ledger set back', `The ledger has ${d.size} leaves, a checkpoint of ${d.origin} had ${d.lost_size}; it goes on as ${d.next_origin}`),
  ),
  'log.verify_failed': known<'log.verify_failed'>(object<EventData['log.verify_failed']>({ origin: text, size: count, signed_root: text, root: text }), (event, d) =>
    finding(event, 'critical', 'log_verify_failed', 'Ledger does not fit its checkpoint', `The first ${d.size} leaves of ${d.origin} do not have the root that was signed`),
  ),
  'log.witness_refused': known<'log.witness_refused'>(object<EventData['log.witness_refused']>({ origin: text, size: count, witness: text, witness_size: count, why: oneOf('conflict', 'ahead', 'inconsistent') }), (event, d) =>
    finding(event, 'critical', 'log_witness_refused', 'Witness contradicts the ledger', `${d.witness} does not cosign the ${d.size} leaves of ${d.origin}: it has cosigned ${d.witness_size} that they do not continue (${d.why})`),
  ),
} satisfies Family;

function finding(event: Seen, severity: Described['severity'], code: string, title: string, message: string): Described {
  return {
    title, message, severity, outcome: 'failure', code, reason: null, source: null,
    ocsf: {
      class: 'detection_finding', activity: 1,
      members: { finding_info: { uid: event.id, title, desc: message, types: ['Log integrity'], analytic: { name: event.type, type_id: 1, type: 'Rule' } }, is_alert: true },
      control: { action: 'Observed', disposition: 'Alert' },
    },
    ecs: { kind: 'alert', category: ['intrusion_detection'], type: ['error'] },
  };
}
