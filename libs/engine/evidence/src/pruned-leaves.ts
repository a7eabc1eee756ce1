/** Leaves [from, to). */
export interface LeafRun {
  readonly from: number;
  readonly to: number;
}

/**
 * Which leaves have no event any more by policy: those that a `retention.purged` of the ledger itself names. Who stores the ledger is not asked; an event
 * that is gone and not named there is missing.
 */
export class PrunedLeaves {
  readonly #runs: LeafRun[] = [];

  /** Takes the data of a `retention.purged`; what has another form names nothing. */
  told(data: unknown): void {
    if (typeof data !== 'object' || data === null || !('leaves' in data) || !Array.isArray(data.leaves)) return;
    for (const run of data.leaves) {
      const [from, to]: unknown[] = Array.isArray(run) ? run : [];
      if (Number.isSafeInteger(from) && Number.isSafeInteger(to) && Number(from) < Number(to)) this.#runs.push({ from: Number(from), to: Number(to) });
    }
  }

  /** Splits leaves without an event into those that are named and those that are not. */
  split(absent: readonly LeafRun[]): { readonly pruned: number; readonly missing: readonly LeafRun[] } {
    const named = merged(this.#runs);
    const missing: LeafRun[] = [];
    let pruned = 0;
    for (const { from, to } of merged(absent)) {
      let at = from;
      for (const run of named) {
        if (run.to <= at || run.from >= to) continue;
        if (run.from > at) missing.push({ from: at, to: run.from });
        const end = Math.min(run.to, to);
        pruned += end - Math.max(run.from, at);
        at = end;
      }
      if (at < to) missing.push({ from: at, to });
    }
    return { pruned, missing };
  }
}

function merged(runs: readonly LeafRun[]): readonly LeafRun[] {
  const out: { from: number; to: number }[] = [];
  for (const run of [...runs].sort((a, b) => a.from - b.from)) {
    const last = out.at(-1);
    if (last !== undefined && run.from <= last.to) last.to = Math.max(last.to, run.to);
    else out.push({ ...run });
  }
  return out;
}
