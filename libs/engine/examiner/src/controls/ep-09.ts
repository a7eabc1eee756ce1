import { concealedText } from '@sallyport/domain-events';
import type { Control } from '../control.ts';
import { text, type Fact } from '../fact.ts';
import { byText, joined, table, type Cell } from '../table.ts';
import { answer, plural } from './no-data.ts';
import { rulesOf } from './ep-07.ts';

/** Failed logins from one address, without one that succeeded, that are worth a question. */
export const manyFailures = 5;

export const ep09: Control = {
  id: 'EP-09',
  title: 'Failed and blocked attempts',
  question: 'Which attempts were refused: unknown identities, replayed tokens, denied commands?',
  exception: `A token was replayed; ${manyFailures} or more logins failed from one address and none succeeded from it.`,
  query: 'auth.failed, auth.replay, session.refused, command.decided with decision deny, command.refused, in leaf order.',
  reads: ['auth.failed', 'auth.replay', 'session.refused', 'command.decided', 'command.refused'],
  examine: ({ of }) => {
    const denied = of('command.decided').filter((fact) => text(fact, 'decision') === 'deny');
    const all = [...of('auth.failed', 'auth.replay', 'session.refused', 'command.refused'), ...denied].sort((a, b) => a.leaf - b.leaf);
    const codes = [...Map.groupBy(all, codeOf)].map(([code, facts]) => ({ code, n: facts.length })).sort((a, b) => b.n - a.n || byText(a.code, b.code));
    const good = new Set(of('auth.ok').map((fact) => text(fact, 'source')));
    const bursts = [...Map.groupBy(of('auth.failed'), (fact) => text(fact, 'source'))].filter(([source, facts]) => facts.length >= manyFailures && source !== concealedText && !good.has(source)).sort(([a], [b]) => byText(a, b));
    const exceptions = [
      ...of('auth.replay').map((fact) => ['token replayed', fact.who?.id ?? null, text(fact, 'source'), 1, fact.at, fact.leaf]),
      ...bursts.map(([source, facts]) => ['failed logins only', joined(facts.map(codeOf)), source, facts.length, facts[0]?.at ?? null, facts[0]?.leaf ?? null]),
    ];
    return answer({
      figures: [{ name: 'refused in all', value: all.length }, { name: 'logins failed', value: of('auth.failed').length }, { name: 'tokens replayed', value: of('auth.replay').length }, { name: 'sessions refused', value: of('session.refused').length }, { name: 'commands denied', value: denied.length }],
      result: table(['at', 'event', 'code', 'identity', 'target', 'detail', 'rules', 'leaf'], all.map(rowOf)),
      exceptions: table(['exception', 'identity_or_code', 'source', 'times', 'at', 'leaf'], exceptions),
      story: [`${plural(all.length, 'attempt')} ${all.length === 1 ? 'was' : 'were'} refused.${codes.length === 0 ? '' : ` Most often: ${codes.slice(0, 5).map(({ code, n }) => `${code} (${n})`).join(', ')}.`}`, 'A denied command never reached the target.'],
    });
  },
};

const codeOf = (fact: Fact): string => (fact.type === 'command.decided' ? 'denied by policy' : text(fact, 'code') || fact.type);

function rowOf(fact: Fact): readonly Cell[] {
  const detail = fact.type === 'command.decided' ? `${text(fact, 'kind')}: ${text(fact, 'say')}` : fact.type === 'auth.replay' ? `first seen from ${text(fact, 'first_source')}, again from ${text(fact, 'source')}` : text(fact, 'say');
  return [fact.at, fact.type, codeOf(fact), fact.who?.id ?? null, fact.on?.target ?? (text(fact, 'target') || null), detail, rulesOf(fact), fact.leaf];
}
