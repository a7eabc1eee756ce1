import { concealedText } from '@sallyport/domain-events';
import type { Control } from '../control.ts';
import { machineOf, millis, text, type Fact } from '../fact.ts';
import { byText, joined, table } from '../table.ts';
import { answer, plural } from './no-data.ts';

/** Seconds. The limit that the governance defaults name for a machine's token. */
export const longestToken = 900;

/** How many; null where they are withheld. */
function sources(facts: readonly Fact[]): number | null {
  const found = new Set(facts.map((fact) => text(fact, 'source')));
  return found.has(concealedText) ? null : found.size;
}

export const ep02: Control = {
  id: 'EP-02',
  title: 'Unique and strong authentication',
  question: 'Is each identity unique, not shared, and strongly authenticated?',
  exception: `One binding let in more than one machine; a token could be used for more than ${longestToken / 60} minutes after it was shown; a token was shown again from elsewhere (replay).`,
  query: 'Group auth.ok by actor, issuer, binding and door: logins, distinct source addresses, the longest time between the login and the end of its token. List auth.replay.',
  reads: ['auth.ok', 'auth.replay'],
  examine: ({ of }) => {
    const logins = of('auth.ok');
    const replays = of('auth.replay');
    const groups = [...Map.groupBy(logins, (fact) => JSON.stringify([fact.who?.id ?? '', text(fact, 'issuer'), text(fact, 'binding'), text(fact, 'door')]))].sort(([a], [b]) => byText(a, b));
    const rows = groups.map(([, facts]) => {
      const [first] = facts;
      return [first?.who?.id ?? null, first ? text(first, 'issuer') : null, first ? text(first, 'binding') : null, first ? text(first, 'door') : null, facts.length, sources(facts), longest(facts)];
    });
    const machines = logins.filter((fact) => machineOf(fact) !== null);
    const shared = [...Map.groupBy(machines, (fact) => text(fact, 'binding'))].filter(([, facts]) => new Set(facts.map(({ who }) => who?.id)).size > 1).sort(([a], [b]) => byText(a, b));
    const exceptions = [
      ...shared.map(([binding, facts]) => ['binding shared', joined(facts.map(({ who }) => who?.id ?? '')), binding, null, null]),
      ...machines.filter((fact) => life(fact) > longestToken).map((fact) => ['token lives long', fact.who?.id ?? null, `${life(fact)} s`, fact.at, fact.leaf]),
      ...replays.map((fact) => ['replay', fact.who?.id ?? null, `first from ${text(fact, 'first_source')}, again from ${text(fact, 'source')}`, fact.at, fact.leaf]),
    ];
    return answer({
      figures: [{ name: 'logins', value: logins.length }, { name: 'distinct identities', value: new Set(logins.map(({ who }) => who?.id)).size }, { name: 'replays refused', value: replays.length }, { name: 'bindings shared', value: shared.length }],
      result: table(['identity', 'issuer', 'binding', 'door', 'logins', 'sources', 'longest_token_seconds'], rows),
      exceptions: table(['exception', 'identity', 'detail', 'at', 'leaf'], exceptions),
      story: [`${plural(logins.length, 'login')} by ${plural(new Set(logins.map(({ who }) => who?.id)).size, 'identity', 'identities')}; each was let in by a signed token of a named issuer that fits a binding, and no password is known to this gateway.`, 'The life of a token is counted from the login to the end that the token names, so it is a lower bound of the life it was issued with.'],
      missing: 'whether a token was bound to its sender (mTLS, DPoP) is not recorded',
    });
  },
};

const life = (fact: Fact): number => Math.max(0, Math.round((millis(text(fact, 'expires')) - millis(fact.at)) / 1000) || 0);
const longest = (facts: readonly Fact[]): number => facts.reduce((most, fact) => Math.max(most, life(fact)), 0);
