import type { Control } from '../control.ts';
import type { Examination } from '../examination.ts';
import { text, texts, type Fact } from '../fact.ts';
import { sample } from '../sampling.ts';
import { joined, table, type Cell } from '../table.ts';
import { answer, plural } from './no-data.ts';
import { rulesOf } from './ep-07.ts';

export const ep10: Control = {
  id: 'EP-10',
  title: 'Why was this allowed?',
  question: 'For any decision: which identity, which policy version, which rules, which approval?',
  exception: 'A decision of the sample names no policy version or no slice of it, or an allow names no rule.',
  query: 'A sample of command.decided events, drawn by the seed: rank each by SHA-256(seed LF "EP-10" LF event id), take the lowest. For each the login of its session (auth.ok whose session is the event\'s chain).',
  reads: ['command.decided', 'auth.ok'],
  examine: (examination) => {
    const decisions = examination.of('command.decided');
    const drawn = sample(decisions, ({ id }) => id, examination.sample, examination.seed, 'EP-10');
    const logins = new Map(examination.of('auth.ok').map((fact) => [text(fact, 'session'), fact]));
    const row = (fact: Fact) => rowOf(fact, logins.get(fact.sid) ?? null, examination);
    const bad = drawn.filter((fact) => fact.auth === null || fact.auth.policy === null || fact.auth.slice === null || (text(fact, 'decision') === 'allow' && texts(fact, 'rules').length === 0));
    const columns = ['at', 'command', 'identity', 'login', 'target', 'decision', 'verb', 'effects', 'shape', 'policy_version', 'slice', 'rules', 'approval', 'leaf', 'event_hash'];
    return answer({
      figures: [{ name: 'decisions', value: decisions.length }, { name: 'in the sample', value: drawn.length }, { name: 'seed', value: examination.seed }],
      result: table(columns, drawn.map(row)),
      exceptions: table(columns, bad.map(row)),
      story: [`${drawn.length} of ${plural(decisions.length, 'decision')} were drawn with the seed "${examination.seed}". Each row says who asked, what the gateway understood, and what the answer rests on.`, 'Statement texts are not in the events: they are encrypted, and an auditor opens them with `sallyport sessions replay`.'],
      missing: 'this control lists what a decision rests on; it does not decide again from the policy texts',
    });
  },
};

function rowOf(fact: Fact, login: Fact | null, { sessions }: Examination): readonly Cell[] {
  const how = login === null ? 'not in this pack' : `${text(login, 'issuer')} ${text(login, 'binding')}`;
  return [fact.at, text(fact, 'command'), fact.who?.id ?? null, how, fact.on?.target ?? sessions.get(fact.sid)?.target ?? null, text(fact, 'decision'), text(fact, 'verb'), joined(texts(fact, 'effects')), text(fact, 'shape'), fact.auth?.policy ?? null, fact.auth?.slice ?? null, rulesOf(fact), fact.auth?.approval ?? null, fact.leaf, fact.hash];
}
