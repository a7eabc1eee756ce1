import type { Described, Disposition } from '../described.ts';
import type { JsonObject } from '../json.ts';
import type { Seen } from '../schema/envelope.ts';

/** What a finding says besides its sentence. */
export interface FindingParts {
  readonly source?: string;
  readonly session?: string;
  /** One member of OCSF `evidences`. */
  readonly evidence?: JsonObject;
  readonly resources?: readonly JsonObject[];
  /** What was done about it; nothing but an alert, unless told. */
  readonly disposition?: Disposition;
}

/** Something that looks wrong about a machine's identity: an OCSF Detection Finding (2004), an ECS alert. */
export function finding(event: Seen, severity: Described['severity'], code: string, title: string, message: string, type: string, { source, session, evidence, resources, disposition }: FindingParts = {}): Described {
  return {
    title, message, severity, outcome: disposition === undefined ? 'unknown' : 'failure', code, reason: null, source: source ?? null, session: session ?? null,
    ocsf: {
      class: 'detection_finding', activity: 1,
      members: {
        finding_info: { uid: event.id, title, desc: message, types: [type], analytic: { name: event.type, type_id: 1, type: 'Rule' } }, is_alert: true,
        ...(evidence === undefined ? {} : { evidences: [evidence] }),
        ...(resources === undefined ? {} : { resources }),
      },
      control: disposition === undefined ? { action: 'Observed', disposition: 'Alert' } : { action: 'Denied', disposition },
    },
    ecs: { kind: 'alert', category: ['iam', 'intrusion_detection'], type: [disposition === undefined ? 'info' : 'denied'] },
  };
}
