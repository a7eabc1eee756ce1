import type { Control } from '../control.ts';
import { count, machineOf, text, type Fact } from '../fact.ts';
import { byText, joined, table } from '../table.ts';
import { answer, plural } from './no-data.ts';

export const ep01: Control = {
  id: 'EP-01',
  title: 'Inventory of machines',
  question: 'Is there an inventory of every non-human identity, with an accountable owner?',
  exception: 'A machine acted without an owner, or after it had been removed from the configuration.',
  query: 'Take every machine that a config.changed event of kind Machine names, and every machine that an event names as its actor. For each: the last change, its owner as of its last act, its first and last act, sessions opened, targets reached.',
  reads: ['config.changed', 'every event whose actor is a machine'],
  examine: ({ of, facts, sessions }) => {
    const changes = Map.groupBy(of('config.changed').filter((fact) => text(fact, 'kind') === 'Machine'), (fact) => text(fact, 'name'));
    const acts = Map.groupBy(facts.filter((fact) => machineOf(fact) !== null), (fact) => machineOf(fact) ?? '');
    const names = [...new Set([...changes.keys(), ...acts.keys()])].sort(byText);
    const columns = ['machine', 'owner', 'npid', 'last_change', 'version', 'changed_by', 'changed_at', 'first_act', 'last_act', 'sessions', 'targets'];
    const rows = names.map((name) => {
      const change = changes.get(name)?.at(-1);
      const own = inTime(acts.get(name) ?? []);
      const opened = [...sessions.values()].filter(({ machine, opened: event }) => machine === name && event !== null);
      return [name, own.at(-1)?.who?.owner ?? null, own.at(-1)?.who?.npid ?? null, change ? text(change, 'change') : 'none in this pack', change ? count(change, 'version') : null, change?.who?.id ?? null, change?.at ?? null, own[0]?.at ?? null, own.at(-1)?.at ?? null, opened.length, joined(opened.map(({ target }) => target))];
    });
    const exceptions = names.flatMap((name) => [
      ...(acts.get(name) ?? []).filter(({ who }) => !who?.owner).slice(0, 1).map((fact) => [name, 'acted without an owner', fact.at, fact.leaf]),
      ...afterRemoval(changes.get(name) ?? [], acts.get(name) ?? []).map((fact) => [name, 'acted after it was removed', fact.at, fact.leaf]),
    ]);
    return answer({
      figures: [{ name: 'machines', value: names.length }, { name: 'of them active in the period', value: acts.size }, { name: 'changes of machines', value: [...changes.values()].flat().length }],
      result: table(columns, rows),
      exceptions: table(['machine', 'exception', 'at', 'leaf'], exceptions),
      story: [`${plural(names.length, 'machine')} ${names.length === 1 ? 'is' : 'are'} named by the events of this pack; ${acts.size} acted in the period.`, 'A machine that neither changed nor acted in the period is not listed: the pack is computed from its own events alone.'],
      missing: 'purpose, criticality, vendor, backup owner and date of review are not recorded as evidence yet, and neither is whether an owner is still employed',
    });
  },
};

const inTime = (facts: readonly Fact[]): readonly Fact[] => facts.toSorted((a, b) => byText(a.at, b.at) || a.leaf - b.leaf);

/** The first session or login after a removal that no later change takes back. Only those are acts of its own will: an end of what ran is not. */
function afterRemoval(changes: readonly Fact[], acts: readonly Fact[]): readonly Fact[] {
  const last = changes.at(-1);
  if (last === undefined || text(last, 'change') !== 'removed') return [];
  return inTime(acts).filter(({ type, at }) => (type === 'auth.ok' || type === 'session.opened') && at > last.at).slice(0, 1);
}
