import { fail, ok, type Caller, type Change, type ChangeTerms, type Reply } from '@sallyport/platform-bus';
import { canonical, changeBinding, digestOf, documentText, type BoundChange } from '@sallyport/platform-config';
import { policySet, type ChangeOwner, type PolicyText, type Share } from './content.ts';
import { diff } from './diff.ts';
import type { Owners } from './owners.ts';

/** What stood before: a document, or a policy file's text. */
export interface Before {
  readonly kind: string;
  readonly name: string;
  readonly document: unknown;
}

/** One service's part of a change, as it was found when it was tried. */
export interface TriedPart {
  readonly owner: ChangeOwner;
  readonly steps: readonly Change[];
  readonly warnings: readonly string[];
  readonly terms: ChangeTerms;
  /** Everything that it changes, as people read it. */
  readonly text: string;
  readonly before: readonly Before[];
}

/** Documents that are asked for at the same time. */
const atOnce = 20;
/** How often it is tried again when somebody writes in between. */
const mostTries = 3;

/**
 * Tries a share without changing anything, and finds out what exactly it would change. What people will read and what they agree to by its hash are compared here: the binding
 * that the service gives must be that of the documents shown. Errors: those of the service; `conflict` where others write all the time; `unavailable`.
 */
export async function tryShare(owners: Owners, by: Caller, share: Share): Promise<Reply<TriedPart>> {
  for (let tries = 0; tries < mostTries; tries++) {
    const reply = await owners.apply(share, { by, under: null });
    if (!reply.ok) return reply;
    const { changes, warnings, terms } = reply.value;
    if (terms === null) return fail('unavailable', `${share.owner} does not say what this needs: whether it needs approval cannot be known now`);
    const shown = share.owner === 'policy' ? await policySteps(owners, share, changes) : await documentSteps(owners, share, share.owner, changes);
    if (!shown.ok) return shown;
    const { steps, before, text } = shown.value;
    if (changeBinding(share.owner, steps, terms.approvers) !== terms.binding) continue;
    return ok({ owner: share.owner, steps: changes, warnings, terms, text, before });
  }
  return fail('conflict', `${share.owner}: somebody else changes the same at this moment; test again`);
}

interface Shown {
  readonly steps: readonly BoundChange[];
  readonly before: readonly Before[];
  readonly text: string;
}

async function documentSteps(owners: Owners, share: Share, owner: 'identity' | 'masking' | 'sinks', changes: readonly Change[]): Promise<Reply<Shown>> {
  const after = new Map<string, unknown>(share.documents.map((document) => [`${document.kind}/${document.metadata.name}`, document]));
  const standing = await beforeOf(owners, owner, changes);
  if (!standing.ok) return standing;
  const old = new Map(standing.value.map((one) => [`${one.kind}/${one.name}`, one.document]));
  const steps: BoundChange[] = [];
  const texts: string[] = [];
  for (const { kind, name, change, version } of changes) {
    const key = `${kind}/${name}`;
    const [was, becomes] = [old.get(key) ?? null, after.get(key) ?? null];
    const digest = digestOf(becomes === null ? '' : canonical(becomes));
    const previous = was !== null ? digestOf(canonical(was)) : change === 'unchanged' ? digest : version === 1 ? null : digestOf('');
    steps.push({ kind, name, change, version, digest, previous });
    if (change !== 'unchanged') texts.push(section(change, key, was === null ? '' : documentText(was), becomes === null ? '' : documentText(becomes)));
  }
  return ok({ steps, before: standing.value, text: texts.join('\n\n') });
}

async function beforeOf(owners: Owners, owner: 'identity' | 'masking' | 'sinks', changes: readonly Change[]): Promise<Reply<Before[]>> {
  const old = changes.filter(({ change }) => change === 'updated' || change === 'removed');
  const found: Before[] = [];
  for (let i = 0; i < old.length; i += atOnce) {
    const batch = await Promise.all(old.slice(i, i + atOnce).map(async ({ kind, name }) => ({ kind, name, reply: await owners.document(kind, name, owner) })));
    for (const { kind, name, reply } of batch) {
      if (!reply.ok) return reply;
      found.push({ kind, name, document: reply.value });
    }
  }
  return ok(found);
}

async function policySteps(owners: Owners, share: Share, changes: readonly Change[]): Promise<Reply<Shown>> {
  const standing = await owners.policies();
  if (!standing.ok) return standing;
  const old = textsOf(standing.value);
  const after = textsOf(policySet(standing.value, share));
  const steps = changes.map(({ kind, name, change, version }) => ({ kind, name, change, version, digest: digestOf(after.get(name) ?? ''), previous: old.has(name) ? digestOf(old.get(name) ?? '') : null }));
  const changed = changes.filter(({ change }) => change !== 'unchanged');
  return ok({
    steps,
    before: changed.flatMap(({ kind, name }) => (old.has(name) ? [{ kind, name, document: old.get(name) }] : [])),
    text: changed.map(({ name, change }) => section(change, `policy file ${name}`, old.get(name) ?? '', after.get(name) ?? '')).join('\n\n'),
  });
}

const textsOf = (files: readonly PolicyText[]): ReadonlyMap<string, string> => new Map(files.map(({ name, text }) => [name, text]));

const section = (change: string, what: string, before: string, after: string): string => `${change} ${what}\n${diff(before, after)}`;
