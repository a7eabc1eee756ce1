import type { PolicySet } from '@sallyport/engine-policy';
import type { SimulatedChange, Simulation } from '@sallyport/platform-bus';
import type { Inventory } from '../inventory/inventory.ts';
import type { Past } from './history.ts';
import type { Pace } from './pace.ts';
import { Trial } from './trial.ts';

type Counted = Pick<Simulation, 'commands' | 'distinct' | 'same' | 'changed' | 'changes' | 'told' | 'undecided' | 'passed'>;

const mostTold = 500;
const mostEffects = 5;

/** What a draft decides otherwise than it was decided. Each distinct decision is tried once, however many commands it stands for. */
export async function simulate(set: PolicySet, past: readonly Past[], inventory: Inventory, pace: Pace): Promise<Counted> {
  const trial = new Trial(set, inventory);
  const changes = new Map<string, { -readonly [K in keyof SimulatedChange]: SimulatedChange[K] }>();
  const undecided = new Map<string, { rules: string[]; needs: string[]; commands: number; example: string }>();
  const passed = new Map<string, { why: string; commands: number; example: string }>();
  let [commands, same, changed] = [0, 0, 0];
  for (const one of past) {
    await pace.step();
    commands += one.commands;
    const judged = trial.judge(one);
    if (judged.kind === 'passed') add(passed, judged.why, () => ({ why: judged.why, commands: 0, example: one.example }), one);
    else if (judged.kind === 'undecided') add(undecided, judged.rules.join(' '), () => ({ rules: [...judged.rules], needs: [...judged.needs], commands: 0, example: one.example }), one);
    else if (one.byGate && judged.decision !== 'deny') add(passed, byGate, () => ({ why: byGate, commands: 0, example: one.example }), one);
    else if (judged.decision === one.decision) same += one.commands;
    else {
      changed += one.commands;
      const effects = (judged.effects.length === 0 ? one.effects : judged.effects).slice(0, mostEffects);
      const key = [one.machine, one.target, one.role, one.decision, judged.decision, ...effects].join('\0');
      const last = one.last.toISOString();
      const row = changes.get(key);
      if (row === undefined) changes.set(key, { machine: one.machine, target: one.target, role: one.role, from: one.decision, to: judged.decision, effects: [...effects], commands: one.commands, rules: [...judged.rules], example: one.example, last });
      else {
        row.commands += one.commands;
        row.rules = [...new Set([...row.rules, ...judged.rules])].sort();
        if (last > row.last) row.last = last;
      }
    }
  }
  const told = [...changes.values()].sort((a, b) => b.commands - a.commands || (a.machine < b.machine ? -1 : 1));
  return { commands, distinct: past.length, same, changed, changes: told.length, told: told.slice(0, mostTold), undecided: sorted(undecided), passed: sorted(passed) };
}

const byGate = 'refused by the gateway’s own rule about classified columns, whatever the policy says';

function add<T extends { commands: number }>(into: Map<string, T>, key: string, fresh: () => T, { commands }: Past): void {
  const row = into.get(key) ?? fresh();
  row.commands += commands;
  into.set(key, row);
}

const sorted = <T extends { readonly commands: number }>(rows: ReadonlyMap<string, T>): T[] => [...rows.values()].sort((a, b) => b.commands - a.commands).slice(0, 200);
