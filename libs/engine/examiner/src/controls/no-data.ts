import type { Answer, Excerpt } from '../control.ts';
import { table, type Table } from '../table.ts';

/** The answer of a control whose records do not exist yet. It has no figures, so that nobody takes a nought for a result. */
export const noData = (reason: string, columns: readonly string[]): Answer => ({
  state: 'no data yet',
  reason,
  figures: [],
  result: table(columns),
  exceptions: table(columns),
  story: [`No data yet: ${reason}. This pack says nothing for or against this control.`],
});

/** What could be computed. With a reason, a part of the question is open. */
export const answer = (parts: { readonly figures: Answer['figures']; readonly result: Table; readonly exceptions: Table; readonly story: readonly string[]; readonly missing?: string; readonly excerpt?: Excerpt }): Answer => ({
  state: parts.missing === undefined ? 'computed' : 'partial',
  reason: parts.missing ?? null,
  figures: parts.figures,
  result: parts.result,
  exceptions: parts.exceptions,
  ...(parts.excerpt === undefined ? {} : { excerpt: parts.excerpt }),
  story: [...parts.story, ...(parts.missing === undefined ? [] : [`Not answered: ${parts.missing}.`]), exceptionsSay(parts.exceptions.rows.length)],
});

const exceptionsSay = (n: number): string => (n === 0 ? 'No exception was found among the events of this pack.' : `${n} ${n === 1 ? 'exception needs' : 'exceptions need'} an explanation; see exceptions.csv.`);

export const plural = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;
