import type { EventData } from '@sallyport/domain-events';
import type { Described, EcsPlace } from '../described.ts';
import { present } from '../json.ts';
import { known, type Family } from '../known-type.ts';
import type { Seen } from '../schema/envelope.ts';
import { count, flag, object, oneOf, orNull, text } from '../schema/schema.ts';
import { endpointOf, onWhat, targetOf, whoOf } from './parties.ts';

/** Recordings and content that passed: sizes, times and hashes. What was shown is in encrypted blobs, which no sink reads. */
export const recording = {
  'recording.started': known<'recording.started'>(object<EventData['recording.started']>({ command: text, kind: oneOf('terminal', 'output'), columns: count, rows: count, term: orNull(text) }), (event, d) =>
    told(event, 'Recording started', `${whoOf(event)} on ${onWhat(event)}: the ${d.kind} of a command is recorded`, 'recording.started', d.command, 'success', null, ['start']),
  ),
  'recording.segment': known<'recording.segment'>(object<EventData['recording.segment']>({ command: text, index: count, from_us: count, to_us: count, bytes: count }), (event, d) =>
    told(event, 'Recorded', `${whoOf(event)} on ${onWhat(event)}: segment ${d.index} of a recording, bytes ${d.bytes}`, 'recording.segment', d.command, 'success', null, ['info']),
  ),
  'recording.ended': known<'recording.ended'>(object<EventData['recording.ended']>({ command: text, segments: count, bytes: count, whole: flag, why: orNull(text) }), (event, d) =>
    told(event, d.whole ? 'Recording ended' : 'Recording cut short', `${whoOf(event)} on ${onWhat(event)}: a recording ended ${d.whole ? 'whole' : `short (${d.why ?? 'unknown'})`}, segments ${d.segments}, bytes ${d.bytes}`, 'recording.ended', d.command, d.whole ? 'success' : 'failure', d.why, ['end']),
  ),
  'content.passed': known<'content.passed'>(object<EventData['content.passed']>({ command: text, direction: oneOf('read', 'write'), bytes: count, sha256: orNull(text), from: orNull(count), to: orNull(count) }), (event, d) =>
    told(event, 'Content passed', `${whoOf(event)} on ${onWhat(event)}: ${d.direction === 'read' ? 'read' : 'wrote'} bytes ${d.bytes}${d.sha256 === null ? '' : `, SHA-256 ${d.sha256}`}`, `content.${d.direction}`, d.command, 'success', null, ['info']),
  ),
} satisfies Family;

function told(event: Seen, title: string, message: string, operation: string, command: string, outcome: Described['outcome'], reason: string | null, type: EcsPlace['type']): Described {
  return {
    title, message, severity: outcome === 'failure' ? 'low' : 'informational', outcome, code: null, reason, source: null,
    ocsf: { class: 'api_activity', activity: operation, members: { src_endpoint: endpointOf(event, null), dst_endpoint: targetOf(event), api: present({ operation, request: { uid: command } }) } },
    ecs: { kind: 'event', category: ['session'], type: [...type] },
  };
}
