/** What a cell holds. Null is shown empty. */
export type Cell = string | number | boolean | null;

/** Rows under named columns, in an order that does not depend on anything but the rows. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export const table = (columns: readonly string[], rows: readonly (readonly Cell[])[] = []): Table => ({ columns, rows });

/** Text order by code unit: the same on every machine, whatever its language. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** A list in one cell. */
export const joined = (values: Iterable<string>): string => [...new Set(values)].sort(byText).join('; ');
