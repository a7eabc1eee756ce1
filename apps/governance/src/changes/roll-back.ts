import { z } from 'zod';
import type { Content } from './content.ts';

/** A part that was applied, as it is stored. */
export interface AppliedPart {
  readonly round: number;
  readonly steps: readonly { readonly kind: string; readonly name: string; readonly change: string }[];
  readonly before: readonly { readonly kind: string; readonly name: string; readonly document: unknown }[];
}

const fileText = z.string();

/** What makes the installation as it was before these parts were applied: what they replaced or removed, and without what they created. Where one document was changed by several rounds, what stood first counts. */
export function rollBackOf(parts: readonly AppliedPart[]): Content {
  const seen = new Set<string>();
  const documents: unknown[] = [];
  const policies: { name: string; text: string }[] = [];
  const remove: { kind: string; name: string }[] = [];
  for (const { steps, before } of [...parts].sort((a, b) => a.round - b.round)) {
    const old = new Map(before.map((one) => [`${one.kind}/${one.name}`, one.document]));
    for (const { kind, name, change } of steps) {
      const key = `${kind}/${name}`;
      if (change === 'unchanged' || seen.has(key)) continue;
      seen.add(key);
      if (change === 'created') remove.push({ kind, name });
      else if (kind === 'Policy') policies.push({ name, text: fileText.parse(old.get(key)) });
      else documents.push(old.get(key));
    }
  }
  return { documents, policies, remove, prune: false };
}
