import { hash } from 'node:crypto';
import { describeProblem, lintPolicySet, readPolicySet, type Inventory as Names, type PolicyFile, type PolicySet, type Problem } from '@sallyport/engine-policy';

/** One file's part in an apply. */
export interface FileChange {
  readonly name: string;
  readonly change: 'created' | 'updated' | 'removed' | 'unchanged';
  readonly digest: string;
  readonly previous: string | null;
}

export type PlannedApply =
  | { readonly ok: true; readonly set: PolicySet; readonly changes: readonly FileChange[]; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Checks files that are to replace the set in force, and says what would change. Any error refuses all of it. */
export function planApply(before: readonly PolicyFile[], files: readonly PolicyFile[], names: Names | null): PlannedApply {
  const read = readPolicySet(files);
  if (!read.ok) return { ok: false, problems: read.problems };
  const problems = [...read.problems, ...lintPolicySet(read.set, names)];
  const errors = problems.filter((problem) => problem.severity === 'error');
  if (errors.length > 0) return { ok: false, problems: errors };
  return { ok: true, set: read.set, changes: fileChanges(before, read.set.files), warnings: problems.map(describeProblem) };
}

function fileChanges(before: readonly PolicyFile[], after: readonly PolicyFile[]): readonly FileChange[] {
  const old = new Map(before.map((file) => [file.name, digestOf(file.text)]));
  const changes = after.map(({ name, text }): FileChange => {
    const previous = old.get(name) ?? null;
    const digest = digestOf(text);
    return { name, change: previous === null ? 'created' : previous === digest ? 'unchanged' : 'updated', digest, previous };
  });
  const kept = new Set(after.map((file) => file.name));
  const removed = before.filter((file) => !kept.has(file.name)).map(({ name }): FileChange => ({ name, change: 'removed', digest: digestOf(''), previous: old.get(name) ?? null }));
  return [...changes, ...removed];
}

const digestOf = (text: string): string => hash('sha256', text, 'hex');
