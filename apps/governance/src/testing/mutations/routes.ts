import type { EventType } from '@sallyport/domain-events';
import { accepted, asked, detection, directory, glass, hrFile, leaver, machine, path, person, request, reviewItem, token, wanted } from './identities.ts';
import type { Stage } from './stage.ts';

/**
 * Every route of the console's API that is not GET. A spec enumerates the routes from the API's own OpenAPI document and fails for one that is not here.
 *
 * To add a route: say who asks (`as`: admin, approver, auditor, operator, second-admin, second-auditor, olga), how its request is made (`request`; whatever it needs first is made there by the stage), and
 * `tells`: the event that the service which owns the change writes in the transaction of the change. The spec then sends it twice: once while no service can write an event, where it has to fail and
 * nothing may have changed in any table, and once for good, where the event has to be there. For a route that changes nothing say `changes: 'nothing'`, and why. Where that cannot be shown here,
 * `shownBy` names the spec that does. `notYet` names the subject behind it
 * while no service serves that: from then on the entry has to say more.
 */
export type RouteEntry = ActingRoute | { readonly changes: 'nothing'; readonly why: string } | { readonly shownBy: string; readonly tells: EventType } | { readonly notYet: string };

export interface ActingRoute {
  readonly as: string;
  readonly tells: EventType;
  readonly request: (stage: Stage) => Promise<{ readonly params?: Readonly<Record<string, string>>; readonly body: unknown }>;
  /** What it does is no row of a table: the event of it is told afterwards, and this says why that is right. */
  readonly acts?: string;
}

const facts = { kind: 'batch', owner: 'olga', backupOwner: 'otto', team: null, purpose: 'closes the books of the day', businessService: null, environment: 'test', criticality: 'low', groups: [], reviewBy: '2099-01-01', vendor: null, vendorContractEnd: null };
const found = (name: string) => ({ ref: name, stable: `csv:${name}`, name, kind: 'batch', owners: ['olga'], backupOwners: ['otto'], facts: { purpose: 'closes the books of the day', environment: 'test', criticality: 'low', reviewBy: '2099-01-01' }, binding: null });

