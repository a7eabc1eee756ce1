import { canonical, digestOf, parseDocument, pathText, type SinkDocument } from '@sallyport/platform-config';

/** What stands under one name: the newest version of a document, or null after its removal. */
export interface Standing {
  readonly name: string;
  readonly version: number;
  readonly digest: string;
  readonly document: SinkDocument | null;
}

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

export interface ApplyProblem {
  readonly name: string;
  readonly say: string;
}

export type ApplyPlan = { readonly ok: true; readonly changes: readonly PlannedChange[] } | { readonly ok: false; readonly problems: readonly ApplyProblem[] };

/** What an apply would do, or everything that speaks against it. `prune` removes what stands and is not among the documents, `remove` what it names. */
export function planApply(standing: readonly Standing[], raw: readonly unknown[], prune: boolean, remove: readonly Removal[] = []): ApplyPlan {
  const { documents, problems } = parseAll(raw);
  const stands = new Set(standing.flatMap(({ name, document }) => (document === null ? [] : [name])));
  for (const { kind, name } of remove) {
    if (kind !== 'Sink' || !stands.has(name)) problems.push({ name, say: `is to be removed, and no ${kind} of that name stands here` });
    else if (documents.some(({ metadata }) => metadata.name === name)) problems.push({ name, say: 'is to be removed and stands among the documents' });
  }
  const goes = (name: string) => prune || remove.some((one) => one.name === name);
  if (prune && raw.length === 0 && standing.some(({ document }) => document !== null)) problems.push({ name: '', say: 'prune with no documents at all would remove every sink' });
  const others = standing.flatMap(({ name, document }) => (document === null || goes(name) || documents.some(({ metadata }) => metadata.name === name) ? [] : [document]));
  problems.push(...placesTwice([...others, ...documents]));
  if (problems.length > 0) return { ok: false, problems };
  const before = new Map(standing.map((one) => [one.name, one]));
  const named = new Set(documents.map(({ metadata }) => metadata.name));
  return { ok: true, changes: [...documents.map((document) => planned(before.get(document.metadata.name), document)), ...standing.filter(({ name }) => !named.has(name) && goes(name)).flatMap(removal)] };
}

function parseAll(raw: readonly unknown[]): { documents: SinkDocument[]; problems: ApplyProblem[] } {
  const documents = new Map<string, SinkDocument>();
  const problems: ApplyProblem[] = [];
  for (const [i, one] of raw.entries()) {
    const parsed = parseDocument(one);
    const name = nameOf(one, i);
    if (!parsed.ok) problems.push(...parsed.problems.map(({ path, say }) => ({ name, say: `${pathText(path)}: ${say}` })));
    else if (parsed.document.kind !== 'Sink') problems.push({ name, say: `kind: ${parsed.document.kind} is not kept by sinks` });
    else if (documents.has(parsed.document.metadata.name)) problems.push({ name, say: 'metadata.name: stands twice in this apply' });
    else documents.set(parsed.document.metadata.name, parsed.document);
  }
  return { documents: [...documents.values()], problems };
}

/** Two writers of one file would tear each other's lines apart; of one place in a bucket, write over each other. */
function placesTwice(documents: readonly SinkDocument[]): ApplyProblem[] {
  const places = new Map<string, string>();
  return documents.flatMap(({ metadata: { name }, spec }) => {
    const [field, place] = spec.type === 'file' ? ['file', spec.file] : 'bucket' in spec ? ['prefix', `${new URL(spec.endpoint).host} ${spec.bucket} ${spec.prefix}`] : [null, ''];
    if (field === null) return [];
    const other = places.get(place);
    places.set(place, name);
    return other === undefined ? [] : [{ name, say: `spec.${field}: ${other} writes it already` }];
  });
}

function planned(before: Standing | undefined, document: SinkDocument): PlannedChange {
  const body = canonical(document);
  const digest = digestOf(body);
  const stood = before !== undefined && before.document !== null;
  const same = stood && before.digest === digest;
  return { name: document.metadata.name, digest, body, document, change: same ? 'unchanged' : stood ? 'updated' : 'created', version: same ? before.version : (before?.version ?? 0) + 1, previous: before?.digest ?? null };
}

function removal({ name, version, digest, document }: Standing): PlannedChange[] {
  return document === null ? [] : [{ name, change: 'removed', version: version + 1, digest: digestOf(''), previous: digest, body: null, document: null }];
}

/** What to call a document that may be anything; bounded, since it was not checked. */
function nameOf(raw: unknown, i: number): string {
  const head = typeof raw === 'object' && raw !== null && 'metadata' in raw ? raw.metadata : null;
  return typeof head === 'object' && head !== null && 'name' in head && typeof head.name === 'string' ? head.name.slice(0, 63) : `#${i + 1}`;
}
