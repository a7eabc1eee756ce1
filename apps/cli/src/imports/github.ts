import { z } from 'zod';
import { Failure } from '../failure.ts';
import type { FoundIdentity, Harvest, Trouble } from './found.ts';
import { bodyOf, type VendorAnswer, type VendorApi } from './vendor-api.ts';

export interface GithubOptions {
  readonly organisation: string;
  /** Name of the Issuer document of its Actions' tokens; null: drafts without bindings. */
  readonly issuer: string | null;
  readonly audience: string | null;
}

const vendor = 'GitHub';
const needs = 'a fine-grained token needs read access to Actions, Administration, Environments and Metadata of the organisation’s repositories, and to the organisation’s Administration for its apps';
const maxPages = 1000;
const atOnce = 4;

const repository = z.object({ id: z.int(), name: z.string(), full_name: z.string(), default_branch: z.string().default('main'), archived: z.boolean().default(false), disabled: z.boolean().default(false), description: z.string().nullable().default(null), owner: z.object({ id: z.int(), login: z.string() }) });
type Repository = z.infer<typeof repository>;
const environments = z.object({ total_count: z.int(), environments: z.array(z.object({ id: z.int(), name: z.string() })).default([]) });
const subject = z.object({ use_default: z.boolean().optional(), include_claim_keys: z.array(z.string()).optional() });
const installations = z.object({ total_count: z.int(), installations: z.array(z.object({ id: z.int(), app_id: z.int(), app_slug: z.string(), suspended_at: z.string().nullable().optional() })) });

/**
 * Workflows of an organisation: one for each environment of a repository, one by its default branch for repositories without environments, and the apps that are installed (which bring no OIDC token, so they have no
 * binding). REST API, version 2022-11-28. Numeric ids are stable; names are not. A subject that an organisation or a repository has customised is told, because bindings on `sub` would break by it; ours do not name it.
 */
export async function githubIdentities(api: VendorApi, options: GithubOptions): Promise<Harvest> {
  const org = encodeURIComponent(options.organisation);
  const troubles: Trouble[] = [];
  const repositories: Repository[] = [];
  for await (const one of listed(api, `/orgs/${org}/repos?per_page=100&type=all`, 'the repositories', z.array(z.unknown()), (all) => all)) {
    const parsed = repository.safeParse(one);
    if (!parsed.success) troubles.push({ ref: 'a repository', code: 'malformed', say: `is not what GitHub describes: ${parsed.error.issues[0]?.path.join('.') ?? ''}` });
    else if (!parsed.data.archived && !parsed.data.disabled) repositories.push(parsed.data);
  }
  const found: FoundIdentity[] = [];
  for (let i = 0; i < repositories.length; i += atOnce) {
    const part = await Promise.all(repositories.slice(i, i + atOnce).map((one) => workflows(api, one, options, troubles)));
    found.push(...part.flat());
  }
  return { found: [...found, ...(await apps(api, org, troubles))], troubles };
}

async function workflows(api: VendorApi, one: Repository, options: GithubOptions, troubles: Trouble[]): Promise<readonly FoundIdentity[]> {
  const path = `/repos/${encodeURIComponent(one.owner.login)}/${encodeURIComponent(one.name)}`;
  const names: string[] = [];
  try {
    for await (const { name } of listed(api, `${path}/environments?per_page=100`, `the environments of ${one.full_name}`, environments, (all) => all.environments)) names.push(name);
    await lookAtSubject(api, path, one, troubles);
  } catch (error) {
    if (!(error instanceof Failure) || error.code === 'unauthenticated' || error.code === 'rate-limited') throw error;
    // Not knowing its environments, a binding to its branch could be what an environment's token fits as well.
    troubles.push({ ref: one.full_name, code: error.code, say: `${error.message}: nothing of it is drafted` });
    return [];
  }
  const ids = { repository_id: String(one.id), repository_owner_id: String(one.owner.id) };
  if (names.length === 0) return [foundOf(one, one.full_name, `${one.id}`, { ...ids, ref: `refs/heads/${one.default_branch}` }, options, null)];
  return names.map((name) => foundOf(one, `${one.full_name} ${name}`, `${one.id}/${name}`, { ...ids, environment: name }, options, name));
}

