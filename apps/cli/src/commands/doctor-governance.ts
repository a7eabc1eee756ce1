import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Api } from '../api.ts';
import { Failure } from '../failure.ts';
import { directory } from './directories.ts';
import type { Finding } from './doctor.ts';
import { keptSignal } from './signals.ts';

const status = z.object({ next: z.number(), lag: z.number() });
const directories = z.object({ directories: z.array(directory.extend({ added: z.object({ at: z.string() }).nullish() })) });
const signals = z.object({ signals: z.array(keptSignal), pending: z.number() });

/** Who leaves has to be stopped within a minute: what waits longer is looked into. */
const pendingTooLongMs = 60_000;
/** A directory that has told nothing for this long after it was added was probably not set up at the other end. */
const unheardMs = 86_400_000;
/** Fewer leaves behind than this are read within a second or so. */
const fewLeaves = 1_000;
const lookAgainMs = 2_000;

/** How far governance has read, whom nobody hears, and which words about people wait. What the caller's roles do not show is not asked for (a refused attempt is recorded), and is no fault. */
export async function governanceFindings(api: Api, roles: readonly string[], now: number): Promise<Finding[]> {
  const shownTo = (...to: readonly string[]) => to.some((role) => roles.includes(role));
  return (await Promise.all([
    looked('ledger', () => reading(api)), shownTo('admin', 'auditor', 'operator') ? looked('directory', () => heard(api, now)) : [], shownTo('admin', 'auditor') ? looked('signals', () => waiting(api, now)) : [],
  ])).flat();
}

async function looked(check: string, look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === 'not-found') return [{ check, ok: true, say: 'not looked at: this console does not tell' }];
    return [{ check, ok: false, say: `${error.message}${error.wayOut === null ? '' : `; ${error.wayOut}`}` }];
  }
}

/** One look cannot tell a backlog that is being read from one that stands. */
async function reading(api: Api): Promise<Finding[]> {
  const first = await api.get('/v1/governance/status', status);
  if (first.lag <= fewLeaves) return [{ check: 'ledger', ok: true, say: `governance has read it up to leaf ${first.next}${first.lag === 0 ? '' : `, ${first.lag} behind`}` }];
  await pause(lookAgainMs);
  const { next, lag } = await api.get('/v1/governance/status', status);
  const ok = next > first.next;
  return [{ check: 'ledger', ok, say: ok ? `governance reads it: at leaf ${next}, ${lag} behind; what it says of use and reviews is that old` : `governance stands at leaf ${next}, ${lag} behind, and reads nothing; see its log` }];
}

async function heard(api: Api, now: number): Promise<Finding[]> {
  const active = (await api.get('/v1/directories', directories)).directories.filter(({ state }) => state === 'active');
  const wrong = active.flatMap(({ name, seen, fault, added }): Finding[] => {
    if (fault !== null) return [{ check: 'directory', ok: false, say: `${name}: ${fault}${seen === null ? '' : `; heard last ${seen}`}` }];
    const since = added === null || added === undefined ? Number.NaN : Date.parse(added.at);
    return seen === null && now - since > unheardMs ? [{ check: 'directory', ok: false, say: `${name} was never heard since it was added; is it set up at the other end? sallyport directories list` }] : [];
  });
  if (wrong.length > 0) return wrong;
  return [{ check: 'directory', ok: true, say: active.length === 0 ? 'none tells who comes and goes' : active.map(({ name, seen }) => `${name} ${seen === null ? 'not heard yet' : `heard ${seen.slice(0, 16)}Z`}`).join(', ') }];
}

async function waiting(api: Api, now: number): Promise<Finding[]> {
  const found = await api.get('/v1/signals?pending=true&limit=1000', signals);
  const oldest = found.signals.reduce<{ readonly received: string; readonly outcome: string } | null>((first, one) => (first === null || one.received < first.received ? one : first), null);
  if (oldest === null) return [{ check: 'signals', ok: true, say: 'none waits' }];
  const seconds = Math.round((now - Date.parse(oldest.received)) / 1000);
  const ok = seconds * 1000 <= pendingTooLongMs;
  return [{ check: 'signals', ok, say: `${found.pending} ${found.pending === 1 ? 'waits' : 'wait'} until identity is told, the oldest for ${seconds} s${ok ? '' : `: ${oldest.outcome}; sallyport signals list --pending`}` }];
}
