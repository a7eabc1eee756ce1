import type { JsonObject } from './json.ts';

export type Severity = 'informational' | 'low' | 'medium' | 'high' | 'critical';
export type Outcome = 'success' | 'failure' | 'unknown';

/** What an event says, in words that no format owns. Each format makes of it what its own specification asks for. */
export interface Described {
  /** The same for all events of a type: a name for rules and columns. */
  readonly title: string;
  /** One sentence for a person. No values of the data that went through, no statement texts. */
  readonly message: string;
  readonly severity: Severity;
  readonly outcome: Outcome;
  readonly code: string | null;
  readonly reason: string | null;
  /** Address that it came from, without port. */
  readonly source: string | null;
  /** The session that it is about, where the data name one; without it, the session whose chain it is in. */
  readonly session?: string | null;
  readonly ocsf: OcsfPlace;
  readonly ecs: EcsPlace;
}

/** Where it belongs in OCSF, and the members that only its class has. */
export interface OcsfPlace {
  readonly class: 'base_event' | 'detection_finding' | 'data_security_finding' | 'authentication' | 'authorize_session' | 'entity_management' | 'user_management' | 'application_lifecycle' | 'api_activity' | 'datastore_activity';
  /** A number of that class's `activity_id`; a string is its name where the class has none (`activity_id` 99). */
  readonly activity: number | string;
  readonly members: JsonObject;
  /** The `security_control` profile: what the control did. A string is a disposition that OCSF has no number for. */
  readonly control?: { readonly action: 'Allowed' | 'Denied' | 'Observed' | 'Modified'; readonly disposition: Disposition };
}

export type Disposition = 'Allowed' | 'Blocked' | 'Approved' | 'Delayed' | 'Detected' | 'Logged' | 'Alert' | 'Rejected' | 'Unauthorized' | 'Access Revoked' | { readonly other: string };

/** `event.kind`, `event.category`, `event.type` of ECS: closed lists there. */
export interface EcsPlace {
  readonly kind: 'event' | 'alert';
  readonly category: readonly ('api' | 'authentication' | 'configuration' | 'database' | 'iam' | 'intrusion_detection' | 'process' | 'session')[];
  readonly type: readonly ('access' | 'admin' | 'allowed' | 'change' | 'creation' | 'deletion' | 'denied' | 'end' | 'error' | 'info' | 'start' | 'user')[];
}
