import type { Examination } from './examination.ts';
import type { Table } from './table.ts';

/**
 * `computed`: the events of the pack answer the question. `partial`: they answer a part of it, `reason` says which is missing.
 * `no data yet`: nothing is recorded yet that would answer it, `reason` says what.
 */
export type ControlState = 'computed' | 'partial' | 'no data yet';

export interface Figure {
  readonly name: string;
  readonly value: string | number;
}

export interface Excerpt extends Table {
  readonly title: string;
}

/** What a control found. */
export interface Answer {
  readonly state: ControlState;
  readonly reason: string | null;
  readonly figures: readonly Figure[];
  readonly result: Table;
  /** What somebody has to explain. A row is no proof of a fault, and no rows are no proof that there is none. */
  readonly exceptions: Table;
  /** A part of the result that the printed summary shows too. */
  readonly excerpt?: Excerpt;
  /** Plain sentences with the figures. "Produces evidence for", never "compliant". */
  readonly story: readonly string[];
}

/** One of EP-01 … EP-20. */
export interface Control {
  readonly id: string;
  readonly title: string;
  /** As an examiner asks it. */
  readonly question: string;
  /** What counts as an exception. */
  readonly exception: string;
  /** The query in words, exact enough to be done by hand. */
  readonly query: string;
  /** Event types that it reads. Empty while none exists that would answer it. */
  readonly reads: readonly string[];
  /** Pure: the same events give the same answer. */
  readonly examine: (examination: Examination) => Answer;
}

export interface ControlResult extends Answer {
  readonly control: Control;
}
