import { z } from 'zod';
import { frame } from './frame.ts';
import { distant } from './moment.ts';
import { fields, table } from './table.ts';
import { visibleLine } from './visible.ts';

/** What this program reads of the API's answers about reviews. */
export const campaign = z.object({
  id: z.string(), title: z.string(), state: z.string(), scope: z.string(), opened: z.string(), openedBy: z.string().nullable(), due: z.string(), stops: z.string(), closed: z.string().nullable(), items: z.number(), waiting: z.number(),
  overdue: z.number(), kept: z.number(), narrowed: z.number(), revoked: z.number(), stopped: z.number(), gone: z.number(),
});
export type Campaign = z.infer<typeof campaign>;
export const campaigns = z.object({ campaigns: z.array(campaign), total: z.number() });

export const reviewItem = z.object({
  id: z.string(), campaign: z.string(), state: z.string(), machine: z.string(), owner: z.string(), criticality: z.string(), entitlement: z.string().nullable(), entitlementUntil: z.string().nullable(), target: z.string().nullable(),
  role: z.string().nullable(), granted: z.array(z.string()), unused: z.array(z.string()), used: z.array(z.object({ verb: z.string(), object: z.string(), commands: z.number(), denied: z.number(), last: z.string() })), usedCount: z.number(),
  lastUsed: z.string().nullable(), reviewers: z.array(z.string()), assigned: z.string().nullable(), due: z.string(), stops: z.string(), overdue: z.boolean(), reviewBy: z.string().nullable(), nextReview: z.string().nullable(),
  decided: z.object({ by: z.string().nullable(), at: z.string(), reason: z.string() }).nullable(), policy: z.object({ name: z.string(), text: z.string() }).nullable(), enforced: z.boolean().nullable(),
});
export type ReviewItem = z.infer<typeof reviewItem>;
export const reviewShown = z.object({ campaign, items: z.array(reviewItem), total: z.number() });
export type ReviewShown = z.infer<typeof reviewShown>;

const day = (at: string): string => at.slice(0, 10);

export function campaignsText({ campaigns: rows, total }: z.infer<typeof campaigns>): string {
  if (rows.length === 0) return total === 0 ? 'no reviews' : `no more of ${total}`;
  const text = table<Campaign>(
    [
      { title: 'review', of: ({ id }) => id },
      { title: 'state', of: ({ state }) => state },
      { title: 'due', of: ({ due }) => day(due) },
      { title: 'waiting', of: ({ waiting, items }) => `${waiting}/${items}`, align: 'right' },
      { title: 'title', of: ({ title }) => title, gives: 'way' },
    ],
    rows,
  );
  const late = rows.reduce((sum, { overdue }) => sum + overdue, 0);
  return `${text}\n${late > 0 ? `${late} items of these are OVERDUE\n` : ''}${rows.length} of ${total}${total > rows.length ? `; the next: --after ${rows.at(-1)?.id ?? ''}` : ''}`;
}

export function campaignText(one: Campaign, now: number): string {
  const counts = (['kept', 'narrowed', 'revoked', 'stopped', 'gone'] as const).flatMap((state) => (one[state] === 0 ? [] : [`${one[state]} ${state}`]));
  return fields([
    ['review', one.id], ['title', one.title], ['about', one.scope],
    ['opened', `${day(one.opened)}${one.openedBy === null ? ' by itself, as often as its machines’ criticality asks for' : ` by ${one.openedBy}`}`],
    ['state', one.state === 'opening' ? 'opening: its items are still being found' : one.closed === null ? one.state : `closed ${day(one.closed)}`],
    ...(one.closed === null ? ([['due', distant(one.due, now)], ['stops', `what nobody decides stops at ${distant(one.stops, now)}`]] satisfies [string, string][]) : []),
    ['items', [`${one.items} in all`, `${one.waiting} waiting${one.overdue > 0 ? `, ${one.overdue} of them OVERDUE` : ''}`, ...counts].join(', ')],
  ], 'wrapped');
}

/** A campaign, and each access on its own: what was granted against what was used. */
export function reviewText({ campaign: of, items, total }: ReviewShown, now: number): string {
  const page = total > items.length ? `\n${items.length} of ${total} items; the next: --after ${items.at(-1)?.id ?? ''}` : '';
  const shown = items.length === 0 ? ['nothing of it is asked for here'] : items.map((item) => itemText(item, now));
  return [campaignText(of, now), ...shown].join('\n\n') + page;
}

