import { anything, many, must, number, of, since, text, time, whole, withProfile, yesNo, type Attribute, type Thing } from './terms.ts';

export interface ClassRules extends Thing {
  readonly caption: string;
  readonly category: number;
  readonly activities: Readonly<Record<number, string>>;
}

const common: Readonly<Record<string, Attribute>> = {
  class_uid: must(whole), class_name: text, category_uid: must(whole), category_name: text, activity_id: must(whole), activity_name: text, type_uid: must(whole), type_name: text,
  severity_id: must(number('severity', { 0: 'Unknown', 1: 'Informational', 2: 'Low', 3: 'Medium', 4: 'High', 5: 'Critical', 6: 'Fatal', 99: '*' })), severity: text,
  status_id: number('status', { 0: 'Unknown', 1: 'Success', 2: 'Failure', 99: '*' }), status: text, status_code: text, status_detail: text,
  time: must(time), start_time: time, end_time: time, timezone_offset: whole, count: whole, duration: whole, message: text,
  metadata: must(of('metadata')), raw_data: text, raw_data_hash: of('fingerprint'), raw_data_size: whole, unmapped: anything,
  ...withProfile('host', { actor: of('actor') }),
  ...withProfile('record_integrity', { attestation_list: since('1.9.0', many(of('attestation'))) }),
  ...withProfile('security_control', {
    action_id: number('action', { 0: 'Unknown', 1: 'Allowed', 2: 'Denied', 3: 'Observed', 4: 'Modified', 99: '*' }), action: text,
    disposition_id: number('disposition', {
      0: 'Unknown', 1: 'Allowed', 2: 'Blocked', 3: 'Quarantined', 4: 'Isolated', 5: 'Deleted', 6: 'Dropped', 7: 'Custom Action', 8: 'Approved', 9: 'Restored', 10: 'Exonerated', 11: 'Corrected', 12: 'Partially Corrected',
      13: 'Uncorrected', 14: 'Delayed', 15: 'Detected', 16: 'No Action', 17: 'Logged', 18: 'Tagged', 19: 'Alert', 20: 'Count', 21: 'Reset', 22: 'Captcha', 23: 'Challenge', 24: 'Access Revoked', 25: 'Rejected',
      26: 'Unauthorized', 27: 'Error', 99: '*',
    }),
    disposition: text, is_alert: yesNo, policy: of('policy'), authorizations: many(of('authorization')),
  }),
};

const actor = of('actor');
const endpoint = of('network_endpoint');
const iam = { src_endpoint: endpoint };
const finding = {
  finding_info: must(of('finding_info')), is_alert: yesNo, resources: many(of('resource_details')),
  status_id: number('status', { 0: 'Unknown', 1: 'New', 2: 'In Progress', 3: 'Suppressed', 4: 'Resolved', 5: 'Archived', 6: 'Deleted', 99: '*' }),
};
const findingActivities = { 1: 'Create', 2: 'Update', 3: 'Close' };

function rules(caption: string, category: number, activities: Readonly<Record<number, string>>, own: Readonly<Record<string, Attribute>>, oneOf: readonly string[] = []): ClassRules {
  return { caption, category, activities: { 0: 'Unknown', ...activities, 99: '*' }, attributes: { ...common, ...own }, oneOf };
}

/** The classes of OCSF that are used here, by `class_uid`. */
export const classRules: Readonly<Record<number, ClassRules>> = {
  0: rules('Base Event', 0, {}, {}),
  2004: rules('Detection Finding', 2, findingActivities, { ...finding, evidences: many(of('evidences')) }),
  2006: rules('Data Security Finding', 2, findingActivities, { ...finding, actor, database: of('database'), table: of('table'), data_security: of('data_security'), src_endpoint: endpoint, dst_endpoint: endpoint }),
  3002: rules('Authentication', 3, { 1: 'Logon', 2: 'Logoff', 3: 'Authentication Ticket', 4: 'Service Ticket Request', 5: 'Service Ticket Renew', 6: 'Preauth', 7: 'Account Switch' }, {
    ...iam, actor, user: must(of('user')), service: of('service'), dst_endpoint: endpoint, session: of('session'), is_remote: yesNo, is_mfa: yesNo,
    logon_type_id: number('logon_type', { 0: 'Unknown', 1: 'System', 2: 'Interactive', 3: 'Network', 4: 'Batch', 5: 'OS Service', 99: '*' }), logon_type: text,
    auth_protocol_id: number('auth_protocol', { 0: 'Unknown', 4: 'OpenID', 5: 'SAML', 6: 'OAUTH 2.0', 99: '*' }), auth_protocol: text,
  }, ['service', 'dst_endpoint']),
  3003: rules('Authorize Session', 3, { 1: 'Assign Privileges', 2: 'Assign Groups', 3: 'Assign Roles' }, {
    ...iam, user: must(of('user')), privileges: many(text), session: of('session'), dst_endpoint: endpoint,
  }, ['privileges', 'groups', 'iam_roles']),
  3004: rules('Entity Management', 3, {
    1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete', 5: 'Move', 6: 'Enroll', 7: 'Unenroll', 8: 'Enable', 9: 'Disable', 10: 'Activate', 11: 'Deactivate', 12: 'Suspend', 13: 'Resume',
  }, { ...iam, actor, entity: must(of('managed_entity')), updated_entity: since('1.9.0', of('managed_entity')), comment: text, access_list: many(text) }),
  3005: rules('User Access Management', 3, { 1: 'Assign Privileges', 2: 'Revoke Privileges', 3: 'Assign Role', 4: 'Remove Role' }, { ...iam, user: must(of('user')), privileges: must(many(text)), resources: many(of('resource_details')) }),
  3007: rules('User Management', 3, {
    1: 'Create', 2: 'Update', 3: 'Delete', 4: 'Enable', 5: 'Disable', 6: 'Lock', 7: 'Unlock', 8: 'Password Change', 9: 'Password Reset', 10: 'Attach Policies', 11: 'Detach Policies', 12: 'MFA Factor Enable',
    13: 'MFA Factor Disable', 14: 'Assign Privileges', 15: 'Remove Privileges', 16: 'Assign Roles', 17: 'Remove Roles',
  }, { ...iam, user: must(of('user')), privileges: many(text), resources: many(of('resource_details')) }),
  6002: rules('Application Lifecycle', 6, { 1: 'Install', 2: 'Remove', 3: 'Start', 4: 'Stop', 5: 'Restart', 6: 'Enable', 7: 'Disable', 8: 'Update' }, { app: must(of('product')), application: since('1.9.0', of('application')) }),
  6003: rules('API Activity', 6, { 1: 'Create', 2: 'Read', 3: 'Update', 4: 'Delete' }, { actor: must(actor), api: must(of('api')), src_endpoint: must(endpoint), dst_endpoint: endpoint, resources: many(of('resource_details')) }),
  6005: rules('Datastore Activity', 6, { 1: 'Read', 2: 'Update', 3: 'Connect', 4: 'Query', 5: 'Write', 6: 'Create', 7: 'Delete', 8: 'List', 9: 'Encrypt', 10: 'Decrypt' }, {
    actor: must(actor), src_endpoint: must(endpoint), dst_endpoint: endpoint, database: of('database'), table: of('table'), query_info: of('query_info'),
    type_id: number('type', { 0: 'Unknown', 1: 'Database', 2: 'Databucket', 3: 'Table', 99: '*' }), type: text,
  }, ['database', 'databucket', 'table']),
};
