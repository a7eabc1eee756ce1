import { stringify } from 'yaml';
import { z } from 'zod';
import { fields, table } from './table.ts';
import { visible } from './visible.ts';

const scalar = z.union([z.string(), z.number(), z.boolean()]);
export const candidate = z.object({
  id: z.string(), issuer: z.string(), iss: z.string(), audience: z.string(), claims: z.record(z.string(), scalar), seen: z.record(z.string(), z.string()), state: z.string(), firstSeen: z.string(), lastSeen: z.string(),
  attempts: z.number(), sources: z.array(z.string()), doors: z.array(z.string()), machine: z.string().nullable(), decided: z.object({ by: z.string(), at: z.string(), reason: z.string().nullable() }).nullable(),
});
export type Candidate = z.infer<typeof candidate>;
export const candidates = z.object({ candidates: z.array(candidate), total: z.number() });
export const candidateShown = z.object({ candidate, binding: z.record(z.string(), z.unknown()) });
export type CandidateShown = z.infer<typeof candidateShown>;

const minute = (at: string) => at.slice(0, 16).replace('T', ' ');
const said = (claims: Candidate['claims']) => Object.entries(claims).map(([claim, value]) => `${claim.split('.').at(-1) ?? claim}=${String(value)}`).join(' ');

export function candidatesText({ candidates: all, total }: z.infer<typeof candidates>): string {
  if (all.length === 0) return 'nobody waits';
  const columns = [
    { title: 'candidate', of: (one: Candidate) => one.id }, { title: 'state', of: (one: Candidate) => one.state }, { title: 'issuer', of: (one: Candidate) => one.issuer }, { title: 'who', of: (one: Candidate) => said(one.claims), gives: 'way' as const },
    { title: 'tried', of: (one: Candidate) => String(one.attempts), align: 'right' as const }, { title: 'last seen', of: (one: Candidate) => minute(one.lastSeen) },
  ];
  return [table(columns, all), ...(total > all.length ? [`${all.length} of ${total}; go on with --before ${all.at(-1)?.id ?? ''}`] : [])].join('\n');
}

export function candidateText({ candidate: one, binding }: CandidateShown): string {
  const head = fields([
    ['candidate', one.id], ['state', one.decided === null ? one.state : `${one.state} by ${one.decided.by} on ${minute(one.decided.at)}${one.decided.reason === null ? '' : `: ${one.decided.reason}`}`],
    ['issuer', `${one.issuer} (${one.iss})`], ['seen', `${one.attempts} times, ${minute(one.firstSeen)} to ${minute(one.lastSeen)}`], ['from', one.sources.join(', ')], ['at', one.doors.join(', ')],
    ...(one.machine === null ? [] : [['machine', one.machine] as const]),
  ]);
  const seen = Object.entries(one.seen).map(([claim, value]) => [claim, value] as const);
  const last = seen.length === 0 ? [] : ['', 'its last token', fields(seen)];
  const next = one.state === 'open' || one.state === 'dismissed' ? ['', `sallyport candidates adopt ${one.id} --name NAME --owner PERSON --backup PERSON --purpose TEXT --environment E --criticality C`] : [];
  return [head, ...last, '', 'adopted, it would be bound by', visible(stringify(binding, { lineWidth: 100 })).trimEnd(), ...next].join('\n');
}
