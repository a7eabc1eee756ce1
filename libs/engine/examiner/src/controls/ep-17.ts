import { concealedPerson } from '@sallyport/domain-events';
import type { Control } from '../control.ts';
import { count, isTrue, text, type Fact } from '../fact.ts';
import { table } from '../table.ts';
import { answer, plural } from './no-data.ts';

export const ep17: Control = {
  id: 'EP-17',
  title: 'Who read or exported evidence',
  question: 'Who read or exported evidence, and was any of them looking at their own acts?',
  exception: 'Somebody was refused evidence for want of a role; somebody who changed the configuration or voted on approvals in the same period also read evidence (nobody should be the only reader of their own acts).',
  query: 'evidence.read and evidence.exported with who, what and how many; operator.acted whose action begins with evidence. or ends a replay. Readers are compared with the actors of config.changed and approval.voted.',
  reads: ['evidence.read', 'evidence.exported', 'operator.acted', 'config.changed', 'approval.voted'],
  examine: ({ of }) => {
    const reads = of('evidence.read', 'evidence.exported');
    const acts = of('operator.acted').filter((fact) => /^(evidence\.|session\.replay)/.test(text(fact, 'action')));
    const all = [...reads, ...acts].sort((a, b) => a.leaf - b.leaf);
    const refused = acts.filter((fact) => !isTrue(fact, 'ok'));
    const actors = Map.groupBy(of('config.changed', 'approval.voted'), ({ who }) => who?.id ?? '');
    const readers = [...Map.groupBy(reads.filter(({ who }) => who?.id !== concealedPerson), ({ who }) => who?.id ?? '')];
    const exceptions = [
      ...refused.map((fact) => ['refused', fact.who?.id ?? null, `${text(fact, 'action')}: ${text(fact, 'code')}`, fact.at, fact.leaf]),
      ...readers.filter(([who]) => who !== '' && actors.has(who)).map(([who, own]) => ['read evidence of a period with own acts', who, `${plural(own.length, 'read')}; ${plural(actors.get(who)?.length ?? 0, 'act')}`, own[0]?.at ?? null, own[0]?.leaf ?? null]),
    ];
    return answer({
      figures: [{ name: 'reads', value: of('evidence.read').length }, { name: 'exports', value: of('evidence.exported').length }, { name: 'readers', value: readers.length }, { name: 'refused', value: refused.length }],
      result: table(['at', 'event', 'who', 'what', 'filter', 'count', 'leaf'], all.map(rowOf)),
      exceptions: table(['exception', 'who', 'detail', 'at', 'leaf'], exceptions),
      story: [`${plural(reads.length, 'read')} or export by ${plural(readers.length, 'reader')}. The reading of evidence is itself recorded before the answer is given; the making of this pack is recorded after the leaves that it holds.`],
    });
  },
};

function rowOf(fact: Fact): readonly (string | number | null)[] {
  if (fact.type === 'operator.acted') return [fact.at, fact.type, fact.who?.id ?? null, text(fact, 'action'), text(fact, 'object'), isTrue(fact, 'ok') ? 1 : 0, fact.leaf];
  if (fact.type === 'evidence.exported') return [fact.at, fact.type, fact.who?.id ?? null, `pack, manifest ${text(fact, 'manifest')}`, `scope ${text(fact, 'scope')}, leaves ${count(fact, 'from')} to ${count(fact, 'to') - 1}`, count(fact, 'count'), fact.leaf];
  return [fact.at, fact.type, fact.who?.id ?? null, text(fact, 'what'), text(fact, 'filter'), count(fact, 'count'), fact.leaf];
}
