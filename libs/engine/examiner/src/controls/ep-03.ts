import type { Control } from '../control.ts';
import type { Examination } from '../examination.ts';
import { text, texts, type Fact } from '../fact.ts';
import { isBefore, secondsBetween } from '../names.ts';
import { byText, table, type Cell } from '../table.ts';
import { entitlementState, type EntitlementCase } from '../views/entitlements.ts';
import { answer, noData, plural } from './no-data.ts';

const daySeconds = 86_400;
/** Days after which a standing entitlement that nobody used is asked about; as `unusedEntitlement` of the governance settings has it where nobody says otherwise. */
export const unusedDays = 60;
/** A standing entitlement that lasts longer ends in name only. */
const longestDays = 366;
/** Effects that one cell names. */
const mostEffects = 20;

const columns = ['entitlement', 'kind', 'machine', 'target', 'role', 'from', 'until', 'limited_by', 'state', 'sessions', 'last_used', 'used_count', 'used', 'leaf'];

export const ep03: Control = {
  id: 'EP-03',
  title: 'Reach and least privilege',
  question: 'What can each identity reach, is that the least it needs, and does it expire?',
  exception: `An entitlement has no end, or one more than ${longestDays} days away; it names everything (*); it was not used: flagged by entitlement.unused, or granted ${unusedDays} days or more before the end of the period, or ended, without a session under it; it was used after it ended.`,
  query: 'For each entitlement: its last entitlement.granted, its end (entitlement.expired, entitlement.revoked), the sessions under it (entitlement.used; of a standing one every session of the same machine, target and role within its time), and the effects of the commands that were allowed in these sessions (command.decided). Sessions whose machine and target have no entitlement in the pack are one row for each machine, target and role.',
  reads: ['entitlement.granted', 'entitlement.used', 'entitlement.expired', 'entitlement.revoked', 'entitlement.unused', 'session.opened', 'command.decided'],
  examine: (examination) => {
    const { entitlements, period } = examination;
    const effects = effectsBySession(examination);
    const cases = [...entitlements.values()];
    const outside = withoutEntitlement(examination, effects);
    if (cases.length + outside.length === 0) return noData('nothing was granted, and no session was opened', columns);
    const wrong = cases.flatMap((one) => faultsOf(one, period.to).map(({ say, fact }) => [say, one.machine, one.target, text(fact, 'role') || null, one.entitlement, fact.at, fact.leaf]));
    const [inForce, used] = [cases.filter((one) => entitlementState(one, period.to) === 'in force').length, cases.filter(({ sessions }) => sessions.length > 0).length];
    return answer({
      figures: [{ name: 'entitlements', value: cases.length }, { name: 'in force at the end', value: inForce }, { name: 'used in the period', value: used }, { name: 'rights used (machine, target, effect)', value: rightsUsed(examination, effects) }, { name: 'reached without one in this pack', value: outside.length }],
      result: table(columns, [...cases.map((one) => rowOf(one, effects, period.to)), ...outside.map(({ row }) => row)]),
      exceptions: table(['exception', 'machine', 'target', 'role', 'entitlement', 'at', 'leaf'], wrong),
      story: [`${plural(cases.length, 'entitlement')} ${cases.length === 1 ? 'is' : 'are'} named by the events of this pack: ${inForce} in force at its end, ${used} used in the period. What was used are the effects of commands that were allowed; a right that no command used is not needed by what was recorded here.`],
      ...(outside.length === 0 ? {} : { missing: `${plural(outside.length, 'combination')} of machine, target and role ${outside.length === 1 ? 'was' : 'were'} used without an entitlement in this pack: it was granted before, or the policy alone lets it in` }),
    });
  },
};

type Effects = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Session → effect → commands. */
function effectsBySession({ commands }: Examination): Effects {
  const found = new Map<string, Map<string, number>>();
  for (const { decisions } of commands.values()) {
    for (const fact of decisions) {
      if (text(fact, 'decision') !== 'allow') continue;
      const own = found.get(fact.sid) ?? new Map<string, number>();
      found.set(fact.sid, own);
      for (const effect of texts(fact, 'effects')) own.set(effect, (own.get(effect) ?? 0) + 1);
    }
  }
  return found;
}

