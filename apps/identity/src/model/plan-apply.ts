import { lintInventory, parseDocument, pathText, type AnyDocument, type LocatedFinding } from '@sallyport/platform-config';
import { againstLife } from '../lifecycle/against-life.ts';
import { canonical, digestOf, isOwned, ownedKinds, type OwnedDocument, type Standing } from './document.ts';
import type { Inventory } from './inventory.ts';

/** One document's step of an apply. */
export interface PlannedChange {
  readonly kind: string;
  readonly name: string;
  readonly change: 'created' | 'updated' | 'removed' | 'unchanged';
  readonly version: number;
  readonly digest: string;
  readonly previous: string | null;
  /** Canonical JSON; null for a removal. */
  readonly body: string | null;
  readonly document: OwnedDocument | null;
}

/** Why an apply is refused: one entry a problem. `code` is `document` for what could not be parsed, else the finding's. */
export interface ApplyProblem {
  readonly kind: string;
  readonly name: string;
  readonly code: string;
  readonly say: string;
}

export type ApplyPlan =
  | { readonly ok: true; readonly changes: readonly PlannedChange[]; readonly after: readonly Standing[]; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly problems: readonly ApplyProblem[] };

export interface ApplyOptions {
  /** Remove what stands and is not among the documents. */
  readonly prune: boolean;
  /** Remove these, too. */
  readonly remove?: readonly { readonly kind: string; readonly name: string }[];
  /** `2026-11-22`, UTC. */
  readonly today: string;
}

/** What an apply would do to the inventory, or everything that speaks against it. */
export function planApply(inventory: Inventory, raw: readonly unknown[], options: ApplyOptions): ApplyPlan {
  const { documents, problems } = parseAll(raw);
  if (options.prune && raw.length === 0) problems.push({ kind: '', name: '', code: 'document', say: 'prune with no documents at all would remove everything' });
  const named = new Set((options.remove ?? []).map(({ kind, name }) => `${kind}/${name}`));
  problems.push(...(options.remove ?? []).flatMap((one) => impossible(inventory, documents, one)));
  if (problems.length > 0) return { ok: false, problems };

  const going = removals(inventory, documents).filter(({ kind, name }) => options.prune || named.has(`${kind}/${name}`));
  const changes = [...documents.map((document) => planned(inventory, document)), ...going];
  const after: Standing[] = changes.map(({ kind, name, version, digest, document }) => ({ kind, name, version, digest, document }));
  const kept = new Set(changes.filter(({ change }) => change === 'unchanged').map(({ kind, name }) => `${kind}/${name}`));
  const touched = new Set(changes.map(({ kind, name }) => `${kind}/${name}`));
  const findings = lintInventory({
    documents: inventory.with(inventory.revision + 1, { documents: after }).documents,
    today: options.today,
    unchanged: ({ kind, metadata }: AnyDocument) => kept.has(`${kind}/${metadata.name}`) || !touched.has(`${kind}/${metadata.name}`),
  });
  const refused = [...findings.filter(({ severity }) => severity === 'refuse').map(({ kind, name, code, path, say }) => ({ kind, name, code, say: `${path}: ${say}` })), ...againstLife(inventory, changes)];
  if (refused.length > 0) return { ok: false, problems: refused };
  return { ok: true, changes, after: after.filter(({ kind, name }) => !kept.has(`${kind}/${name}`)), warnings: findings.map(warning) };
}

function parseAll(raw: readonly unknown[]): { documents: OwnedDocument[]; problems: ApplyProblem[] } {
  const documents = new Map<string, OwnedDocument>();
  const problems: ApplyProblem[] = [];
  for (const [i, one] of raw.entries()) {
    const parsed = parseDocument(one);
    const { kind, name } = label(one, i);
    if (!parsed.ok) problems.push(...parsed.problems.map(({ path, say }) => ({ kind, name, code: 'document', say: `${pathText(path)}: ${say}` })));
    else if (!isOwned(parsed.document)) problems.push({ kind, name, code: 'document', say: `kind: ${kind} is not kept by identity` });
    else if (documents.has(`${kind}/${name}`)) problems.push({ kind, name, code: 'document', say: 'metadata.name: stands twice in this apply' });
    else documents.set(`${kind}/${name}`, parsed.document);
  }
  return { documents: [...documents.values()], problems };
}

/** The step by which a document becomes the newest of its name. */
export function planned(inventory: Inventory, document: OwnedDocument): PlannedChange {
  const { kind, metadata } = document;
  const body = canonical(document);
  const digest = digestOf(body);
  const before = inventory.standing(kind, metadata.name);
  const same = before !== undefined && before.document !== null && before.digest === digest;
  return {
    kind, name: metadata.name, digest, body, document,
    change: same ? 'unchanged' : before === undefined || before.document === null ? 'created' : 'updated',
    version: same ? before.version : (before?.version ?? 0) + 1,
    previous: before?.digest ?? null,
  };
}

function removals(inventory: Inventory, kept: readonly OwnedDocument[]): PlannedChange[] {
  const names = new Set(kept.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
  return inventory.documents.flatMap(({ kind, metadata }) => {
    const before = inventory.standing(kind, metadata.name);
    if (before === undefined || names.has(`${kind}/${metadata.name}`) || !ownedKinds.includes(kind)) return [];
    return [{ kind, name: metadata.name, change: 'removed' as const, version: before.version + 1, digest: digestOf(''), previous: before.digest, body: null, document: null }];
  });
}

function impossible(inventory: Inventory, documents: readonly OwnedDocument[], { kind, name }: { readonly kind: string; readonly name: string }): ApplyProblem[] {
  if (documents.some((one) => one.kind === kind && one.metadata.name === name)) return [{ kind, name, code: 'document', say: 'is to be removed and stands among the documents' }];
  return (inventory.standing(kind, name)?.document ?? null) === null ? [{ kind, name, code: 'document', say: 'is to be removed and does not stand' }] : [];
}

/** What to call a document that may be anything; bounded, since it was not checked. */
function label(raw: unknown, i: number): { kind: string; name: string } {
  const fallback = { kind: 'document', name: `#${i + 1}` };
  if (typeof raw !== 'object' || raw === null) return fallback;
  const kind = 'kind' in raw && typeof raw.kind === 'string' ? raw.kind.slice(0, 63) : fallback.kind;
  const head = 'metadata' in raw ? raw.metadata : null;
  const name = typeof head === 'object' && head !== null && 'name' in head && typeof head.name === 'string' ? head.name.slice(0, 63) : fallback.name;
  return { kind, name };
}

const warning = ({ kind, name, path, code, say }: LocatedFinding) => `${kind}/${name}: ${path}: ${say} (${code})`;
