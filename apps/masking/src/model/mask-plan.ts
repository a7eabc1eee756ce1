import { detectorNames, type ColumnTag, type MaskPlan } from '@sallyport/domain-model';
import type { ClassificationDocument } from '@sallyport/platform-config';
import { canonical, digestOf } from '@sallyport/platform-config';

/**
 * The plan of one target: what its documents say, together. The same content has the same id, whatever the order of documents and
 * of their parts. A target without documents has an empty plan: nothing is masked there.
 * The documents must not contradict each other (`contradictions`).
 */
export function maskPlan(target: string, documents: readonly ClassificationDocument[]): MaskPlan {
  const specs = documents.map(({ spec }) => spec).filter((spec) => spec.target === target);
  const columns = new Map<string, ColumnTag>();
  for (const spec of specs) for (const { column, tag, action } of spec.columns) columns.set(column, { column, tag, action });
  const wanted = new Set(specs.flatMap(({ detectors }) => detectors));
  const content = {
    target,
    columns: [...columns.values()].sort((a, b) => compare(a.column, b.column)),
    detectors: detectorNames.filter((name) => wanted.has(name)),
    large: [...new Set(specs.flatMap(({ large }) => large))].sort(compare),
  };
  return { id: digestOf(canonical(content)), ...content };
}

/** What the id of a plan is the hash of. */
export function planBody({ target, columns, detectors, large }: MaskPlan): string {
  return canonical({ target, columns, detectors, large });
}

/** Two documents (or two lines of one) that give one column different tags or actions. `name` is the later document's. */
export interface Contradiction {
  readonly name: string;
  readonly path: string;
  readonly say: string;
}

/** Every column of a target must have one tag and one action: which of two would hold must not depend on an order that nobody sees. */
export function contradictions(documents: readonly ClassificationDocument[]): Contradiction[] {
  const seen = new Map<string, { tag: string; action: string; name: string }>();
  const found: Contradiction[] = [];
  for (const { metadata, spec } of [...documents].sort((a, b) => compare(a.metadata.name, b.metadata.name))) {
    for (const [i, { column, tag, action }] of spec.columns.entries()) {
      const key = `${spec.target}/${column}`;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, { tag, action, name: metadata.name });
      else if (first.tag !== tag || first.action !== action) {
        found.push({ name: metadata.name, path: `spec.columns[${i}]`, say: `${spec.target}/${column} is ${tag} (${action}) here and ${first.tag} (${first.action}) in ${first.name}: a column has one tag and one action` });
      }
    }
  }
  return found;
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
