import { createHash } from 'node:crypto';
import { maxManifestValue, quorum, statementHash, type ManifestAnswer, type ManifestBody, type policyDecide } from '@sallyport/platform-bus';
import type { Quorum } from '@sallyport/domain-model';
import { z } from 'zod';

export type Explanation = z.output<(typeof policyDecide)['value']>;

/** What policy said of one statement; null where it cannot be read, with the reason. */
export type Judgement = { readonly ok: true; readonly value: Explanation } | { readonly ok: false; readonly say: string };

export interface Entry {
  readonly place: number;
  readonly shape: string;
  readonly decision: 'allow' | 'hold';
  readonly times: number;
  /** Null: policy lets it pass anyway. */
  readonly statement: string | null;
}

/** A manifest that people can be asked for. */
export interface Plan {
  readonly entries: readonly Entry[];
  readonly slice: string;
  /** What is approved, as a hash: machine, target, role, each statement and how often, until when. */
  readonly digest: string;
  /** Union of the seats that the statements want. Empty: nothing needs an approval. */
  readonly quorum: readonly Quorum[];
  readonly rules: readonly string[];
  readonly say: string;
}

export interface Wish {
  readonly requester: string;
  readonly machine: string;
  readonly manifest: ManifestBody;
}

export type Planned = { readonly plan: Plan } | { readonly refused: ManifestAnswer['refused'] } | { readonly unsettled: string };

const context = z.object({ slice: z.string(), connect: z.string(), approvers: z.array(quorum) });

/** Puts together what policy said of each statement. Nothing of a manifest is asked for when one of its statements would not run anyway. */
export function planManifest({ requester, machine, manifest }: Wish, judgements: readonly Judgement[]): Planned {
  const { target, role, reason, expiresIn, statements } = manifest;
  const refused = statements.flatMap((statement, at) => unfit(at + 1, statement.parameters, judgements[at]));
  if (refused.length > 0) return { refused };
  const judged = judgements.flatMap((one) => (one.ok ? [{ ...one.value, facts: context.parse(one.value.context) }] : []));
  const slice = judged[0]?.facts.slice ?? '';
  if (judged.length !== statements.length || judged.some(({ facts }) => facts.slice !== slice)) return { unsettled: 'the policy changed while the statements were looked at: try again' };
  const entries = statements.map(({ text, parameters, times }, at): Entry => {
    const [one] = judged[at]?.statements ?? [];
    const [shape, effects] = [one?.shape ?? '', one?.effects.map(({ effect }) => effect) ?? []];
    if (one?.decision !== 'hold') return { place: at + 1, shape, decision: 'allow', times, statement: null };
    return { place: at + 1, shape, decision: 'hold', times, statement: statementHash({ machine, target, role, slice, text, parameters, effects }) };
  });
  const held = judged.filter(({ decision }) => decision === 'hold');
  const digest = createHash('sha256').update(JSON.stringify(['sallyport-manifest-v1', requester, machine, target, role, slice, reason, expiresIn, entries.map(({ statement, times }, at) => [statement ?? statements[at]?.text, times])])).digest('hex');
  return {
    plan: {
      entries, slice, digest, quorum: seats(held.flatMap(({ facts }) => facts.approvers)),
      rules: [...new Set(held.flatMap(({ rules }) => rules))].sort(),
      say: cut([...new Set(held.flatMap(({ say }) => (say === null ? [] : [say])))].join('; '), 500),
    },
  };
}

function unfit(place: number, parameters: readonly (string | null)[], judgement: Judgement | undefined): ManifestAnswer['refused'] {
  const no = (code: ManifestAnswer['refused'][number]['code'], say: string, rules: readonly string[] = []) => [{ place, code, say: cut(say, 500), rules: [...rules] }];
  const long = parameters.findIndex((value) => value !== null && Buffer.byteLength(value) > maxManifestValue);
  if (long >= 0) return no('value-too-long', `the value of $${long + 1} has more than ${maxManifestValue} bytes: people would not be shown all of it`);
  if (judgement === undefined || !judgement.ok) return no('unreadable', judgement?.say ?? 'nothing was said of it');
  const { value } = judgement;
  if (value.statements.length !== 1) return no('several', `this is ${value.statements.length} statements: give each a place of its own`);
  if (context.parse(value.context).connect !== 'allow' || value.decision === 'deny') return no('denied', value.say ?? 'policy denies it', value.rules);
  return [];
}

/** The most that any of them wants of each group. */
function seats(wanted: readonly Quorum[]): Quorum[] {
  const most = new Map<string, number>();
  for (const { group, count } of wanted) most.set(group, Math.max(count, most.get(group) ?? 0));
  return [...most].sort(([a], [b]) => (a < b ? -1 : 1)).map(([group, count]) => ({ group, count }));
}

const cut = (text: string, most: number) => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);
