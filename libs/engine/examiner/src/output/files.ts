import type { ControlResult } from '../control.ts';
import type { Examination } from '../examination.ts';
import { citationsOf, mappings, mappingsVersion } from '../mappings/mappings.ts';
import { frameworks } from '../mappings/frameworks.ts';
import { csv } from './csv.ts';

/** What a pack has of one control: four files in its folder. */
export interface ControlFiles {
  readonly id: string;
  readonly result: string;
  readonly exceptions: string;
  /** Rows without the header line. */
  readonly rows: { readonly results: number; readonly exceptions: number };
  /** In words, as an SQL comment: there is no database behind a pack, its input is the events in it. */
  readonly query: string;
  readonly narrative: string;
}

/** The pack's texts that people read. Lines end with LF, those of CSV with CRLF. */
export interface PackTexts {
  readonly controls: readonly ControlFiles[];
  /** mappings.json. */
  readonly mappings: string;
  /** All controls with their state, as CSV. */
  readonly overview: string;
}

export function packTexts(examination: Examination, results: readonly ControlResult[]): PackTexts {
  return {
    mappings: `${JSON.stringify(mappings(), null, 1)}\n`,
    overview: csv({ columns: ['control', 'title', 'state', 'rows', 'exceptions', 'reason'], rows: results.map(({ control, state, reason, result, exceptions }) => [control.id, control.title, state, result.rows.length, exceptions.rows.length, reason]) }),
    controls: results.map((result) => ({
      id: result.control.id,
      result: csv(result.result),
      exceptions: csv(result.exceptions),
      rows: { results: result.result.rows.length, exceptions: result.exceptions.rows.length },
      query: query(result),
      narrative: narrative(result, examination),
    })),
  };
}

function narrative({ control, state, figures, story }: ControlResult, { period, scope, leaves }: Examination): string {
  const cites = citationsOf(control.id);
  return [
    `# ${control.id} ${control.title}`,
    '',
    `*${control.question}*`,
    '',
    `State: **${state}**. Period ${period.from} to ${period.to}, scope ${scope}, leaves ${leaves.from} to ${leaves.to - 1}.`,
    '',
    ...story.flatMap((sentence) => [sentence, '']),
    ...(figures.length === 0 ? [] : [...figures.map(({ name, value }) => `- ${name}: ${value}`), '']),
    `What counts as an exception: ${control.exception}`,
    '',
    `Produces evidence for (mappings ${mappingsVersion}): ${frameworks.map(({ id, title, edition }) => `${id === 'ffiec' ? 'FFIEC' : `${title} ${edition}`}: ${cites[id].map((citation) => citation.id).join(', ')}`).join(' · ')}.`,
    '',
  ].join('\n');
}

const query = ({ control }: ControlResult): string =>
  [`${control.id}: how it is computed`, '', control.query, '', `Events read: ${control.reads.length === 0 ? 'none yet' : control.reads.join(', ')}.`, 'The input is the events of this pack and nothing else, so anybody can compute it again from the pack.']
    .map((line) => `-- ${line}`.trimEnd())
    .concat('')
    .join('\n');
