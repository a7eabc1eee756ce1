import { z } from 'zod';
import { frame } from './frame.ts';
import type { Out } from './out.ts';
import { fields, pageWidth, wrap } from './table.ts';
import { visibleLine } from './visible.ts';

/** What this program reads of the API's answers about policies that were tried on the past. */
const policyFile = z.object({ name: z.string(), text: z.string() });
const finding = z.object({ commands: z.number(), example: z.string() });
export const proposal = z.object({
  machine: z.string(), from: z.string(), to: z.string(), upTo: z.number(), digest: z.string(), rules: z.number(), file: policyFile, narrowing: policyFile.nullable(),
  check: z.object({ commands: z.number(), allowed: z.number(), held: z.number(), denied: z.number(), undecided: z.number(), wrong: z.array(finding.extend({ say: z.string() })) }),
  left: z.array(finding.extend({ what: z.string(), why: z.string() })),
});
export type Proposal = z.infer<typeof proposal>;

const simulatedChange = z.object({ machine: z.string(), target: z.string(), role: z.string(), from: z.string(), to: z.string(), effects: z.array(z.string()), commands: z.number(), rules: z.array(z.string()), example: z.string(), last: z.string() });
type SimulatedChange = z.infer<typeof simulatedChange>;
export const simulation = z.object({
  digest: z.string(), from: z.string(), to: z.string(), upTo: z.number(), commands: z.number(), distinct: z.number(), same: z.number(), changed: z.number(), changes: z.number(), told: z.array(simulatedChange),
  undecided: z.array(finding.extend({ rules: z.array(z.string()), needs: z.array(z.string()) })), passed: z.array(finding.extend({ why: z.string() })), assumes: z.array(z.string()), warnings: z.array(z.string()),
});
export type Simulation = z.infer<typeof simulation>;

/** A bullet whose text goes on indented. */
const bullet = (text: string): string => wrap(visibleLine(text), pageWidth() - 4).map((line, i) => `${i === 0 ? '  - ' : '    '}${line}`).join('\n');
const times = (count: number): string => (count === 1 ? 'one command' : `${count} commands`);

/** @param which the file that was asked for; null where nothing can be said @param written where it was written to */
export function proposalText(value: Proposal, which: Proposal['file'] | null, written: string | null, out: Pick<Out, 'paint'>): string {
  const { machine, from, to, upTo, rules, check, left } = value;
  const { commands, allowed, held, denied, undecided, wrong } = check;
  const head = fields([
    ['machine', machine], ['used', `${from} to ${to}, as far as leaf ${upTo} of the ledger`], ['rules', `${rules} in the least policy`],
    ['tried', `on ${times(commands)}: ${allowed} allowed, ${held} held, ${denied} denied, ${undecided} not decided by what was recorded`],
  ], 'wrapped');
  const wrongs = wrong.length === 0 ? [] : [out.paint('bad', 'it decides otherwise than was decided, and must not be used:'), ...wrong.map(({ say, commands: count, example }) => bullet(`${say} (${times(count)}, session ${example})`))];
  const lefts = left.length === 0 ? [] : ['used, and not in it:', ...left.map(({ what, why, commands: count }) => bullet(`${what}: ${why} (${times(count)})`))];
  const file = which === null ? ['there is nothing to narrow the policy in force to'] : written === null ? [frame(which.name, which.text.trimEnd())] : [visibleLine(`written: ${written}`)];
  return [head, ...wrongs, ...lefts, ...file].join('\n');
}

export function simulationText({ from, to, upTo, commands, distinct, same, changed, changes, told, undecided, passed, assumes, warnings }: Simulation, out: Pick<Out, 'paint'>): string {
  const sum = (rows: readonly { readonly commands: number }[]): number => rows.reduce((total, row) => total + row.commands, 0);
  const head = fields([
    ['tried', `on ${times(commands)} (${distinct} distinct), ${from} to ${to}, as far as leaf ${upTo} of the ledger`],
    ['result', `${changed} decided otherwise, ${same} as before, ${sum(undecided)} undecided, ${sum(passed)} not tried`],
  ], 'wrapped');
  const changedText = told.length === 0 ? ['nothing would have been decided otherwise'] : ['', 'decided otherwise', ...told.map(changeLines), ...(changes > told.length ? [`  and ${changes - told.length} more changes`] : [])];
  return [
    head, ...warnings.map((warning) => out.paint('bad', visibleLine(warning))), ...changedText,
    ...(undecided.length === 0 ? [] : ['', 'undecided: they hang on what was not recorded', ...undecided.map(({ rules, needs, commands: count, example }) => bullet(`${times(count)}, by ${rules.join(', ')}${needs.length === 0 ? '' : `, which ask for ${needs.join(', ')}`}; session ${example}`))]),
    ...(passed.length === 0 ? [] : ['', 'not tried', ...passed.map(({ why, commands: count }) => bullet(`${times(count)}: ${why}`))]),
    ...(assumes.length === 0 ? [] : ['', 'assumed', ...assumes.map(bullet)]),
  ].join('\n');
}

/** A change and the objects that it is about; names are never cut off, since they are what is looked for. */
function changeLines({ machine, target, role, from, to, effects, commands, rules, example }: SimulatedChange): string {
  const head = bullet(`${from} → ${to}: ${times(commands)} of ${machine} on ${role === '' ? target : `${role}@${target}`}, by ${rules.join(', ') || 'no rule'}; session ${example}`);
  return [head, ...effects.flatMap((effect) => wrap(visibleLine(effect), pageWidth() - 8).map((line, i) => `${i === 0 ? '      ' : '        '}${line}`))].join('\n');
}
