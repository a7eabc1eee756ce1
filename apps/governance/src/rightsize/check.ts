import type { PolicySet } from '@sallyport/engine-policy';
import type { Proposal } from '@sallyport/platform-bus';
import type { Inventory } from '../inventory/inventory.ts';
import type { Past } from './history.ts';
import type { Pace } from './pace.ts';
import { Trial } from './trial.ts';

export interface Checking {
  readonly set: PolicySet;
  readonly past: readonly Past[];
  readonly inventory: Inventory;
  /** Forbids in force that the set has under another id, by that id. */
  readonly kept: ReadonlyMap<string, string>;
  /** The policy version in force. */
  readonly version: number;
  /** Effects that the set leaves out on purpose, which is told by itself. */
  readonly left: ReadonlySet<string>;
  readonly pace: Pace;
}

type Found = Proposal['check'];

/**
 * Replays the recording over a proposal. Where the answer hangs on a forbid that was taken over word by word, the recording itself has it: a command that this forbid denied then is denied by it now,
 * and one that was allowed under the very version in force was not forbidden by it.
 */
export async function check({ set, past, inventory, kept, version, left, pace }: Checking): Promise<Found> {
  const trial = new Trial(set, inventory);
  const originals = new Set(kept.values());
  const found = { commands: 0, allowed: 0, held: 0, denied: 0, undecided: 0 };
  const wrong: Found['wrong'] = [];
  const alsoAllowed = new Set(past.filter(({ decision }) => decision !== 'deny').map(likeness));
  for (const one of past) {
    await pace.step();
    found.commands += one.commands;
    const judged = trial.judge(one);
    if (judged.kind === 'passed') {
      found.undecided += one.commands;
      continue;
    }
    const said = judged.kind === 'decided' ? judged.decision : settled(one, judged, { originals, kept, version });
    // Denied at one time and allowed at another, and the recording does not say by what they differ: nothing is wrong with permitting it, and nothing is proven.
    const leftOut = one.decision !== 'deny' && said === 'deny' && one.effects.some((effect) => left.has(effect));
    if (said === null || leftOut || (one.decision === 'deny' && said === 'allow' && alsoAllowed.has(likeness(one)))) {
      found.undecided += one.commands;
      continue;
    }
    if (said === 'allow') found.allowed += one.commands;
    else if (said === 'hold') found.held += one.commands;
    else found.denied += one.commands;
    const say = complaint(one, said);
    if (say !== null) wrong.push({ say: `${say}: ${one.effects.slice(0, 3).join(', ')} on ${one.target}`, commands: one.commands, example: one.example });
  }
  return { ...found, wrong: wrong.sort((a, b) => b.commands - a.commands).slice(0, 100) };
}

function settled(one: Past, judged: { readonly least: Past['decision']; readonly most: Past['decision']; readonly rules: readonly string[] }, { originals, kept, version }: { originals: ReadonlySet<string>; kept: ReadonlyMap<string, string>; version: number }): Past['decision'] | null {
  if (!judged.rules.every((rule) => kept.has(rule))) return null;
  if (one.decision === 'deny') return one.rules.some((rule) => originals.has(rule)) ? 'deny' : null;
  if (one.decision === 'hold' && one.rules.some((rule) => originals.has(rule))) return judged.most === 'allow' || judged.most === 'hold' ? 'hold' : null;
  return one.policy === version ? judged.most : null;
}

function complaint(one: Past, said: Past['decision']): string | null {
  if (one.decision === said) return null;
  if (one.decision === 'allow') return `was allowed and would be ${said === 'hold' ? 'held' : 'denied'}`;
  if (one.decision === 'hold') return said === 'allow' ? 'was held and would be allowed' : null;
  if (said !== 'allow') return null;
  // Denied by the gateway's own rule, which stands whatever policy says.
  return one.byGate ? null : 'was denied and would be allowed';
}

const likeness = ({ target, role, protocol, reading, kind, effects }: Past): string => [target, role, protocol, reading, kind, ...effects].join('\0');
