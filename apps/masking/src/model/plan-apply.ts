import { canonical, digestOf, parseDocument, pathText, type ClassificationDocument } from '@sallyport/platform-config';
import { contradictions } from './mask-plan.ts';
import type { Standing } from './standing.ts';

/** One document's step of an apply. */
export interface PlannedChange extends Standing {
  readonly change: 'created' | 'updated' | 'removed' | 'unchanged';
  readonly previous: string | null;
  /** Canonical JSON; null for a removal. */
  readonly body: string | null;
}

interface Removal {
  readonly kind: string;
  readonly name: string;
}

/** Why an apply is refused: one entry a problem. */
export interface ApplyProblem {
  readonly name: string;
  readonly code: 'document' | 'contradiction';
  readonly say: string;
}

export type ApplyPlan =
  | {
      readonly ok: true;
      readonly changes: readonly PlannedChange[];
      /** Every document that stands afterwards. */
      readonly after: readonly ClassificationDocument[];
      /** Targets whose plan may be another one afterwards, sorted. */
      readonly targets: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly ApplyProblem[] };

/** What an apply would do, or everything that speaks against it. `prune` removes what stands and is not among the documents, `remove` what it names. */
export function planApply(standing: readonly Standing[], raw: readonly unknown[], prune: boolean, remove: readonly Removal[] = []): ApplyPlan {
  const { documents, problems } = parseAll(raw);
  const stands = new Set(standing.flatMap(({ name, document }) => (document === null ? [] : [name])));
  for (const { kind, name } of remove) {
    if (kind !== 'Classification' || !stands.has(name)) problems.push({ name, code: 'document', say: `is to be removed, and no ${kind} of that name stands here` });
    else if (documents.some(({ metadata }) => metadata.name === name)) problems.push({ name, code: 'document', say: 'is to be removed and stands among the documents' });
  }
  if (prune && raw.length === 0 && standing.some(({ document }) => document !== null)) {
    problems.push({ name: '', code: 'document', say: 'prune with no documents at all would remove the whole classification' });
  }
  if (problems.length > 0) return { ok: false, problems };

  const before = new Map(standing.map((one) => [one.name, one]));
  const changes = documents.map((document) => planned(before.get(document.metadata.name), document));
  const named = new Set(documents.map(({ metadata }) => metadata.name));
  const others = standing.filter(({ name }) => !named.has(name));
  const going = prune ? others : others.filter(({ name }) => remove.some((one) => one.name === name));
  changes.push(...going.flatMap(removal));
  const after = [...documents, ...others.filter((one) => !going.includes(one)).flatMap(({ document }) => document ?? [])];
  const against = contradictions(after);
  if (against.length > 0) return { ok: false, problems: against.map(({ name, path, say }) => ({ name, code: 'contradiction', say: `${path}: ${say}` })) };

  const touched = changes.filter(({ change }) => change !== 'unchanged').flatMap(({ name, target }) => [target, before.get(name)?.target ?? target]);
  return { ok: true, changes, after, targets: [...new Set(touched)].sort() };
}

function parseAll(raw: readonly unknown[]): { documents: ClassificationDocument[]; problems: ApplyProblem[] } {
  const documents = new Map<string, ClassificationDocument>();
  const problems: ApplyProblem[] = [];
  for (const [i, one] of raw.entries()) {
    const parsed = parseDocument(one);
    const name = nameOf(one, i);
    const refuse = (say: string) => problems.push({ name, code: 'document', say });
    if (!parsed.ok) parsed.problems.forEach(({ path, say }) => refuse(`${pathText(path)}: ${say}`));
    else if (parsed.document.kind !== 'Classification') refuse(`kind: ${parsed.document.kind} is not kept by masking`);
    else if (documents.has(parsed.document.metadata.name)) refuse('metadata.name: stands twice in this apply');
    else documents.set(parsed.document.metadata.name, parsed.document);
  }
  return { documents: [...documents.values()], problems };
}

function planned(before: Standing | undefined, document: ClassificationDocument): PlannedChange {
  const body = canonical(document);
  const digest = digestOf(body);
  const stood = before !== undefined && before.document !== null;
  const same = stood && before.digest === digest;
  return {
    name: document.metadata.name, target: document.spec.target, digest, body, document,
    change: same ? 'unchanged' : stood ? 'updated' : 'created',
    version: same ? before.version : (before?.version ?? 0) + 1,
    previous: before?.digest ?? null,
  };
}

function removal({ name, version, digest, target, document }: Standing): PlannedChange[] {
  if (document === null) return [];
  return [{ name, target, change: 'removed', version: version + 1, digest: digestOf(''), previous: digest, body: null, document: null }];
}

/** What to call a document that may be anything; bounded, since it was not checked. */
function nameOf(raw: unknown, i: number): string {
  const head = typeof raw === 'object' && raw !== null && 'metadata' in raw ? raw.metadata : null;
  return typeof head === 'object' && head !== null && 'name' in head && typeof head.name === 'string' ? head.name.slice(0, 63) : `#${i + 1}`;
}
