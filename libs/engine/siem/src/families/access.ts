import type { EventData } from '@sallyport/domain-events';
import { known, type Family } from '../known-type.ts';
import { count, flag, object, orNull, text } from '../schema/schema.ts';
import { endpointOf, whoOf } from './parties.ts';

/** What people did with the house itself: operators' acts, and reads of the evidence. */
export const access = {
  'operator.acted': known<'operator.acted'>(object<EventData['operator.acted']>({ action: text, object: text, ok: flag, code: orNull(text) }), (event, d) => ({
    title: 'Operator acted',
    message: `${whoOf(event)}: ${d.action} ${d.object} ${d.ok ? 'done' : `refused (${d.code ?? 'no code'})`}`,
    severity: d.ok ? 'informational' : 'low', outcome: d.ok ? 'success' : 'failure', code: d.code, reason: null, source: null,
    ocsf: {
      class: 'api_activity', activity: 'act',
      members: { api: { operation: d.action === '' ? 'unknown' : d.action, service: { name: 'sallyport' } }, src_endpoint: endpointOf(event, null), ...(d.object === '' ? {} : { resources: [{ name: d.object }] }) },
      control: d.ok ? { action: 'Allowed', disposition: 'Allowed' } : { action: 'Denied', disposition: 'Unauthorized' },
    },
    ecs: { kind: 'event', category: ['configuration'], type: ['admin', d.ok ? 'allowed' : 'denied'] },
  })),
  'evidence.read': known<'evidence.read'>(object<EventData['evidence.read']>({ what: text, filter: text, count }), (event, d) => ({
    title: 'Evidence read',
    message: `${whoOf(event)} read ${d.count} of ${d.what}`,
    severity: 'informational', outcome: 'success', code: null, reason: null, source: null,
    ocsf: {
      class: 'api_activity', activity: 2,
      members: { api: { operation: 'evidence.read', service: { name: 'evidence' } }, src_endpoint: endpointOf(event, null), resources: [{ name: d.what === '' ? 'evidence' : d.what, type: 'evidence' }] },
      control: { action: 'Allowed', disposition: 'Allowed' },
    },
    ecs: { kind: 'event', category: ['database'], type: ['access'] },
  })),
  'evidence.exported': known<'evidence.exported'>(object<EventData['evidence.exported']>({ origin: text, manifest: text, scope: text, from: count, to: count, count }), (event, d) => ({
    title: 'Evidence exported',
    message: `${whoOf(event)} exported ${d.count} events of the leaves ${d.from} to ${d.to} of ${d.origin}, scope ${d.scope}`,
    severity: 'low', outcome: 'success', code: null, reason: null, source: null,
    ocsf: {
      class: 'api_activity', activity: 2,
      members: { api: { operation: 'evidence.exported', service: { name: 'evidence' } }, src_endpoint: endpointOf(event, null), resources: [{ name: d.origin === '' ? 'evidence' : d.origin, type: 'evidence' }] },
      control: { action: 'Allowed', disposition: 'Allowed' },
    },
    ecs: { kind: 'event', category: ['database'], type: ['access'] },
  })),
} satisfies Family;