/** Told, not imported. */
async function lookAtSubject(api: VendorApi, path: string, one: Repository, troubles: Trouble[]): Promise<void> {
  const answer = await api.get(`${path}/actions/oidc/customization/sub`);
  if (answer.status === 404 || answer.status === 403) return;
  const custom = subject.safeParse(bodyOf(vendor, answer, `the OIDC subject of ${one.full_name}`, needs)).data;
  if (custom?.use_default === false) troubles.push({ ref: one.full_name, code: 'subject-customised', say: `its tokens have a subject of its own (${(custom.include_claim_keys ?? []).join(', ').slice(0, 200)}): no binding should name sub; this import's do not` });
}

async function apps(api: VendorApi, org: string, troubles: Trouble[]): Promise<readonly FoundIdentity[]> {
  const found: FoundIdentity[] = [];
  try {
    for await (const { app_id, app_slug, suspended_at } of listed(api, `/orgs/${org}/installations?per_page=100`, 'the installed apps', installations, (all) => all.installations)) {
      if (typeof suspended_at === 'string') continue;
      const name = `github-app-${app_slug}`.slice(0, 300);
      found.push({ ref: `app ${app_slug}`.slice(0, 300), stable: `app/${app_id}`, name, kind: 'service', owners: [], backupOwners: [], facts: {}, binding: null });
    }
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'forbidden') throw error;
    troubles.push({ ref: 'installed apps', code: error.code, say: error.message });
  }
  return found;
}

function foundOf(one: Repository, ref: string, stable: string, claims: Readonly<Record<string, string>>, { issuer, audience }: GithubOptions, environment: string | null): FoundIdentity {
  const about = one.description?.trim() ?? '';
  const guess = environment === null ? null : environmentOf(environment);
  return {
    ref: ref.slice(0, 300), stable: stable.slice(0, 300), name: `${one.name}-${environment ?? one.default_branch}`.slice(0, 300), kind: 'ci', owners: [], backupOwners: [],
    facts: { ...(about.length < 10 ? {} : { purpose: `workflows of ${one.full_name}: ${about}`.slice(0, 2000) }), ...(guess === null ? {} : { environment: guess }) },
    binding: issuer === null ? null : { issuer, audience, claims },
  };
}

/** Only where the name is one of ours; what is meant by `prod-eu` a person says. */
const environmentOf = (name: string): string | null => ['production', 'staging', 'test', 'development'].find((one) => one === name.toLowerCase()) ?? null;

async function* listed<T, One>(api: VendorApi, first: string, what: string, schema: z.ZodType<T>, of: (body: T) => readonly One[]): AsyncGenerator<One> {
  let next: string | null = first;
  for (let count = 0; next !== null; count++) {
    if (count === maxPages) throw new Failure('malformed', `${vendor} has more than ${maxPages} pages of ${what}`);
    const answer = await api.get(next);
    const body = schema.safeParse(bodyOf(vendor, answer, what, needs));
    if (!body.success) throw new Failure('malformed', `${vendor} showed ${what} in a form that is not understood`);
    yield* of(body.data);
    next = nextOf(answer);
  }
}

/** RFC 8288, as far as GitHub writes it: `<https://…>; rel="next", <…>; rel="last"`. */
function nextOf({ headers }: VendorAnswer): string | null {
  const link = typeof headers.link === 'string' ? headers.link.slice(0, 8000) : '';
  for (const part of link.split(',')) {
    const found = /^\s*<([^>]{1,2000})>\s*;\s*rel="next"\s*$/.exec(part);
    if (found?.[1] !== undefined) return found[1];
  }
  return null;
}
