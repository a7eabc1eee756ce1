import type { EventData } from '@sallyport/domain-events';
import type { Described, OcsfPlace } from '../described.ts';
import { known, type Family } from '../known-type.ts';
import { count, object, text } from '../schema/schema.ts';

/** Delivery to receivers: a receiver that reads these can tell a gap of its own from a range that was not for it. */
export const sink = {
  'sink.watermark': known<'sink.watermark'>(object<EventData['sink.watermark']>({ sink: text, from: count, next: count, delivered: count, filtered: count, lag: count }), (_, d) =>
    delivery(d.sink, 'Sink is fed', `${d.sink} was given leaves ${d.from} to before ${d.next}: ${d.delivered} delivered, ${d.filtered} not for it, ${d.lag} to come`, 'watermark', 'informational', null),
  ),
  'sink.stalled': known<'sink.stalled'>(object<EventData['sink.stalled']>({ sink: text, next: count, code: text, attempts: count, lag: count }), (_, d) =>
    delivery(d.sink, 'Sink takes nothing', `${d.sink} has not taken leaf ${d.next} in ${d.attempts} attempts (${d.code}); ${d.lag} leaves wait`, 'stalled', 'medium', d.code),
  ),
  'sink.recovered': known<'sink.recovered'>(object<EventData['sink.recovered']>({ sink: text, next: count, attempts: count, seconds: count }), (_, d) =>
    delivery(d.sink, 'Sink takes again', `${d.sink} takes leaves again from ${d.next}, after ${d.attempts} attempts in ${d.seconds} s`, 'recovered', 'informational', null),
  ),
  'sink.rewound': known<'sink.rewound'>(object<EventData['sink.rewound']>({ sink: text, from: count, next: count }), (_, d) =>
    delivery(d.sink, 'Sink is given leaves again', `The ledger holds other leaves than ${d.sink} was given before leaf ${d.from}: it goes on at leaf ${d.next}`, 'rewound', 'high', 'set_back'),
  ),
} satisfies Family;

function delivery(name: string, title: string, message: string, activity: OcsfPlace['activity'], severity: Described['severity'], code: string | null): Described {
  const app = { name: `sink ${name}`, uid: name };
  return {
    title, message, severity, outcome: code === null ? 'success' : 'failure', code, reason: null, source: null,
    ocsf: { class: 'application_lifecycle', activity, members: { app: { ...app, vendor_name: 'Sallyport' }, application: app } },
    ecs: { kind: code === null ? 'event' : 'alert', category: ['process'], type: [code === null ? 'info' : 'error'] },
  };
}
