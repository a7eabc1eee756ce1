import type { Control } from '../control.ts';
import { count, millis, text, texts, type Fact } from '../fact.ts';
import { table, type Cell } from '../table.ts';
import { answer, noData, plural } from './no-data.ts';

const columns = ['what', 'name', 'by', 'at', 'detail', 'leaf'];
const dayMs = 86_400_000;
/** A session may run into the day after the one of its key. */
const keyDays = 2;

export const ep14: Control = {
  id: 'EP-14',
  title: 'Retention, holds and disposal',
  question: 'Is evidence kept as long as it must be, and disposed of with authority only?',
  exception: 'A month was purged, or a key destroyed, before the time of its class as this pack shows it; a hold was ended, or an erasure ordered, by the person who had asked for it; a key was destroyed for an erasure that nobody is seen to have ordered; a month was purged within the time of a hold that stood.',
  query: 'retention.changed (classes and their days), hold.placed, hold.release_requested and hold.released, erasure.requested and erasure.confirmed, key.destroyed, and retention.purged, in the order of the log. A purge is held against the last retention.changed of its class before it; a hold stands from hold.placed to hold.released.',
  reads: ['retention.changed', 'hold.placed', 'hold.release_requested', 'hold.released', 'erasure.requested', 'erasure.confirmed', 'key.destroyed', 'retention.purged'],
  examine: ({ of }) => {
    const facts = of('retention.changed', 'hold.placed', 'hold.release_requested', 'hold.released', 'erasure.requested', 'erasure.confirmed', 'key.destroyed', 'retention.purged');
    if (facts.length === 0) return noData('no class was set, nothing was held, purged or shredded in this pack', columns);
    const [placed, released, purged, keys] = [of('hold.placed'), of('hold.released'), of('retention.purged').filter((fact) => count(fact, 'part') === 1), of('key.destroyed')];
    const wrong = [...tooEarly(facts), ...alone(facts), ...unordered(facts), ...underHold(purged, placed, released)];
    return answer({
      figures: [{ name: 'holds placed', value: placed.length }, { name: 'holds released', value: released.length }, { name: 'months purged', value: purged.length }, { name: 'keys destroyed', value: keys.length }, { name: 'erasures ordered', value: of('erasure.confirmed').length }],
      result: table(columns, facts.map(rowOf)),
      exceptions: table(['name', 'exception', 'at', 'leaf'], wrong.map(({ fact, say }) => [nameOf(fact), say, fact.at, fact.leaf])),
      story: [`${plural(placed.length, 'hold')} placed and ${released.length} released; ${plural(purged.length, 'month')} purged and ${plural(keys.length, 'key')} destroyed. Each purge and each destroyed key is in the log before it was done, and names what it took.`],
      missing: 'holds that were placed before this pack, and whether the oldest event that is still there is as old as its class demands',
    });
  },
};

interface Wrong {
  readonly fact: Fact;
  readonly say: string;
}

const nameOf = (fact: Fact): string => text(fact, 'hold') || text(fact, 'session') || text(fact, 'key') || text(fact, 'table') || text(fact, 'class');

function rowOf(fact: Fact): readonly Cell[] {
  const detail: Readonly<Record<string, string>> = {
    'retention.changed': `${text(fact, 'days')} days`,
    'hold.placed': ['session', 'machine', 'target', 'from', 'to'].filter((name) => text(fact, name) !== '').map((name) => `${name} ${text(fact, name)}`).join(', ') || 'everything',
    'hold.released': `asked for by ${text(fact, 'requested_by')}`,
    'erasure.confirmed': `asked for by ${text(fact, 'requested_by')}`,
    'key.destroyed': `${text(fact, 'why')}, day ${text(fact, 'day')}`,
    'retention.purged': `${text(fact, 'from').slice(0, 10)} to ${text(fact, 'to').slice(0, 10)}, part ${text(fact, 'part')} of ${text(fact, 'parts')}`,
  };
  return [fact.type, nameOf(fact), fact.who?.id ?? '', fact.at, detail[fact.type] ?? text(fact, 'reason'), fact.leaf];
}

/** Against the class as it stood then; of a class that this pack does not show, nothing is said. */
function tooEarly(facts: readonly Fact[]): Wrong[] {
  const days = new Map<string, number>();
  return facts.flatMap((fact) => {
    if (fact.type === 'retention.changed') days.set(text(fact, 'class'), count(fact, 'days'));
    const kept = days.get(text(fact, 'class'));
    if (kept === undefined) return [];
    if (fact.type === 'retention.purged' && millis(fact.at) < millis(text(fact, 'to')) + kept * dayMs) return [{ fact, say: `purged before the ${kept} days of its class were over` }];
    if (fact.type === 'key.destroyed' && text(fact, 'why') === 'expired' && millis(fact.at) < millis(text(fact, 'day')) + (kept + keyDays) * dayMs) return [{ fact, say: `destroyed before the ${kept} days of its class were over` }];
    return [];
  });
}

/** Where fields are withheld, people cannot be told apart: they are not compared. */
function alone(facts: readonly Fact[]): Wrong[] {
  return facts.flatMap((fact) => {
    const by = text(fact, 'requested_by');
    return (fact.type === 'hold.released' || fact.type === 'erasure.confirmed') && by !== '' && by !== '~' && fact.who?.id === `person:${by}` ? [{ fact, say: 'ended by the person who had asked for it' }] : [];
  });
}

function unordered(facts: readonly Fact[]): Wrong[] {
  const ordered = new Set<string>();
  return facts.flatMap((fact) => {
    if (fact.type === 'erasure.confirmed') ordered.add(text(fact, 'session'));
    if (fact.type !== 'key.destroyed' || text(fact, 'why') !== 'erased') return [];
    const without = texts(fact, 'sessions').filter((session) => !ordered.has(session));
    return without.length === 0 ? [] : [{ fact, say: `destroyed for the erasure of ${without.join(', ')}, which is not seen to be ordered in this pack` }];
  });
}

/** By the hold's own time; one of a session is not looked at, since a month says nothing of sessions. */
function underHold(purged: readonly Fact[], placed: readonly Fact[], released: readonly Fact[]): Wrong[] {
  const end = new Map(released.map((fact) => [text(fact, 'hold'), fact.leaf]));
  return purged.filter((fact) => text(fact, 'table').startsWith('event')).flatMap((fact) => {
    const standing = placed.filter((hold) => text(hold, 'session') === '' && hold.leaf < fact.leaf && (end.get(text(hold, 'hold')) ?? Number.POSITIVE_INFINITY) > fact.leaf && touches(hold, fact));
    return standing.map((hold) => ({ fact, say: `purged while hold ${text(hold, 'hold')} stood` }));
  });
}

const touches = (hold: Fact, month: Fact): boolean => (text(hold, 'from') === '' || text(hold, 'from') < text(month, 'to')) && (text(hold, 'to') === '' || text(hold, 'to') > text(month, 'from'));
