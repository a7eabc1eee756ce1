import type { Control } from '../control.ts';
import { text, texts } from '../fact.ts';
import { byText, table } from '../table.ts';
import { answer, plural } from './no-data.ts';

export const ep03: Control = {
  id: 'EP-03',
  title: 'Reach and least privilege',
  question: 'What can each identity reach, is that the least it needs, and does it expire?',
  exception: 'Not computed yet: it takes the entitlements to compare the use with.',
  query: 'For each allowed command.decided, its effects (verb and object) by machine and target: commands, first and last use.',
  reads: ['command.decided'],
  examine: ({ sessions, commands }) => {
    const used = new Map<string, { machine: string; target: string; effect: string; commands: number; first: string; last: string }>();
    for (const { decisions } of commands.values()) {
      for (const fact of decisions.filter((each) => text(each, 'decision') === 'allow')) {
        const session = sessions.get(fact.sid);
        for (const effect of texts(fact, 'effects')) {
          const [machine, target] = [session?.machine ?? '', session?.target ?? ''];
          const key = JSON.stringify([machine, target, effect]);
          const known = used.get(key) ?? { machine, target, effect, commands: 0, first: fact.at, last: fact.at };
          used.set(key, { ...known, commands: known.commands + 1, first: known.first < fact.at ? known.first : fact.at, last: known.last > fact.at ? known.last : fact.at });
        }
      }
    }
    const rows = [...used].sort(([a], [b]) => byText(a, b)).map(([, { machine, target, effect, commands: n, first, last }]) => [machine, target, effect, n, first, last]);
    return answer({
      figures: [{ name: 'rights used (machine, target, effect)', value: rows.length }],
      result: table(['machine', 'target', 'effect', 'commands', 'first_use', 'last_use'], rows),
      exceptions: table(['exception']),
      story: [`${plural(rows.length, 'combination')} of machine, target and effect ${rows.length === 1 ? 'was' : 'were'} used in the period.`],
      missing: 'what each identity was entitled to, and until when, is not recorded as evidence yet, so use cannot be compared with entitlement',
    });
  },
};
