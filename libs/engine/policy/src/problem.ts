/** Something wrong with a policy. An `error` keeps the set from being used; a `warning` does not. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  /** The rule's id, or null where none could be read. */
  readonly rule: string | null;
  /** From 1; the column counts characters. */
  readonly line: number;
  readonly column: number;
  readonly say: string;
  readonly hint: string | null;
}

/** `ledger.cedar:12:3: error: drop-guard: unrecognized action … (did you mean …)`, for people and editors. */
export function describeProblem(problem: Problem): string {
  const rule = problem.rule === null ? '' : `${problem.rule}: `;
  const hint = problem.hint === null ? '' : ` (${problem.hint})`;
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.severity}: ${rule}${problem.say}${hint}`;
}

/** Line and column of an offset in UTF-16 units. */
export function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

/** Cedar counts bytes of UTF-8; files are handled in UTF-16 units. */
export function unitsBefore(text: string, bytes: number): number {
  return Buffer.from(text, 'utf8').subarray(0, bytes).toString('utf8').length;
}
