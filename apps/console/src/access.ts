/** Who a person can be. Nobody has all of them by default, and none includes another. */
export type Role = 'admin' | 'approver' | 'auditor' | 'operator';

/** `everybody`: no login. `known`: any person who logged in, whatever the roles. */
export type Access = 'everybody' | 'known' | readonly Role[];

const readers: Access = ['admin', 'approver', 'auditor', 'operator'];

/**
 * Who may use which route. A route that is not here may be used by nobody, and a spec fails for it.
 *
 * Separation of duties, on purpose: an administrator changes the configuration and neither approves nor reads evidence; an approver answers
 * requests and changes nothing; an auditor reads everything and changes nothing, but may keep evidence from being purged; an operator ends sessions and sees no texts.
 */
export const access: Readonly<Record<string, Access>> = {
  'GET /v1/openapi.json': 'everybody',
  'GET /v1/login': 'everybody',
  'GET /v1/me': 'known',
  'GET /v1/health': 'known',

  'POST /v1/apply': ['admin'],
  'GET /v1/resources/:kind': readers,
  'GET /v1/resources/:kind/:name': readers,

  'GET /v1/changes': readers,
  'GET /v1/changes/:id': ['admin', 'approver', 'auditor'],
  'POST /v1/changes': ['admin'],
  'POST /v1/changes/:id/test': ['admin'],
  'POST /v1/changes/:id/activate': ['admin'],
  'POST /v1/changes/:id/roll-back': ['admin'],
  'POST /v1/changes/:id/withdraw': ['admin'],

  // Who owns a machine, is asked to, or has to agree need not have a role: identity looks at that.
  'GET /v1/machines': readers,
  'GET /v1/machines/:name': readers,
  'GET /v1/machines/:name/usage': readers,
  'POST /v1/machines/:name/suspend': ['admin', 'operator'],
  'POST /v1/machines/:name/retire': ['admin'],
  'POST /v1/machines/:name/transfer': 'known',
  'POST /v1/machines/:name/accept': 'known',
  'POST /v1/machines/:name/agree': 'known',
  'GET /v1/people': readers,
  'POST /v1/people/:name/left': ['admin', 'operator'],
  'POST /v1/people/:name/returned': ['admin'],
  'POST /v1/people/:name/revoke-sessions': ['admin', 'operator'],

  'GET /v1/directories': ['admin', 'auditor', 'operator'],
  'POST /v1/directories': ['admin'],
  'POST /v1/directories/:name/rotate': ['admin'],
  'POST /v1/directories/:name/revoke': ['admin'],
  'GET /v1/signals': ['admin', 'auditor'],
  'POST /v1/people/import-hr': ['admin'],
  'GET /v1/detections': ['admin', 'auditor', 'operator'],
  'POST /v1/detections/:id/dismiss': ['operator'],

  'POST /v1/tokens/explain': ['admin', 'operator'],

  'GET /v1/candidates': ['admin', 'auditor', 'operator'],
  'GET /v1/candidates/:id': ['admin', 'auditor', 'operator'],
  'POST /v1/candidates/:id/adopt': ['admin'],
  'POST /v1/candidates/:id/block': ['admin'],
  'POST /v1/candidates/:id/dismiss': ['admin'],
  'POST /v1/candidates/:id/reopen': ['admin'],
  'POST /v1/imports': ['admin'],

  // Who answers for a machine need not have a role: identity looks at that.
  'GET /v1/entitlements': readers,
  'GET /v1/entitlements/:id': readers,
  'POST /v1/entitlements/:id/revoke': 'known',
  'GET /v1/access-requests': readers,
  'POST /v1/access-requests': 'known',
  'POST /v1/access-requests/:id/withdraw': 'known',
  'GET /v1/break-glass': readers,
  'POST /v1/break-glass': 'known',
  'POST /v1/break-glass/:id/review': ['admin', 'approver', 'auditor'],

  // Who may decide what is a matter of groups, too: governance looks at that.
  'GET /v1/reviews': readers,
  'GET /v1/reviews/:id': readers,
  'POST /v1/reviews': ['admin', 'auditor'],
  'POST /v1/reviews/:id/close': ['admin', 'auditor'],
  'POST /v1/review-items/:id/decide': 'known',
  'POST /v1/review-items/:id/delegate': 'known',

  'GET /v1/policy': ['admin', 'auditor', 'operator'],
  'POST /v1/policy/explain': ['admin', 'auditor', 'operator'],
  'POST /v1/policy/propose': readers,
  'POST /v1/policy/simulate': readers,
  'GET /v1/governance/status': 'known',

  'GET /v1/approvals': readers,
  'GET /v1/approvals/:id': readers,
  'POST /v1/manifests': ['admin', 'operator'],
  'POST /v1/approvals/:id/approve': ['approver'],
  'POST /v1/approvals/:id/reject': ['approver'],

  'GET /v1/sessions': ['admin', 'auditor', 'operator'],
  'GET /v1/sessions/:id/replay': ['auditor'],
  'POST /v1/sessions/:id/kill': ['admin', 'operator'],

  'GET /v1/evidence': ['auditor'],
  'GET /v1/evidence/events': ['auditor'],
  'POST /v1/evidence/exports': ['auditor'],
  'GET /v1/evidence/holds': ['admin', 'auditor', 'operator'],
  'POST /v1/evidence/holds': ['admin', 'auditor'],
  'POST /v1/evidence/holds/:id/release': ['admin', 'auditor'],
  'POST /v1/evidence/sessions/:id/erase': ['admin'],
  'GET /v1/evidence/retention': ['admin', 'auditor', 'operator'],
  'GET /v1/log/checkpoint': 'known',
  'GET /v1/log/tile': 'known',
};

export type Verdict = 'allowed' | 'login-needed' | 'forbidden';

/** @param roles null when nobody logged in */
export function mayUse(route: string, roles: readonly string[] | null): Verdict {
  const who = Object.hasOwn(access, route) ? access[route] : undefined;
  if (who === 'everybody') return 'allowed';
  if (roles === null) return 'login-needed';
  if (who === 'known') return 'allowed';
  return who?.some((role) => roles.includes(role)) === true ? 'allowed' : 'forbidden';
}
