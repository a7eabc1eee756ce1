import { concealedText } from '@sallyport/domain-events';
import type { Control } from '../control.ts';
import { text, texts, type Fact } from '../fact.ts';
import { namedMachine } from '../names.ts';
import { byText, joined, table, type Cell } from '../table.ts';
import { answer, noData, plural } from './no-data.ts';
import { rulesOf } from './ep-07.ts';

/** Failed logins from one address, without one that succeeded, that are worth a question. */
export const manyFailures = 5;

const refusals = ['auth.failed', 'auth.replay', 'token.refused', 'session.refused', 'command.refused', 'entitlement.refused'];
const detections = ['detect.human_use', 'detect.shared_binding', 'detect.replay', 'detect.new_behaviour'];
/** Detections that ask for an explanation each; new behaviour is told to be looked at, and is in the table. */
const strange: Readonly<Record<string, string>> = { 'detect.human_use': 'machine used by a person', 'detect.shared_binding': 'binding used from two places at once', 'detect.replay': 'tokens replayed' };

const columns = ['at', 'event', 'code', 'identity', 'target', 'detail', 'rules', 'leaf'];

export const ep09: Control = {
  id: 'EP-09',
  title: 'Failed and blocked attempts',
  question: 'Which attempts were refused: unknown identities, replayed tokens, denied commands; and what looked wrong?',
  exception: `A token was replayed; ${manyFailures} or more logins failed from one address and none succeeded from it; somebody with a genuine token whom no binding names came, and nobody decided what that is; a machine was used by a person, or one binding from two places.`,
  query: 'auth.failed, auth.replay, token.refused, session.refused, command.decided with decision deny, command.refused, entitlement.refused, nhi.candidate and detect events of use, in leaf order. A candidate is decided by a later nhi.candidate_decided of its id.',
  reads: [...refusals, 'command.decided', 'nhi.candidate', 'nhi.candidate_decided', ...detections],
  examine: ({ of }) => {
    const denied = of('command.decided').filter((fact) => text(fact, 'decision') === 'deny');
    const refused = [...of(...refusals), ...denied];
    const [candidates, detected] = [of('nhi.candidate'), of(...detections)];
    const all = [...refused, ...candidates, ...detected].sort((a, b) => a.leaf - b.leaf);
    if (all.length === 0) return noData('nothing was refused, nobody unknown came, and nothing was detected in this pack', columns);
    const codes = [...Map.groupBy(refused, codeOf)].map(([code, facts]) => ({ code, n: facts.length })).sort((a, b) => b.n - a.n || byText(a.code, b.code));
    const good = new Set(of('auth.ok').map((fact) => text(fact, 'source')));
    const bursts = [...Map.groupBy(of('auth.failed'), (fact) => text(fact, 'source'))].filter(([source, facts]) => facts.length >= manyFailures && source !== concealedText && !good.has(source)).sort(([a], [b]) => byText(a, b));
    const decided = new Map(of('nhi.candidate_decided').map((fact) => [text(fact, 'candidate'), fact.leaf]));
    const unknown = [...Map.groupBy(candidates, (fact) => text(fact, 'candidate'))].filter(([candidate, facts]) => (decided.get(candidate) ?? -1) < (facts[0]?.leaf ?? 0));
    const exceptions = [
      ...of('auth.replay').map((fact) => ['token replayed', fact.who?.id ?? null, text(fact, 'source'), 1, fact.at, fact.leaf]),
      ...bursts.map(([source, facts]) => ['failed logins only', joined(facts.map(codeOf)), source, facts.length, facts[0]?.at ?? null, facts[0]?.leaf ?? null]),
      ...unknown.map(([candidate, facts]) => ['unknown machine, and nobody decided', candidate, joined(facts.map((fact) => text(fact, 'source'))), facts.length, facts[0]?.at ?? null, facts[0]?.leaf ?? null]),
      ...detected.flatMap((fact) => (strange[fact.type] === undefined ? [] : [[strange[fact.type] ?? '', `machine:${namedMachine(fact)}`, joined(texts(fact, 'runtimes')) || text(fact, 'source') || null, Number(text(fact, 'count') || 1), fact.at, fact.leaf]])),
    ];
    return answer({
      figures: [
        { name: 'refused in all', value: refused.length }, { name: 'logins failed', value: of('auth.failed').length }, { name: 'tokens replayed', value: of('auth.replay').length }, { name: 'sessions refused', value: of('session.refused').length },
        { name: 'commands denied', value: denied.length }, { name: 'unknown machines', value: new Set(candidates.map((fact) => text(fact, 'candidate'))).size }, { name: 'detections', value: detected.length },
      ],
      result: table(columns, all.map(rowOf)),
      exceptions: table(['exception', 'identity_or_code', 'source', 'times', 'at', 'leaf'], exceptions),
      story: [
        `${plural(refused.length, 'attempt')} ${refused.length === 1 ? 'was' : 'were'} refused.${codes.length === 0 ? '' : ` Most often: ${codes.slice(0, 5).map(({ code, n }) => `${code} (${n})`).join(', ')}.`} A denied command never reached the target.`,
        candidates.length + detected.length === 0 ? 'No unknown machine with a genuine token came, and nothing strange was detected in how machines were used.' : `In the table too: ${plural(candidates.length, 'visit')} of unknown machines with genuine tokens, and ${plural(detected.length, 'detection')} of strange use.`,
      ],
    });
  },
};

const codeOf = (fact: Fact): string => (fact.type === 'command.decided' ? 'denied by policy' : text(fact, 'code') || fact.type);

function rowOf(fact: Fact): readonly Cell[] {
  const machine = namedMachine(fact);
  return [fact.at, fact.type, codeOf(fact), fact.type.startsWith('detect.') || fact.type.startsWith('entitlement.') ? `machine:${machine}` : (fact.who?.id ?? null), fact.on?.target ?? (text(fact, 'target') || null), detailOf(fact), rulesOf(fact), fact.leaf];
}

function detailOf(fact: Fact): string {
  switch (fact.type) {
    case 'command.decided':
      return `${text(fact, 'kind')}: ${text(fact, 'say')}`;
    case 'auth.replay':
    case 'detect.replay':
      return `first seen from ${text(fact, 'first_source')}, again from ${text(fact, 'source')}`;
    case 'nhi.candidate':
      return `candidate ${text(fact, 'candidate')} of ${text(fact, 'issuer')} from ${text(fact, 'source')}`;
    case 'detect.human_use':
      return joined(texts(fact, 'signs'));
    case 'detect.shared_binding':
      return `${text(fact, 'binding')} from ${joined(texts(fact, 'runtimes')) || 'places that are withheld'}`;
    case 'detect.new_behaviour':
      return text(fact, 'effect');
    default:
      return text(fact, 'say');
  }
}