function rightsUsed({ sessions }: Examination, effects: Effects): number {
  const rights = new Set<string>();
  for (const [sid, own] of effects) for (const effect of own.keys()) rights.add(JSON.stringify([sessions.get(sid)?.machine, sessions.get(sid)?.target, effect]));
  return rights.size;
}

function usedOf(sessions: readonly string[], effects: Effects): { readonly count: number; readonly shown: string | null } {
  const sum = new Map<string, number>();
  for (const session of sessions) for (const [effect, n] of effects.get(session) ?? []) sum.set(effect, (sum.get(effect) ?? 0) + n);
  const named = [...sum].sort(([a], [b]) => byText(a, b)).map(([effect, n]) => `${effect} (${n})`);
  return { count: named.length, shown: named.length === 0 ? null : named.length <= mostEffects ? named.join('; ') : `${named.slice(0, mostEffects).join('; ')}; and ${named.length - mostEffects} more` };
}

function rowOf(one: EntitlementCase, effects: Effects, end: string): readonly Cell[] {
  const { granted, sessions } = one;
  const of = (name: string): string | null => (granted === null ? null : text(granted, name) || null);
  const used = usedOf(sessions.map(({ session }) => session), effects);
  return [one.entitlement, of('kind'), one.machine || null, one.target || null, of('role'), of('from'), of('until'), of('limited_by'), entitlementState(one, end), sessions.length, lastOf(sessions.flatMap(({ opened }) => opened?.at ?? [])), used.count, used.shown, (granted ?? one.ended ?? one.used[0])?.leaf ?? null];
}

const lastOf = (moments: readonly string[]): string | null => moments.toSorted(byText).at(-1) ?? null;

function withoutEntitlement({ sessions, entitlements }: Examination, effects: Effects): readonly { readonly row: readonly Cell[] }[] {
  const covered = new Set([...entitlements.values()].flatMap((one) => one.sessions.map(({ session }) => session)));
  const rest = [...sessions.values()].filter(({ session, machine }) => machine !== '' && !covered.has(session) && effects.has(session));
  const groups = [...Map.groupBy(rest, ({ machine, target, opened }) => JSON.stringify([machine, target, opened === null ? '' : text(opened, 'role')]))].sort(([a], [b]) => byText(a, b));
  return groups.flatMap(([, own]) => {
    const [first] = own;
    if (first === undefined) return [];
    const used = usedOf(own.map(({ session }) => session), effects);
    return [{ row: [null, 'not in this pack', first.machine, first.target, first.opened === null ? null : text(first.opened, 'role') || null, null, null, null, null, own.length, lastOf(own.flatMap(({ opened, facts }) => opened?.at ?? facts[0]?.at ?? [])), used.count, used.shown, first.facts[0]?.leaf ?? null] }];
  });
}

function faultsOf(one: EntitlementCase, end: string): readonly { readonly say: string; readonly fact: Fact }[] {
  const { granted, ended, used, unused, sessions } = one;
  const found: { say: string; fact: Fact }[] = [];
  if (granted !== null) {
    const days = secondsBetween(text(granted, 'from'), text(granted, 'until'));
    if (days === null) found.push({ say: 'has no end', fact: granted });
    else if (days > longestDays * daySeconds) found.push({ say: `ends only after ${Math.round(days / daySeconds)} days`, fact: granted });
    if ([text(granted, 'target'), text(granted, 'role')].some((name) => name.includes('*'))) found.push({ say: 'names everything (*)', fact: granted });
  }
  const last = sessions.reduce((leaf, { facts }) => Math.max(leaf, facts[0]?.leaf ?? 0), -1);
  if (unused !== null && last < unused.leaf) found.push({ say: `not used for ${text(unused, 'days')} days`, fact: unused });
  else if (granted !== null && sessions.length === 0 && used.length === 0 && text(granted, 'kind') === 'standing') {
    const days = Math.floor((secondsBetween(text(granted, 'from'), end) ?? 0) / daySeconds);
    if (ended !== null || isBefore(text(granted, 'until'), end)) found.push({ say: 'ended without having been used', fact: ended ?? granted });
    else if (days >= unusedDays) found.push({ say: `not used in the ${days} days since it began`, fact: granted });
  }
  for (const fact of used) if (ended !== null && fact.leaf > ended.leaf) found.push({ say: 'used after it ended', fact });
  return found;
}
