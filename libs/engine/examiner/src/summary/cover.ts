import type { ControlResult } from '../control.ts';
import type { Examination } from '../examination.ts';
import { kindsOf } from './control-section.ts';
import { breakable, colour, margin, moment, pageWidth, shown, type PrintNode } from './node.ts';

/** What the cover says of the pack besides what the controls were given. */
export interface SummaryOf {
  readonly tenant: string;
  /** Size and root (base64) of the checkpoint that the pack ends with; null when it was made without. */
  readonly checkpoint: { readonly origin: string; readonly size: number; readonly root: string } | null;
  readonly generator: string;
  /** When timestamp authorities have seen the two checkpoints, as their tokens in the pack say. */
  readonly times?: { readonly from: Seen | null; readonly to: Seen | null };
  /** Concealed fields that the pack does not open. */
  readonly withheld?: number;
}

export interface Seen {
  /** RFC 3339. */
  readonly time: string;
  readonly authority: string;
}

export function cover(examination: Examination, results: readonly ControlResult[], { tenant, checkpoint, generator, times, withheld }: SummaryOf): readonly PrintNode[] {
  const { period, scope, leaves, facts, seed } = examination;
  const rows: [string, string][] = [
    ['Tenant', shown(tenant)],
    ['Period', `${moment(period.from)} to ${moment(period.to)} UTC, the end not included`],
    ['Scope', shown(scope)],
    ['Log', checkpoint === null ? 'no checkpoint: this pack cannot be checked against the log' : shown(checkpoint.origin)],
    ...(checkpoint === null ? [] : ([['Checkpoint', `${checkpoint.size} leaves, root ${checkpoint.root}`]] satisfies [string, string][])),
    ['Leaves', leaves.to === leaves.from ? 'none' : `${leaves.from} to ${leaves.to - 1}: ${facts.length} shown, ${leaves.to - leaves.from - facts.length} as hashes only`],
    ...witnessed(examination),
    ...stamped(times),
    ...(withheld === undefined || withheld === 0 ? [] : ([['Withheld', `${withheld} fields of the events that are shown; redactions.csv says which and why`]] satisfies [string, string][])),
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
    ...explanations(results),
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

function witnessed({ log }: Examination): [string, string][] {
  if (log === null) return [];
  return [['Witnesses', log.witnesses.length === 0 ? 'none has cosigned the checkpoint' : log.witnesses.map((name) => shown(name)).join(', ')]];
}

/** The bracket, without a word about whether the authorities are to be trusted. */
function stamped(times: SummaryOf['times']): [string, string][] {
  const [from, to] = [times?.from ?? null, times?.to ?? null];
  if (to === null && from === null) return times === undefined ? [] : [['Timestamps', 'none: no authority outside has seen these checkpoints']];
  const said = [
    ...(from === null ? [] : [`not yet there on ${moment(from.time)} UTC (${shown(from.authority)})`]),
    ...(to === null ? [] : [`there before ${moment(to.time)} UTC (${shown(to.authority)})`]),
  ];
  return [['Timestamps', `${said.join('; ')}. The tokens are in the pack: verify them with the authority's root`]];
}

const mostExplained = 6;

/** The controls that ask for an explanation, those with most exceptions first. */
function explanations(results: readonly ControlResult[]): readonly PrintNode[] {
  const open = results.filter(({ exceptions }) => exceptions.rows.length > 0).toSorted((a, b) => b.exceptions.rows.length - a.exceptions.rows.length || (a.control.id < b.control.id ? -1 : 1));
  const heading = { text: 'What asks for an explanation', style: 'h2', margin: [0, 18, 0, 4] };
  if (open.length === 0) return [heading, { text: 'No control found an exception among the events of this pack.' }];
  const body = open.slice(0, mostExplained).map(({ control, exceptions }) => [
    { text: control.id, style: 'td', bold: true }, { text: control.title, style: 'td' }, { text: breakable(kindsOf(exceptions.rows)), style: 'td' },
    { text: String(exceptions.rows.length), style: 'td', bold: true, color: colour.bad, alignment: 'right' },
  ]);
  const more = open.length - body.length;
  return [heading, { layout: 'rows', table: { dontBreakRows: true, widths: [40, 130, '*', 40], body } }, ...(more > 0 ? [{ text: `${more} more controls have exceptions; they are marked on the next page.`, style: 'small', margin: [0, 3, 0, 0] }] : [])];
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
