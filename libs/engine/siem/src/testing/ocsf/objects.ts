import { address, anything, many, must, number, of, since, text, thing, time, whole, yesNo, type Thing } from './terms.ts';

const named = ['name', 'uid'];

/** The objects of OCSF that are used here, with the attributes that were read (README says where); others are refused. */
export const objects: Readonly<Record<string, Thing>> = {
  metadata: thing({
    version: must(text), product: must(of('product')), profiles: many(text), uid: text, original_event_uid: text, sequence: whole, event_code: text, correlation_uid: text, tenant_uid: text, original_time: text,
    logged_time: time, processed_time: time, log_name: text, log_provider: text, log_version: text, labels: many(text),
  }),
  product: thing({ name: text, uid: text, vendor_name: text, version: text, lang: text, path: text, url_string: text, cpe_name: text }, named),
  actor: thing({ user: of('user'), session: of('session'), idp: of('idp'), authorizations: many(of('authorization')), application: since('1.9.0', of('application')) }, ['user', 'session', 'application']),
  user: thing({ name: text, uid: text, uid_alt: text, type_id: number('type', { 0: 'Unknown', 1: 'User', 2: 'Admin', 3: 'System', 4: 'Service', 99: '*' }), type: text, domain: text }, ['account', 'name', 'uid']),
  session: thing({ uid: text, uid_alt: text, uuid: text, issuer: text, created_time: time, expiration_time: time, expiration_reason: text, is_remote: yesNo, is_mfa: yesNo, count: whole }),
  idp: thing({ name: text, uid: text, issuer: text, domain: text, protocol_name: text, tenant_uid: text }, named),
  authorization: thing({ decision: text, policy: of('policy') }),
  policy: thing({ name: text, uid: text, version: text, desc: text, type: text, is_applied: yesNo, data: anything }, named),
  network_endpoint: thing({ ip: address, hostname: text, name: text, uid: text, port: whole, svc_name: text, domain: text }, ['ip', 'uid', 'name', 'hostname', 'svc_name', 'instance_uid', 'interface_uid', 'interface_name']),
  service: thing({ name: text, uid: text, version: text, labels: many(text) }, named),
  managed_entity: thing({
    name: text, uid: text, version: text, data: anything, policy: of('policy'), user: of('user'),
    type_id: number('type', { 0: 'Unknown', 1: 'Device', 2: 'User', 3: 'Group', 4: 'Organization', 5: 'Policy', 6: 'Email', 99: '*' }), type: text,
  }, named),
  api: thing({ operation: must(text), service: of('service'), version: text, request: of('request'), response: of('response') }),
  request: thing({ uid: must(text), flags: many(text), data: anything }),
  response: thing({ code: whole, error: text, error_message: text, message: text, flags: many(text), data: anything }),
  resource_details: thing({ name: text, uid: text, type: text, version: text, namespace: text, data: anything, role_id: number('role', { 0: 'Unknown', 1: 'Target', 2: 'Actor', 3: 'Affected', 4: 'Related', 99: '*' }), role: text }, named),
  database: thing({ name: text, uid: text, desc: text, type_id: must(number('type', { 0: 'Unknown', 1: 'Relational', 2: 'Network', 3: 'Object Oriented', 4: 'Centralized', 5: 'Operational', 6: 'NoSQL', 99: '*' })), type: text }, named),
  table: thing({ name: text, uid: text, desc: text }, named),
  query_info: thing({ query_string: must(text), uid: text, name: text, bytes: whole, query_time: time }),
  finding_info: thing({ uid: must(text), uid_alt: text, title: text, desc: text, types: many(text), analytic: of('analytic'), created_time: time, data_sources: many(text) }),
  analytic: thing({ name: text, uid: text, type_id: must(number('type', { 0: 'Unknown', 1: 'Rule', 2: 'Behavioral', 3: 'Statistical', 4: 'Learning (ML/DL)', 99: '*' })), type: text, version: text }, named),
  evidences: thing({ actor: of('actor'), src_endpoint: of('network_endpoint'), dst_endpoint: of('network_endpoint'), database: of('database') }, ['actor', 'src_endpoint', 'dst_endpoint', 'database']),
  data_security: thing({ detection_pattern: text, pattern_match: text, policy: of('policy') }),
  application: thing({ name: text, uid: text, version: text, type: text, desc: text, hostname: text, product: of('product') }, named),
  attestation: thing({ uid: text, authority_uid: text, chain_uid: text, fingerprint: of('fingerprint'), prev_event: of('prev_event') }, ['fingerprint', 'signatures']),
  prev_event: thing({ uid: must(text), type_uid: whole, fingerprint: of('fingerprint') }),
  fingerprint: thing({
    algorithm_id: must(number('algorithm', { 1: 'MD5', 2: 'SHA-1', 3: 'SHA-256', 4: 'SHA-512', 99: '*' })), algorithm: text, value: must(text),
    serialization_id: since('1.9.0', number('serialization', { 0: 'Unknown', 1: 'Flat', 2: 'JCS', 99: '*' })), serialization: since('1.9.0', text),
  }),
};
