import { concealedText } from '@sallyport/domain-events';
import type { Control } from '../control.ts';
import { machineOf, millis, text, texts, type Fact } from '../fact.ts';
import { namedMachine } from '../names.ts';
import { byText, joined, table, type Cell } from '../table.ts';
import { answer, noData, plural } from './no-data.ts';

/** Seconds. The limit that the governance defaults name for a machine's token. */
export const longestToken = 900;

/** How many; null where they are withheld. */
function sources(facts: readonly Fact[]): number | null {
  const found = new Set(facts.map((fact) => text(fact, 'source')));
  return found.has(concealedText) ? null : found.size;
}

const columns = ['identity', 'issuer', 'binding', 'door', 'logins', 'sources', 'longest_token_seconds', 'replay_check'];

export const ep02: Control = {
  id: 'EP-02',
  title: 'Unique and strong authentication',
  question: 'Is each identity unique, not shared, and strongly authenticated?',
  exception: `One binding let in more than one machine, or one machine from two places at once; a token could be used for more than ${longestToken / 60} minutes after it was shown; a token was shown again from elsewhere (replay); a binding does not look for replays.`,
  query: 'Group auth.ok by actor, issuer, binding and door: logins, distinct source addresses, the longest time between the login and the end of its token. List auth.replay, detect.replay and detect.shared_binding, and the bindings of each machine\'s last nhi.recorded that say `replay off`. Of token.exchanged: how many tickets and certificates, and how many name the key that they are bound to.',
  reads: ['auth.ok', 'auth.replay', 'detect.replay', 'detect.shared_binding', 'nhi.recorded', 'token.exchanged'],
  examine: ({ of, machines }) => {
    const logins = of('auth.ok');
    const replays = of('auth.replay', 'detect.replay');
    const both = of('detect.shared_binding');
    const unchecked = [...machines.values()].flatMap(({ machine, records }) => records.slice(-1).flatMap((record) => texts(record, 'bindings').filter((binding) => /\breplay off\b/.test(binding)).map((binding) => ({ machine, binding, record }))));
    const tickets = of('token.exchanged');
    if (logins.length + replays.length + both.length + unchecked.length + tickets.length === 0) return noData('nobody logged in, and no binding was recorded that would say how machines log in', columns);
    const groups = [...Map.groupBy(logins, (fact) => JSON.stringify([fact.who?.id ?? '', text(fact, 'issuer'), text(fact, 'binding'), text(fact, 'door')]))].sort(([a], [b]) => byText(a, b));
    const rows = groups.map(([, facts]): readonly Cell[] => {
      const [first] = facts;
      const machine = first === undefined ? null : machineOf(first);
      return [first?.who?.id ?? null, first ? text(first, 'issuer') : null, first ? text(first, 'binding') : null, first ? text(first, 'door') : null, facts.length, sources(facts), longest(facts), (machines.get(machine ?? '')?.records.length ?? 0) === 0 ? null : unchecked.some((each) => each.machine === machine) ? 'off for a binding' : 'on'];
    });
    const inside = logins.filter((fact) => machineOf(fact) !== null);
    const shared = [...Map.groupBy(inside, (fact) => text(fact, 'binding'))].filter(([, facts]) => new Set(facts.map(({ who }) => who?.id)).size > 1).sort(([a], [b]) => byText(a, b));
    const exceptions = [
      ...shared.map(([binding, facts]) => ['binding shared', joined(facts.map(({ who }) => who?.id ?? '')), binding, null, null]),
      ...both.map((fact) => ['binding used from two places at once', `machine:${namedMachine(fact)}`, `${text(fact, 'binding')}${texts(fact, 'runtimes').length === 0 ? '' : ` from ${joined(texts(fact, 'runtimes'))}`}`, fact.at, fact.leaf]),
      ...unchecked.map(({ machine, binding, record }) => ['replays are not looked for', `machine:${machine}`, binding, record.at, record.leaf]),
      ...inside.filter((fact) => life(fact) > longestToken).map((fact) => ['token lives long', fact.who?.id ?? null, `${life(fact)} s`, fact.at, fact.leaf]),
      ...replays.map((fact) => ['replay', fact.who?.id ?? (namedMachine(fact) === '' ? null : `machine:${namedMachine(fact)}`), `${text(fact, 'binding')}: first from ${text(fact, 'first_source')}, again from ${text(fact, 'source')}`, fact.at, fact.leaf]),
    ];
    const people = new Set(logins.map(({ who }) => who?.id)).size;
    return answer({
      figures: [
        { name: 'logins', value: logins.length }, { name: 'distinct identities', value: people }, { name: 'replays refused', value: of('auth.replay').length }, { name: 'bindings shared', value: shared.length + both.length },
        { name: 'tickets and certificates', value: tickets.length }, { name: 'of them bound to a key', value: tickets.filter((fact) => text(fact, 'key') !== '').length },
      ],
      result: table(columns, rows),
      exceptions: table(['exception', 'identity', 'detail', 'at', 'leaf'], exceptions),
      story: [
        `${plural(logins.length, 'login')} by ${plural(people, 'identity', 'identities')}; each was let in by a signed token of a named issuer that fits a binding, and no password is known to this gateway.`,
        'The life of a token is counted from the login to the end that the token names, so it is a lower bound of the life it was issued with.',
      ],
      missing: 'whether a token that came from outside was bound to its sender (mTLS, DPoP) is not recorded; of our own tickets it is',
    });
  },
};

const life = (fact: Fact): number => Math.max(0, Math.round((millis(text(fact, 'expires')) - millis(fact.at)) / 1000) || 0);
const longest = (facts: readonly Fact[]): number => facts.reduce((most, fact) => Math.max(most, life(fact)), 0);
