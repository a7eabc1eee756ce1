import type { EventData } from '@sallyport/domain-events';
import type { Described, OcsfPlace } from '../described.ts';
import { present, type JsonObject } from '../json.ts';
import { known, type Family } from '../known-type.ts';
import { count, flag, list, object, orNull, text } from '../schema/schema.ts';
import { whoOf } from './parties.ts';

/** Changes of the house itself that more than one person makes: proposed, tested, approved, activated, rolled back. */
export const control = {
  'change.proposed': known<'change.proposed'>(object<EventData['change.proposed']>({ change: text, title: text, ticket: orNull(text), kinds: list(text), count, digest: text, rolls_back: orNull(text) }), (event, d) =>
    of('Change proposed', d.change, `${whoOf(event)} proposes ${d.change}${d.rolls_back === null ? '' : `, which rolls back ${d.rolls_back}`}: ${d.count} documents (${d.kinds.join(', ')})`, 1, { data: present({ ticket: d.ticket, kinds: [...d.kinds], digest: d.digest, rolls_back: d.rolls_back }), reason: d.title }),
  ),
  'change.tested': known<'change.tested'>(object<EventData['change.tested']>({ change: text, ok: flag, say: text, warnings: count, changed_decisions: orNull(count) }), (_, d) =>
    of('Change tested', d.change, `${d.change} ${d.ok ? 'fits' : 'does not fit'}; warnings ${d.warnings}${d.changed_decisions === null ? '' : `, decisions changed ${d.changed_decisions}`}`, 'change.tested', { outcome: d.ok ? 'success' : 'failure', reason: d.say, type: 'info' }),
  ),
  'change.approved': known<'change.approved'>(object<EventData['change.approved']>({ change: text, approval: text, by: list(text) }), (_, d) =>
    of('Change approved', d.change, `${d.change} was approved by ${d.by.length === 0 ? 'people who are not named here' : d.by.join(', ')} (${d.approval})`, 3, { control: { action: 'Allowed', disposition: 'Approved' }, type: 'allowed' }),
  ),
  'change.rejected': known<'change.rejected'>(object<EventData['change.rejected']>({ change: text, approval: text, by: text }), (_, d) =>
    of('Change rejected', d.change, `${d.change} was rejected by ${d.by} (${d.approval})`, 3, { outcome: 'failure', control: { action: 'Denied', disposition: 'Rejected' }, type: 'denied' }),
  ),
  'change.activated': known<'change.activated'>(object<EventData['change.activated']>({ change: text, digest: text, approval: orNull(text) }), (event, d) =>
    of('Change activated', d.change, `${whoOf(event)} activated ${d.change}${d.approval === null ? ' without an approval' : ''}`, 10, { severity: d.approval === null ? 'medium' : 'low', data: present({ digest: d.digest, approval: d.approval }) }),
  ),
  'change.withdrawn': known<'change.withdrawn'>(object<EventData['change.withdrawn']>({ change: text, why: text }), (event, d) =>
    of('Change withdrawn', d.change, `${whoOf(event)} withdrew ${d.change}: ${d.why}`, 11, { reason: d.why }),
  ),
} satisfies Family;

interface Parts {
  readonly outcome?: 'success' | 'failure';
  readonly severity?: Described['severity'];
  readonly data?: JsonObject;
  readonly reason?: string;
  readonly control?: OcsfPlace['control'];
  readonly type?: 'info' | 'allowed' | 'denied';
}

function of(title: string, change: string, message: string, activity: OcsfPlace['activity'], { outcome, severity, data, reason, control: done, type }: Parts): Described {
  return {
    title, message, severity: severity ?? 'low', outcome: outcome ?? 'success', code: null, reason: reason ?? null, source: null,
    ocsf: {
      class: 'entity_management', activity, members: { entity: present({ name: change, uid: change, type_id: 99, type: 'Change', data }), ...(reason === undefined ? {} : { comment: reason }) },
      ...(done === undefined ? {} : { control: done }),
    },
    ecs: { kind: 'event', category: ['configuration'], type: type === undefined ? ['change'] : ['change', type] },
  };
}
