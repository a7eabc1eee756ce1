import { concealedPerson } from '@sallyport/domain-events';
import type { Control } from '../control.ts';
import { count, isTrue, text, type Fact } from '../fact.ts';
import { joined, table } from '../table.ts';
import { answer, noData, plural } from './no-data.ts';

const columns = ['at', 'event', 'who', 'what', 'filter', 'count', 'leaf'];

/** Acts on evidence itself; everything else that a person does is an act that evidence is about. */
const aboutEvidence = (fact: Fact): boolean => fact.type.startsWith('evidence.') || (fact.type === 'operator.acted' && /^(evidence\.|session\.replay)/.test(text(fact, 'action')));

export const ep17: Control = {
  id: 'EP-17',
  title: 'Who read or exported evidence',
  question: 'Who read or exported evidence, and was any of them looking at their own acts?',
  exception: 'Somebody was refused evidence for want of a role; somebody who acted in the same period (changed the configuration, voted, decided on reviews, granted or revoked access …) also read evidence (nobody should be the only reader of their own acts).',
  query: 'evidence.read and evidence.exported with who, what and how many; operator.acted whose action begins with evidence. or session.replay. Readers are compared with the persons who are the actor of any other event, what they are refused aside. What roles a reader has is not in the events: a read without the role is refused, and the refusal is what is listed.',
  reads: ['evidence.read', 'evidence.exported', 'operator.acted', 'every event whose actor is a person'],
  examine: ({ of, facts }) => {
    const reads = of('evidence.read', 'evidence.exported');
    const attempts = of('operator.acted').filter(aboutEvidence);
    const all = [...reads, ...attempts].sort((a, b) => a.leaf - b.leaf);
    if (all.length === 0) return noData('nobody read or exported evidence in this pack; that this pack was made is recorded after the leaves that it holds', columns);
    const refused = attempts.filter((fact) => !isTrue(fact, 'ok'));
    const actors = Map.groupBy(facts.filter((fact) => fact.who?.id.startsWith('person:') === true && fact.who.id !== concealedPerson && !aboutEvidence(fact) && (fact.type !== 'operator.acted' || isTrue(fact, 'ok'))), ({ who }) => who?.id ?? '');
    const withheld = reads.filter(({ who }) => who?.id === concealedPerson).length;
    const readers = [...Map.groupBy(reads.filter(({ who }) => who !== null && who.id !== concealedPerson), ({ who }) => who?.id ?? '')];
    const both = readers.filter(([who]) => actors.has(who));
    const exceptions = [
      ...refused.map((fact) => ['refused', fact.who?.id ?? null, `${text(fact, 'action')}: ${text(fact, 'code')}`, fact.at, fact.leaf]),
      ...both.map(([who, own]) => ['read evidence of a period with own acts', who, `${plural(own.length, 'read')}; ${plural(actors.get(who)?.length ?? 0, 'act')}: ${joined((actors.get(who) ?? []).map(({ type }) => type))}`, own[0]?.at ?? null, own[0]?.leaf ?? null]),
    ];
    return answer({
      figures: [{ name: 'reads', value: of('evidence.read').length }, { name: 'exports', value: of('evidence.exported').length }, { name: 'readers', value: readers.length }, { name: 'of them without own acts', value: readers.length - both.length }, { name: 'refused', value: refused.length }],
      result: table(columns, all.map(rowOf)),
      exceptions: table(['exception', 'who', 'detail', 'at', 'leaf'], exceptions),
      story: [
        `${plural(reads.length, 'read')} or export by ${plural(readers.length, 'reader')}, ${readers.length - both.length} of whom did nothing else in the period. The reading of evidence is itself recorded before the answer is given; the making of this pack is recorded after the leaves that it holds.`,
      ],
      ...(withheld === 0 ? {} : { missing: `the names behind ${plural(withheld, 'read')} are withheld, so they are not compared with acts` }),
    });
  },
};

function rowOf(fact: Fact): readonly (string | number | null)[] {
  if (fact.type === 'operator.acted') return [fact.at, fact.type, fact.who?.id ?? null, text(fact, 'action'), text(fact, 'object'), isTrue(fact, 'ok') ? 1 : 0, fact.leaf];
  if (fact.type === 'evidence.exported') return [fact.at, fact.type, fact.who?.id ?? null, `pack, manifest ${text(fact, 'manifest')}`, `scope ${text(fact, 'scope')}, leaves ${count(fact, 'from')} to ${count(fact, 'to') - 1}`, count(fact, 'count'), fact.leaf];
  return [fact.at, fact.type, fact.who?.id ?? null, text(fact, 'what'), text(fact, 'filter'), count(fact, 'count'), fact.leaf];
}
