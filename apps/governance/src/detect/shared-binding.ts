import { bindingKey, type Memory, type Session } from './memory.ts';
import type { Sighting } from './sighting.ts';

/** Two logins within it count as at once: a runtime that moves to another network takes longer than that, one that is behind several addresses of one exit does not. */
export const togetherMs = 10 * 60_000;
/** Networks that one login is held against; more than that at once are told with the next one. */
const most = 5;

type Same = 'token' | 'runtime' | 'binding';
const says: Readonly<Record<Same, string>> = {
  token: 'one token comes from several networks at once',
  runtime: 'one run of a workload comes from several networks at once',
  binding: 'a binding whose tokens name no run comes from several networks at once',
};
const order: readonly Same[] = ['token', 'runtime', 'binding'];

/**
 * A login, held against the sessions of the same binding that are open or ended just now, in other networks. The same token, the same pod, job or ticket is in one place. Where tokens name runs, different runs are
 * none of our business: jobs of one repository are meant to run side by side. Where they name nothing, two networks at once are all that can be seen.
 */
export function sharedAt(memory: Memory, session: Session, at: number): Sighting[] {
  const { machine, binding, network, runtime, token } = session;
  if (network === '') return [];
  const others = new Map<string, Same>();
  for (const place of memory.placesOf(bindingKey(machine, binding))) {
    if (place.network === '' || place.network === network || (place.open === 0 && place.until < at - togetherMs)) continue;
    const same = sameness({ runtime, token }, place);
    if (same === null) continue;
    const known = others.get(place.network);
    if (known === undefined || order.indexOf(same) < order.indexOf(known)) others.set(place.network, same);
  }
  return [...others].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, most).map(([other, same]): Sighting => {
    const runtimes = [network, other].sort();
    return {
      kind: 'shared_binding', machine, what: `${same} ${binding}`, item: runtimes.join(' '), session: session.target === '' ? null : session.session, at, say: `${binding}: ${says[same]}`, facts: [runtimes.join(' and ')],
      tells: { kind: 'shared_binding', binding, runtimes },
    };
  });
}

interface Mark {
  readonly runtime: string;
  readonly token: string;
}

function sameness(a: Mark, b: Mark): Same | null {
  if (a.token !== '' && a.token === b.token) return 'token';
  if (a.runtime !== '' && b.runtime !== '') return a.runtime === b.runtime && a.runtime.startsWith('one:') ? 'runtime' : null;
  return a.runtime === '' && b.runtime === '' ? 'binding' : null;
}
