import type { z } from 'zod';
import { isKind, kindNames, kinds, laterKinds, type AnyDocument } from './kinds/index.ts';
import { jsonSchema, memberNames } from './schemas.ts';
import { suggest } from './suggest.ts';

/** Something that is wrong with a document, at a path inside it. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly say: string;
}

export type Parsed = { readonly ok: true; readonly document: AnyDocument } | { readonly ok: false; readonly problems: readonly Problem[] };

/** Checks one document of any kind. The only place where a document from outside becomes a typed one. */
export function parseDocument(raw: unknown): Parsed {
  const kind = kindOf(raw);
  if (kind === null) return refuse(['kind'], `a document needs a kind: one of ${kindNames.join(', ')}`);
  if (laterKinds.includes(kind)) return refuse(['kind'], `${kind} comes with a later version; this one does not know it and applies nothing of it`);
  if (!isKind(kind)) {
    const near = suggest(kind.slice(0, 64), [...kindNames, ...laterKinds]);
    return refuse(['kind'], `unknown kind "${kind.slice(0, 64)}"${near === null ? `; known are ${kindNames.join(', ')}` : `, did you mean ${near}?`}`);
  }
  const result = kinds[kind].schema.safeParse(raw);
  if (result.success) return { ok: true, document: result.data };
  const schema = jsonSchema(kind);
  return { ok: false, problems: result.error.issues.flatMap((issue) => explain(issue, (path) => memberNames(schema, path))) };
}

/** `spec.bindings[0].claims` */
export function pathText(path: readonly PropertyKey[]): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i === 0 ? '' : '.'}${String(step)}`)).join('');
}

function kindOf(raw: unknown): string | null {
  return typeof raw === 'object' && raw !== null && 'kind' in raw && typeof raw.kind === 'string' ? raw.kind : null;
}

function refuse(path: readonly PropertyKey[], say: string): Parsed {
  return { ok: false, problems: [{ path, say }] };
}

type Members = (path: readonly PropertyKey[]) => readonly string[];

function explain(issue: z.core.$ZodIssue, members: Members): readonly Problem[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownField(issue.path, key, members(issue.path)));
    case 'invalid_union': {
      const nearest = nearestBranch(issue.errors);
      if (nearest === null) return [{ path: issue.path, say: issue.message }];
      return nearest.flatMap((inner) => explain({ ...inner, path: [...issue.path, ...inner.path] }, members));
    }
    default:
      return [{ path: issue.path, say: issue.message }];
  }
}

function unknownField(at: readonly PropertyKey[], key: string, known: readonly string[]): Problem {
  const shown = key.slice(0, 64);
  const near = suggest(shown, known);
  const rest = near === null ? (known.length === 0 ? '' : `; known are ${known.join(', ')}`) : `, did you mean ${near}?`;
  return { path: [...at, key], say: `unknown field "${shown}"${rest}` };
}

/** The alternative of a union that fails on the fewest points: the one that the author most likely meant. */
function nearestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | null {
  let best: readonly z.core.$ZodIssue[] | null = null;
  for (const branch of branches) if (branch.length > 0 && (best === null || weight(branch) < weight(best))) best = branch;
  return best;
}

const weight = (issues: readonly z.core.$ZodIssue[]) => issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? 2 * issue.keys.length : 1), 0);