export const routes: Readonly<Record<string, RouteEntry>> = {
  'POST /v1/apply': { as: 'admin', tells: 'config.changed', request: async (stage) => ({ body: { documents: [stage.target()] } }) },

  'POST /v1/changes': { as: 'admin', tells: 'change.proposed', request: async (stage) => ({ body: { title: 'a sink comes', documents: [stage.sink()] } }) },
  'POST /v1/changes/:id/test': { as: 'admin', tells: 'change.tested', request: async (stage) => ({ params: { id: (await stage.change('waiting')).id }, body: {} }) },
  'POST /v1/changes/:id/activate': { as: 'admin', tells: 'change.activated', request: async (stage) => ({ params: { id: (await stage.change('approved')).id }, body: {} }) },
  'POST /v1/changes/:id/roll-back': { as: 'admin', tells: 'change.proposed', request: async (stage) => ({ params: { id: (await stage.change('activated')).id }, body: {} }) },
  'POST /v1/changes/:id/withdraw': { as: 'admin', tells: 'change.withdrawn', request: async (stage) => ({ params: { id: (await stage.change('waiting')).id }, body: { why: 'a mistake' } }) },

  'POST /v1/approvals/:id/approve': { as: 'approver', tells: 'approval.voted', request: async (stage) => ({ params: { id: (await stage.change('waiting')).approval }, body: {} }) },
  'POST /v1/approvals/:id/reject': { as: 'approver', tells: 'approval.rejected', request: async (stage) => ({ params: { id: (await stage.change('waiting')).approval }, body: {} }) },
  'POST /v1/manifests': { tells: 'approval.manifest', shownBy: 'apps/approvals/src/manifests.int.spec.ts' },

  'POST /v1/candidates/:id/adopt': { as: 'admin', tells: 'nhi.candidate_decided', request: async (stage) => ({ params: { id: await stage.candidate() }, body: { name: stage.fresh('adopted'), facts } }) },
  'POST /v1/candidates/:id/block': { as: 'admin', tells: 'nhi.candidate_decided', request: async (stage) => ({ params: { id: await stage.candidate() }, body: { reason: 'nobody knows it' } }) },
  'POST /v1/candidates/:id/dismiss': { as: 'admin', tells: 'nhi.candidate_decided', request: async (stage) => ({ params: { id: await stage.candidate() }, body: { reason: 'a test' } }) },
  'POST /v1/candidates/:id/reopen': {
    as: 'admin', tells: 'operator.acted',
    request: async (stage) => {
      const id = await stage.candidate();
      await stage.must(`/v1/candidates/${id}/block`, 'admin', { reason: 'nobody knows it' });
      return { params: { id }, body: { reason: 'somebody does' } };
    },
  },
  'POST /v1/imports': { as: 'admin', tells: 'nhi.imported', request: async (stage) => ({ body: { source: 'csv', found: [found(stage.fresh('imported'))], defaults: { owner: null, backupOwner: null, environment: null, criticality: null, reviewBy: null, team: null } } }) },

  'POST /v1/machines/:name/suspend': { as: 'operator', tells: 'nhi.state_changed', request: async (stage) => ({ params: { name: await machine(stage) }, body: { reason: 'incident 9' } }) },
  'POST /v1/machines/:name/retire': { as: 'admin', tells: 'nhi.state_changed', request: async (stage) => ({ params: { name: await machine(stage) }, body: { reason: 'not needed any more' } }) },
  'POST /v1/machines/:name/transfer': { as: 'operator', tells: 'nhi.transfer_requested', request: async (stage) => ({ params: { name: await machine(stage) }, body: { to: 'approver', reason: 'olga has other work' } }) },
  'POST /v1/machines/:name/accept': { as: 'olga', tells: 'nhi.owner_accepted', request: async (stage) => ({ params: { name: await asked(stage) }, body: { backup: 'otto' } }) },
  'POST /v1/machines/:name/agree': { as: 'admin', tells: 'nhi.reactivated', request: async (stage) => ({ params: { name: await accepted(stage) }, body: {} }) },
  'POST /v1/people/:name/left': { as: 'operator', tells: 'person.left', request: async (stage) => ({ params: { name: await person(stage) }, body: { reason: 'left on Friday' } }) },
  'POST /v1/people/:name/returned': { as: 'admin', tells: 'person.returned', request: async (stage) => ({ params: { name: await leaver(stage) }, body: { reason: 'is back' } }) },
  'POST /v1/people/:name/revoke-sessions': { as: 'operator', tells: 'person.sessions_revoked', request: async (stage) => ({ params: { name: await person(stage) }, body: { reason: 'a laptop was lost' } }) },

  'POST /v1/reviews': { as: 'auditor', tells: 'review.opened', request: async (stage) => {
    await reviewItem(stage);
    return { body: { title: 'all access' } };
  } },
  'POST /v1/reviews/:id/close': { tells: 'review.closed', shownBy: 'apps/governance/src/reviews/reviews.int.spec.ts' },
  'POST /v1/review-items/:id/decide': { as: 'approver', tells: 'review.decided', request: async (stage) => ({ params: { id: await reviewItem(stage) }, body: { decision: 'keep', reason: 'it is needed' } }) },
  'POST /v1/review-items/:id/delegate': { as: 'approver', tells: 'review.delegated', request: async (stage) => ({ params: { id: await reviewItem(stage) }, body: { to: 'otto', reason: 'otto knows it' } }) },

  'POST /v1/entitlements/:id/revoke': { as: 'operator', tells: 'entitlement.revoked', request: async (stage) => ({ params: { id: await glass(stage) }, body: { why: 'over' } }) },
  'POST /v1/access-requests': { as: 'operator', tells: 'entitlement.requested', request: async (stage) => ({ body: { ...(await path(stage)), seconds: 3600, reason: wanted.reason } }) },
  'POST /v1/access-requests/:id/withdraw': { as: 'operator', tells: 'entitlement.refused', request: async (stage) => ({ params: { id: await request(stage) }, body: { why: 'not needed any more' } }) },
  'POST /v1/break-glass': { as: 'operator', tells: 'breakglass.opened', request: async (stage) => ({ body: { ...(await path(stage)), seconds: 3600, reason: wanted.reason } }) },
  'POST /v1/break-glass/:id/review': { as: 'auditor', tells: 'breakglass.reviewed', request: async (stage) => ({ params: { id: await glass(stage) }, body: { finding: 'justified', say: 'the books had to be closed' } }) },

  'POST /v1/directories': { as: 'admin', tells: 'operator.acted', request: async (stage) => ({ body: { name: stage.fresh('directory'), tokenHash: token(stage) } }) },
  'POST /v1/directories/:name/rotate': { as: 'admin', tells: 'operator.acted', request: async (stage) => ({ params: { name: await directory(stage) }, body: { tokenHash: token(stage) } }) },
  'POST /v1/directories/:name/revoke': { as: 'admin', tells: 'operator.acted', request: async (stage) => ({ params: { name: await directory(stage) }, body: {} }) },
  'POST /v1/people/import-hr': { as: 'admin', tells: 'signal.received', request: async (stage) => ({ body: { text: hrFile(await person(stage)) } }) },
  'POST /v1/detections/:id/dismiss': { as: 'operator', tells: 'detect.dismissed', request: async (stage) => ({ params: { id: await detection(stage) }, body: { reason: 'case 12' } }) },

  'POST /v1/sessions/:id/kill': {
    as: 'operator', tells: 'operator.acted', request: async () => ({ params: { id: '0198c0de-0000-7000-8000-000000000001' }, body: { reason: 'incident 7' } }),
    acts: 'a message to whichever gateway has the session: it must work while evidence is away; the gateway writes session.closed with it',
  },
  'POST /v1/tokens/explain': { as: 'operator', tells: 'operator.acted', request: async (stage) => ({ body: { token: await stage.house.issuer.token({ sub: 'x', workload_id: 'x' }) } }) },
  'POST /v1/policy/propose': { tells: 'policy.proposed', shownBy: 'apps/governance/src/rightsize/rightsize.int.spec.ts' },
  'POST /v1/policy/simulate': { as: 'auditor', tells: 'policy.simulated', request: async () => ({ body: { files: [], days: 1 } }) },
  'POST /v1/policy/explain': { changes: 'nothing', why: 'asks what would be decided; nothing runs and nothing is kept' },

  'POST /v1/evidence/exports': { as: 'auditor', tells: 'evidence.exported', request: async (stage) => ({ body: { origin: await stage.origin(), manifest: 'a'.repeat(64), scope: 'all', from: 0, to: 1, count: 1 } }) },
  'POST /v1/evidence/holds': { as: 'auditor', tells: 'hold.placed', request: async () => ({ body: { from: '2020-01-01', to: '2020-02-01', reason: 'case 2' } }) },
  'POST /v1/evidence/holds/:id/release': { as: 'second-auditor', tells: 'hold.release_requested', request: async (stage) => ({ params: { id: await stage.hold() }, body: { reason: 'case 2 is closed' } }) },
  'POST /v1/evidence/sessions/:id/erase': { tells: 'erasure.requested', shownBy: 'apps/evidence/src/retention/shredding.int.spec.ts' },
};
