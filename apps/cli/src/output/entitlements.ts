import { z } from 'zod';
import { left } from './approvals.ts';
import { moment } from './moment.ts';
import { fields, table } from './table.ts';
import { visibleLine } from './visible.ts';

/** What this program reads of the API's answers about access. */
export const entitlement = z.object({
  id: z.string(), kind: z.string(), state: z.string(), machine: z.string(), target: z.string(), role: z.string().nullable(), document: z.string().nullable(), documentVersion: z.number().nullable(), request: z.string().nullable(),
  approval: z.string().nullable(), approvedBy: z.array(z.string()), reason: z.string(), from: z.string(), until: z.string(), limitedBy: z.string().nullable(), uses: z.number().nullable(), used: z.number(), lastUsed: z.string().nullable(),
  ended: z.string().nullable(), why: z.string().nullable(),
});
export type Entitlement = z.infer<typeof entitlement>;
export const entitlements = z.object({ entitlements: z.array(entitlement), total: z.number(), next: z.string().nullable() });
export const entitlementShown = z.object({ entitlement, sessions: z.array(z.object({ session: z.string(), at: z.string() })) });

export const accessRequest = z.object({
  id: z.string(), kind: z.string(), state: z.string(), path: z.string(), machine: z.string(), target: z.string(), role: z.string().nullable(), seconds: z.number(), uses: z.number().nullable(), reason: z.string(), requester: z.string(),
  byConnecting: z.boolean(), approval: z.string().nullable(), url: z.string().nullable(), created: z.string(), expires: z.string(), decided: z.string().nullable(), say: z.string().nullable(), entitlement: z.string().nullable(),
});
export type AccessRequest = z.infer<typeof accessRequest>;
export const accessRequests = z.object({ requests: z.array(accessRequest), total: z.number(), next: z.string().nullable() });

export const glass = z.object({
  entitlement, by: z.string(), approvedBy: z.array(z.string()), due: z.string(), overdue: z.boolean(),
  review: z.object({ by: z.string(), at: z.string(), finding: z.string(), say: z.string() }).nullable(),
});
export const glasses = z.object({ glasses: z.array(glass), total: z.number(), overdue: z.number(), next: z.string().nullable() });

const day = (at: string): string => at.slice(0, 16).replace('T', ' ');
const place = ({ target, role }: { readonly target: string; readonly role: string | null }): string => (role === null ? target : `${role}@${target}`);
const uses = ({ used, uses: most }: Entitlement): string => (most === null ? String(used) : `${used}/${most}`);

/** What follows a page: how many there are, and how to see the next. */
const more = (shown: number, { total, next }: { readonly total: number; readonly next: string | null }): string => (next === null ? '' : `\n${shown} of ${total}; the next: --after ${next}`);

export function entitlementsText(found: z.infer<typeof entitlements>): string {
  if (found.entitlements.length === 0) return found.total === 0 ? 'no entitlements' : `no more of ${found.total}`;
  return table<Entitlement>(
    [
      { title: 'entitlement', of: ({ id }) => id }, { title: 'kind', of: ({ kind }) => kind }, { title: 'state', of: ({ state }) => state }, { title: 'machine', of: ({ machine }) => machine, gives: 'way' },
      { title: 'to', of: place }, { title: 'until', of: ({ until }) => day(until) }, { title: 'uses', of: uses, align: 'right' },
    ],
    found.entitlements,
  ) + more(found.entitlements.length, found);
}

export function entitlementText({ entitlement: one, sessions }: z.infer<typeof entitlementShown>): string {
  const pairs: [string, string][] = [
    ['entitlement', one.id], ['state', one.ended === null ? one.state : `${one.state} at ${day(one.ended)}${one.why === null ? '' : `: ${one.why}`}`], ['kind', one.kind], ['machine', one.machine], ['to', place(one)],
    ['from', day(one.from)], ['until', one.ended === null ? moment(one.until) : day(one.until)], ...(one.limitedBy === null ? [] : [['limited by', one.limitedBy] satisfies [string, string]]),
    one.document === null ? ['request', one.request ?? '-'] : ['document', `Entitlement/${one.document}, version ${one.documentVersion ?? '?'}`],
    ...(one.approval === null ? [] : [['approval', `${one.approval} by ${one.approvedBy.join(', ')}`] satisfies [string, string]]),
    ['reason', one.reason], ['used', `${uses(one)}${one.lastUsed === null ? ', never' : `, last ${day(one.lastUsed)}`}`],
  ];
  return [fields(pairs), ...(sessions.length === 0 ? [] : ['sessions', ...sessions.map(({ session, at }) => visibleLine(`  ${day(at)}  ${session}`))])].join('\n');
}

export function requestsText(found: z.infer<typeof accessRequests>, now: number): string {
  if (found.requests.length === 0) return 'nobody asked';
  return table<AccessRequest>(
    [
      { title: 'request', of: ({ id }) => id }, { title: 'kind', of: ({ kind }) => kind }, { title: 'state', of: ({ state }) => state }, { title: 'machine', of: ({ machine }) => machine, gives: 'way' }, { title: 'to', of: place },
      { title: 'left', of: ({ state, expires }) => (state === 'pending' ? left(expires, now) : '-'), align: 'right' },
    ],
    found.requests,
  ) + more(found.requests.length, found);
}

export function requestText(one: AccessRequest): string {
  switch (one.state) {
    case 'pending':
      return [`request ${one.id}: ${one.machine} to ${place(one)} waits for people until ${moment(one.expires)}`, ...(one.approval === null ? ['they could not be asked yet; that is tried again'] : [`approval ${one.approval}${one.url === null ? '' : `\n${one.url}`}`])].map(visibleLine).join('\n');
    case 'granted':
      return visibleLine(`request ${one.id}: granted, as entitlement ${one.entitlement ?? '?'}`);
    default:
      return visibleLine(`request ${one.id}: ${one.state}${one.say === null ? '' : `: ${one.say}`}`);
  }
}

export function glassesText(found: z.infer<typeof glasses>, now: number): string {
  if (found.glasses.length === 0) return 'no review is open';
  const review = ({ review: done, overdue, due }: z.infer<typeof glass>): string => (done !== null ? `${done.finding} (${done.by})` : overdue ? 'OVERDUE' : `due in ${left(due, now)}`);
  return table<z.infer<typeof glass>>(
    [
      { title: 'entitlement', of: (one) => one.entitlement.id }, { title: 'machine', of: (one) => one.entitlement.machine, gives: 'way' }, { title: 'to', of: (one) => place(one.entitlement) },
      { title: 'opened', of: (one) => day(one.entitlement.from) }, { title: 'by', of: ({ by }) => by.replace(/^person:/, '') }, { title: 'review', of: review },
    ],
    found.glasses,
  ) + (found.overdue === 0 ? '' : `\n${found.overdue} overdue`) + more(found.glasses.length, found);
}
