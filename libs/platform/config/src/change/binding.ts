import { canonical, digestOf } from './canonical.ts';
import type { Seat } from './control.ts';

/** One document's (or policy file's) step of a change, as the service that owns it plans it: what it becomes, and what it has to be before. */
export interface BoundChange {
  readonly kind: string;
  readonly name: string;
  readonly change: 'created' | 'updated' | 'removed' | 'unchanged';
  /** The version that it has afterwards. */
  readonly version: number;
  /** SHA-256 of its canonical JSON (a policy file: of its text) afterwards; of the empty text for a removal. */
  readonly digest: string;
  /** That of what stands before; null where there never was anything. */
  readonly previous: string | null;
}

/**
 * What exactly is approved, as SHA-256 (hex): every document with its content afterwards, its version and what it replaces, those too that stay as they are,
 * and whose approval was asked for. Whoever applies computes it anew from what he is about to write: another content, another state before or other rules of approval
 * give another binding, and the approval is for something else then.
 */
export function changeBinding(owner: string, changes: readonly BoundChange[], approvers: readonly Seat[]): string {
  const steps = changes.map(({ kind, name, change, version, digest, previous }) => [kind, name, change, version, digest, previous] as const);
  const order = (a: readonly unknown[], b: readonly unknown[]) => (`${a[0]}/${a[1]}` < `${b[0]}/${b[1]}` ? -1 : 1);
  return digestOf(canonical({ form: 'sallyport-change/1', owner, approvers: approvers.map(({ group, count }) => [group, count]), steps: [...steps].sort(order) }));
}

/** What the approval of one service's part of a change is about. `round` counts the tests: an approval of an earlier one is for nothing. */
export const changeSubject = (change: string, round: number, owner: string): string => `${change}/${round}/${owner}`;
