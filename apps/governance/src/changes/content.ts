import { canonical, digestOf, isKind, kindNames, ownerOf, parseDocument, pathText, type AnyDocument } from '@sallyport/platform-config';

export interface PolicyText {
  readonly name: string;
  readonly text: string;
}

export interface Removed {
  readonly kind: string;
  readonly name: string;
}

/** What somebody wants changed, all of it. */
export interface Content {
  readonly documents: readonly unknown[];
  readonly policies: readonly PolicyText[];
  /** Documents that shall stand no more; policy files as kind `Policy`. */
  readonly remove: readonly Removed[];
  /** What stands and is not named goes, too. */
  readonly prune: boolean;
}

export type ChangeOwner = 'identity' | 'masking' | 'sinks' | 'policy';

/** One service's share. `files` are the policy files that the change names, null for all other services. */
export interface Share {
  readonly owner: ChangeOwner;
  readonly documents: readonly AnyDocument[];
  readonly remove: readonly Removed[];
  readonly prune: boolean;
  readonly files: readonly PolicyText[] | null;
}

export type ReadContent = { readonly ok: true; readonly shares: readonly Share[]; readonly kinds: readonly string[]; readonly count: number; readonly digest: string } | { readonly ok: false; readonly say: string };

const most = 50;
/** In the order in which they are applied: what policies and classifications speak of has to be there before them. */
const owners = ['identity', 'masking', 'sinks', 'policy'] as const satisfies readonly ChangeOwner[];

/** Checks what can be checked without asking anybody, and gives each service its share. */
export function readContent({ documents, policies, remove, prune }: Content): ReadContent {
  const problems: string[] = [];
  const parsed: AnyDocument[] = [];
  const seen = new Set<string>();
  const once = (what: string) => {
    if (seen.has(what)) problems.push(`${what}: stands twice in this change`);
    seen.add(what);
  };
  for (const [i, raw] of documents.entries()) {
    const one = parseDocument(raw);
    if (one.ok) {
      parsed.push(one.document);
      once(`${one.document.kind}/${one.document.metadata.name}`);
    } else problems.push(...one.problems.map(({ path, say }) => `documents[${i}]: ${pathText(path)}: ${say}`));
  }
  for (const { name } of policies) once(`Policy/${name}`);
  for (const { kind, name } of remove) {
    if (kind !== 'Policy' && !isKind(kind)) problems.push(`remove ${kind}/${name}: there is no kind ${kind}; there are ${kindNames.join(', ')}, Policy`);
    once(`${kind}/${name}`);
  }
  if (parsed.length + policies.length + remove.length === 0 && problems.length === 0) problems.push('nothing is to be changed: no documents, no policy files, nothing to remove');
  if (problems.length > 0) return { ok: false, say: [...problems.slice(0, most), ...(problems.length > most ? [`and ${problems.length - most} more`] : [])].join('\n') };
  const shares = owners.flatMap((owner): Share[] => {
    const mine = owner === 'policy' ? [] : parsed.filter(({ kind }) => ownerOf(kind) === owner);
    const going = remove.filter(({ kind }) => (isKind(kind) ? ownerOf(kind) : 'policy') === owner);
    const files = owner === 'policy' ? policies : null;
    return mine.length + going.length + (files?.length ?? 0) > 0 || prune ? [{ owner, documents: mine, remove: going, prune, files }] : [];
  });
  const kinds = new Set([...parsed.map(({ kind }) => kind), ...remove.map(({ kind }) => (kind === 'Policy' ? 'policy' : kind)), ...(policies.length > 0 ? ['policy'] : [])]);
  return { ok: true, shares, kinds: [...kinds].sort(), count: parsed.length + policies.length + remove.length, digest: digestOf(canonical({ documents: parsed, policies, remove, prune })) };
}

/** The set that policy files make with those that stand: a change that names one team's files leaves the others. Sorted by name. */
export function policySet(standing: readonly PolicyText[], { files, remove, prune }: Share): PolicyText[] {
  const going = new Set(remove.map(({ name }) => name));
  const set = new Map((prune ? [] : standing.filter(({ name }) => !going.has(name))).map((file) => [file.name, file]));
  for (const file of files ?? []) set.set(file.name, file);
  return [...set.values()].map(({ name, text }) => ({ name, text })).sort((a, b) => (a.name < b.name ? -1 : 1));
}
