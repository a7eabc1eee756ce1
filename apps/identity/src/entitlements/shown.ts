import { instant } from '@sallyport/domain-model';
import type { AccessRequest, Entitlement } from '@sallyport/platform-bus';
import { stateOf, type GrantRow } from './grants.ts';
import type { RequestRow } from './requests.ts';

const moment = (at: Date): string => instant(at.getTime());
const momentOrNull = (at: Date | null): string | null => (at === null ? null : moment(at));

/** A grant as the contracts have it. @param now milliseconds since 1970 */
export const shownGrant = (row: GrantRow, now: number): Entitlement => ({
  id: row.id, kind: row.kind, state: stateOf(row, now), machine: row.machine, target: row.target, role: row.role, document: row.document, documentVersion: row.document_version,
  request: row.request, approval: row.approval, approvedBy: row.approved_by, reason: row.reason, from: moment(row.starts), until: moment(row.until), limitedBy: row.limited_by,
  uses: row.uses, used: row.used, lastUsed: momentOrNull(row.last_used), ended: momentOrNull(row.ended), why: row.ended_say ?? row.why,
});

export const shownRequest = (row: RequestRow, entitlement: string | null): AccessRequest => ({
  id: row.id, kind: row.kind, state: row.state, path: row.path, machine: row.machine, target: row.target, role: row.role, seconds: row.seconds, uses: row.uses, reason: row.reason, requester: row.requester,
  byConnecting: row.by_connecting, approval: row.approval, url: row.url, created: moment(row.created), expires: moment(row.expires), decided: momentOrNull(row.decided), say: row.say, entitlement,
});
