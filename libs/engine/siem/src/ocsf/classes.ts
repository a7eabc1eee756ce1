import type { Described, Disposition, OcsfPlace, Outcome, Severity } from '../described.ts';

export interface OcsfClass {
  readonly uid: number;
  readonly name: string;
  readonly category: number;
  readonly categoryName: string;
  /** Captions of the activities that are used here. */
  readonly activities: Readonly<Record<number, string>>;
  /** The class has `actor` itself; in the others it comes with the `host` profile. */
  readonly ownActor: boolean;
  /** The class that versions before 1.9 have in its place, and the numbers that its activities have there. */
  readonly before19?: { readonly uid: number; readonly name: string; readonly activities: Readonly<Record<number, readonly [id: number, caption: string]>> };
}

const findings = { category: 2, categoryName: 'Findings', activities: { 1: 'Create' } };
const iam = { category: 3, categoryName: 'Identity & Access Management' };
const application = { category: 6, categoryName: 'Application Activity' };

export const classes: Readonly<Record<OcsfPlace['class'], OcsfClass>> = {
  base_event: { uid: 0, name: 'Base Event', category: 0, categoryName: 'Uncategorized', activities: {}, ownActor: false },
  detection_finding: { uid: 2004, name: 'Detection Finding', ...findings, ownActor: false },
  data_security_finding: { uid: 2006, name: 'Data Security Finding', ...findings, ownActor: true },
  authentication: { uid: 3002, name: 'Authentication', ...iam, activities: { 1: 'Logon', 2: 'Logoff' }, ownActor: true },
  authorize_session: { uid: 3003, name: 'Authorize Session', ...iam, activities: { 1: 'Assign Privileges' }, ownActor: false },
  entity_management: { uid: 3004, name: 'Entity Management', ...iam, activities: { 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete', 8: 'Enable', 9: 'Disable', 10: 'Activate', 11: 'Deactivate', 12: 'Suspend', 13: 'Resume' }, ownActor: true },
  user_management: {
    uid: 3007, name: 'User Management', ...iam, activities: { 14: 'Assign Privileges', 15: 'Remove Privileges' }, ownActor: false,
    before19: { uid: 3005, name: 'User Access Management', activities: { 14: [1, 'Assign Privileges'], 15: [2, 'Revoke Privileges'] } },
  },
  application_lifecycle: { uid: 6002, name: 'Application Lifecycle', ...application, activities: { 3: 'Start', 4: 'Stop' }, ownActor: false },
  api_activity: { uid: 6003, name: 'API Activity', ...application, activities: { 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete' }, ownActor: true },
  datastore_activity: { uid: 6005, name: 'Datastore Activity', ...application, activities: { 4: 'Query', 5: 'Write' }, ownActor: true },
};

export const severities: Readonly<Record<Severity, readonly [id: number, caption: string]>> = {
  informational: [1, 'Informational'],
  low: [2, 'Low'],
  medium: [3, 'Medium'],
  high: [4, 'High'],
  critical: [5, 'Critical'],
};

export const outcomes: Readonly<Record<Outcome, readonly [id: number, caption: string]>> = { unknown: [0, 'Unknown'], success: [1, 'Success'], failure: [2, 'Failure'] };

export const actions: Readonly<Record<NonNullable<Described['ocsf']['control']>['action'], number>> = { Allowed: 1, Denied: 2, Observed: 3, Modified: 4 };

export const dispositions: Readonly<Record<Exclude<Disposition, { readonly other: string }>, number>> = {
  Allowed: 1, Blocked: 2, Approved: 8, Delayed: 14, Detected: 15, Logged: 17, Alert: 19, 'Access Revoked': 24, Rejected: 25, Unauthorized: 26,
};
