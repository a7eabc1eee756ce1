import { controls } from '../controls/index.ts';
import { citations, type Citation } from './citations.ts';
import { ffiecDocuments, frameworks, type Framework } from './frameworks.ts';

/** Raised with every change of a citation, an edition or a question, so that two packs can be compared. */
export const mappingsVersion = '2026-11.2';

/** What is written to mappings.json. */
export interface Mappings {
  readonly version: string;
  readonly note: string;
  readonly frameworks: readonly Framework[];
  readonly ffiecDocuments: typeof ffiecDocuments;
  readonly controls: readonly { readonly id: string; readonly title: string; readonly question: string; readonly cites: Readonly<Record<Framework['id'], readonly Citation[]>> }[];
}

export function mappings(): Mappings {
  return {
    version: mappingsVersion,
    note: 'A citation says for which requirement a control produces evidence. Whether the requirement is met is for the institution and its examiner to judge. `main`: answered first. `checked`: the text of the requirement was read when this table was made; read the others before you quote them.',
    frameworks,
    ffiecDocuments,
    controls: controls.map(({ id, title, question }) => ({ id, title, question, cites: citationsOf(id) })),
  };
}

export function citationsOf(control: string): Readonly<Record<Framework['id'], readonly Citation[]>> {
  const found = citations[control];
  if (found === undefined) throw new Error(`${control} has no citations`);
  return found;
}
