import type { EventData } from '@sallyport/domain-events';
import type { JsonObject } from '../json.ts';
import { known, type Family } from '../known-type.ts';
import type { Seen } from '../schema/envelope.ts';
import { array, count, object, text } from '../schema/schema.ts';
import { databaseOf, onWhat, whoOf } from './parties.ts';

type Column = EventData['mask.applied']['columns'][number];

/** Masking: names of columns, tags and counts of cells. Never a value, masked or not. */
export const masking = {
  'mask.applied': known<'mask.applied'>(
    object<EventData['mask.applied']>({ command: text, columns: array(object<Column>({ column: text, tag: text, action: text, layer: text, cells: count })) }),
    (event, d) => {
      const cells = d.columns.reduce((sum, column) => sum + column.cells, 0);
      return {
        title: 'Data masked',
        message: `Masked for ${whoOf(event)} on ${onWhat(event)}: columns ${d.columns.length}, cells ${cells}`,
        severity: 'informational', outcome: 'success', code: null, reason: null, source: null,
        ocsf: { class: 'data_security_finding', activity: 1, members: { ...finding(event, 'Data masked', d.command), data_security: { detection_pattern: tags(d.columns), policy: { name: 'masking' } } }, control: { action: 'Modified', disposition: { other: 'Masked' } } },
        ecs: { kind: 'event', category: ['database'], type: ['access', 'info'] },
      };
    },
  ),
  'mask.failed_closed': known<'mask.failed_closed'>(object<EventData['mask.failed_closed']>({ command: text, why: text }), (event, d) => ({
    title: 'Result withheld: could not be masked',
    message: `A result for ${whoOf(event)} on ${onWhat(event)} was withheld: ${d.why}`,
    severity: 'medium', outcome: 'failure', code: 'mask_failed_closed', reason: d.why, source: null,
    ocsf: { class: 'data_security_finding', activity: 1, members: { ...finding(event, 'Result withheld: could not be masked', d.command), is_alert: true }, control: { action: 'Denied', disposition: 'Blocked' } },
    ecs: { kind: 'alert', category: ['database'], type: ['access', 'denied'] },
  })),
} satisfies Family;

function finding(event: Seen, title: string, command: string): JsonObject {
  return {
    finding_info: { uid: event.id, title, analytic: { name: 'masking', type_id: 1, type: 'Rule' } },
    resources: [{ uid: command, type: 'command' }],
    ...(event.on === null ? {} : { database: databaseOf(event.on) }),
  };
}

function tags(columns: readonly Column[]): string {
  return [...new Set(columns.map(({ tag }) => tag))].sort().join(', ');
}
