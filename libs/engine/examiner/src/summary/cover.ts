import type { ControlResult } from '../control.ts';
import type { Examination } from '../examination.ts';
import { colour, margin, moment, pageWidth, shown, type PrintNode } from './node.ts';

/** What the cover says of the pack besides what the controls were given. */
export interface SummaryOf {
  readonly tenant: string;
  /** Size and root (base64) of the checkpoint that the pack ends with; null when it was made without. */
  readonly checkpoint: { readonly origin: string; readonly size: number; readonly root: string } | null;
  readonly generator: string;
}

export function cover(examination: Examination, results: readonly ControlResult[], { tenant, checkpoint, generator }: SummaryOf): readonly PrintNode[] {
  const { period, scope, leaves, facts, seed } = examination;
  const rows: [string, string][] = [
    ['Tenant', shown(tenant)],
    ['Period', `${moment(period.from)} to ${moment(period.to)} UTC, the end not included`],
    ['Scope', shown(scope)],
    ['Log', checkpoint === null ? 'no checkpoint: this pack cannot be checked against the log' : shown(checkpoint.origin)],
    ...(checkpoint === null ? [] : ([['Checkpoint', `${checkpoint.size} leaves, root ${checkpoint.root}`]] satisfies [string, string][])),
    ['Leaves', leaves.to === leaves.from ? 'none' : `${leaves.from} to ${leaves.to - 1}: ${facts.length} shown, ${leaves.to - leaves.from - facts.length} as hashes only`],
    ['Sample', `seed "${shown(seed)}"`],
    ['Made by', shown(generator)],
  ];
  return [
    { canvas: [{ type: 'rect', x: -margin, y: -margin, w: pageWidth + 2 * margin, h: 150, color: colour.deep }] },
    { text: 'SALLYPORT', style: 'brand', absolutePosition: { x: margin, y: 44 } },
    { text: 'Examiner pack', style: 'title', absolutePosition: { x: margin, y: 64 } },
    { text: 'Summary of the evidence on access by machines', style: 'subtitle', absolutePosition: { x: margin, y: 104 } },
    { margin: [0, 14, 0, 18], layout: 'fields', table: { widths: [76, '*'], body: rows.map(([name, value]) => [{ text: name, style: 'label' }, { text: value }]) } },
    tiles(examination, results),
    { text: 'How to read this', style: 'h2', margin: [0, 18, 0, 4] },
    {
      ul: [
        'Each control answers one question that an examiner asks, from the events in this pack and from nothing else. The tables behind every figure are in controls/ as CSV, the query beside them.',
        'An exception is something that somebody has to explain. It is no proof of a fault, and that there is none is no proof that nothing was wrong.',
        '"No data yet" means that nothing is recorded that could answer the question. "Partial" means that a part of it is open; the text says which.',
        'This pack produces evidence for the requirements that are named. Whether they are met is for the institution and its examiner to judge.',
        'Do not trust this paper: the events, their proofs and VERIFY.md are in the pack, and the verifier needs none of our servers.',
      ],
    },
  ];
}

function tiles({ sessions, of, approvals }: Examination, results: readonly ControlResult[]): PrintNode {
  const exceptions = results.reduce((sum, result) => sum + result.exceptions.rows.length, 0);
  const figures: [string, number, string][] = [
    ['sessions', sessions.size, colour.deep],
    ['decisions', of('command.decided').length, colour.deep],
    ['approvals', approvals.size, colour.deep],
    ['exceptions', exceptions, exceptions === 0 ? colour.good : colour.bad],
    ['controls answered', results.filter(({ state }) => state !== 'no data yet').length, colour.deep],
  ];
  return { layout: 'tiles', table: { widths: figures.map(() => '*'), body: [figures.map(([, n, color]) => ({ text: String(n), style: 'tile', color })), figures.map(([name]) => ({ text: name, style: 'tileName' }))] } };
}