export function itemText(one: ReviewItem, now: number): string {
  const head = fields([
    ['item', one.id], ['machine', `${one.machine} (${one.criticality}), of ${one.owner}`], ['access', accessText(one)], ['state', stateText(one, now)],
    ...(one.state === 'waiting' ? [['reviewers', one.assigned === null ? one.reviewers.join(', ') || 'NOBODY may decide it: give somebody the role approver' : `${one.assigned}, to whom it was handed`] satisfies [string, string]] : []),
    ...(one.reviewBy === null ? [] : [['review by', `${one.reviewBy} by its document${one.nextReview === null ? '' : `; asked about again ${one.nextReview}`}`] satisfies [string, string]]),
  ], 'wrapped');
  return [head, useText(one)].join('\n');
}

function accessText({ entitlement, entitlementUntil, target, role }: ReviewItem): string {
  const to = target === null ? 'everywhere: it was never seen on any target' : role === null ? target : `${role}@${target}`;
  return entitlement === null ? `${to}, by policy alone` : `${to}, by entitlement ${entitlement}${entitlementUntil === null ? '' : ` until ${day(entitlementUntil)}`}`;
}

function stateText({ state, due, stops, overdue, decided, enforced }: ReviewItem, now: number): string {
  if (state === 'waiting') return `${overdue ? 'OVERDUE' : 'waiting'}: due ${distant(due, now)}, stops ${distant(stops, now)}`;
  const by = decided === null ? '' : ` ${day(decided.at)}${decided.by === null ? '' : ` by ${decided.by}`}${decided.reason === '' ? '' : `: ${decided.reason}`}`;
  return `${state}${by}${enforced === false ? '; its end is being brought about' : enforced === true ? '; it has ended' : ''}`;
}

interface Line {
  readonly what: string;
  readonly times: string;
  readonly denied: string;
  readonly last: string;
}

/** Rules that nothing used come first: they are what a reviewer looks for. Then the others, and what was done. */
function useText({ granted, unused, used, usedCount, lastUsed }: ReviewItem): string {
  const never = new Set(unused);
  const rules = [...granted.filter((rule) => never.has(rule)), ...granted.filter((rule) => !never.has(rule))].map((rule): Line => ({ what: `rule ${rule}`, times: never.has(rule) ? 'NEVER' : 'yes', denied: '', last: '' }));
  const effects = used.map(({ verb, object, commands, denied, last }): Line => ({ what: object === '' ? verb : `${verb} ${object}`, times: String(commands), denied: denied === 0 ? '-' : String(denied), last: `${last.slice(0, 16).replace('T', ' ')}Z` }));
  if (rules.length === 0 && effects.length === 0) return 'no rule grants it anything, and nothing was used';
  const text = table<Line>(
    [
      { title: 'granted, then used', of: ({ what }) => what, gives: 'way' }, { title: 'used', of: ({ times }) => times, align: 'right' },
      { title: 'denied', of: ({ denied }) => denied, align: 'right' }, { title: 'last', of: ({ last }) => last },
    ],
    [...rules, ...effects],
  );
  const more = usedCount > used.length ? [`and ${usedCount - used.length} more that were used`] : [];
  return [text, ...more, ...(effects.length === 0 ? [lastUsed === null ? 'nothing was used' : `used last ${day(lastUsed)}`] : [])].join('\n');
}

/** What a decision came to; with a change of policy, the change itself and how to go on with it. `written`: where it was written to. */
export function decidedText(one: ReviewItem, written: string | null, now: number): string {
  const head = visibleLine(`${one.machine}: ${accessText(one)}: ${stateText(one, now)}`);
  return one.policy === null ? head : [head, policyText(one.policy, one.machine, one.state, written)].join('\n');
}

function policyText({ name, text }: NonNullable<ReviewItem['policy']>, machine: string, state: string, written: string | null): string {
  const added = text.trimEnd().split('\n').map((line) => `+ ${line}`.trimEnd()).join('\n');
  const title = `${state === 'narrowed' ? 'narrow' : 'end'} the access of ${machine}`;
  const go = written === null
    ? [`sallyport reviews show REVIEW --machine ${machine} --out DIR`, `sallyport changes propose --title "${title}" -f DIR`]
    : [`sallyport changes propose --title "${title}" -f ${written}`];
  return [frame(`added to the policy in force: ${name}`, added), 'this change of policy is not in force yet. To go on:', ...go.map((line) => visibleLine(`  ${line}`))].join('\n');
}
