import { z } from 'zod';
import { Failure } from '../failure.ts';
import type { FoundIdentity, Harvest, Trouble } from './found.ts';
import { bodyOf, type VendorApi } from './vendor-api.ts';

export interface EntraOptions {
  /** The directory's GUID. */
  readonly tenant: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Name of the Issuer document whose tokens they bring; null: drafts without a binding. */
  readonly issuer: string | null;
  readonly audience: string | null;
  /** Applications of other firms, too: drafted with their vendor. */
  readonly foreign: 'with-foreign' | 'own';
}

const vendor = 'Microsoft Graph';
const needs = 'the app registration needs the application permission Application.Read.All, with the consent of an administrator, and User.Read.All to name owners';
const maxPages = 1000;
/** Owners are asked for one application at a time; so many at once. */
const atOnce = 4;

const guid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
const page = z.object({ value: z.array(z.unknown()), '@odata.nextLink': z.string().optional() });
const principal = z.object({
  id: guid, appId: guid, displayName: z.string().nullable().default(null), servicePrincipalType: z.string().nullable().default(null), accountEnabled: z.boolean().nullable().default(true),
  appOwnerOrganizationId: z.string().nullable().default(null), notes: z.string().nullable().default(null), description: z.string().nullable().default(null), verifiedPublisher: z.object({ displayName: z.string().nullable().default(null) }).nullable().default(null),
});
type ServicePrincipal = z.infer<typeof principal>;
const directoryObject = z.object({ id: z.string(), userPrincipalName: z.string().nullable().optional(), mail: z.string().nullable().optional() });

/** An access token by the client credentials grant (RFC 6749 section 4.4). @param login the authority, `https://login.microsoftonline.com` */
export async function entraToken(login: VendorApi, { tenant, clientId, clientSecret }: EntraOptions, scope: string): Promise<string> {
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret, scope });
  const answer = await login.postForm(`/${encodeURIComponent(tenant)}/oauth2/v2.0/token`, form);
  const good = z.object({ access_token: z.string().min(1) }).safeParse(answer.body);
  if (answer.status === 200 && good.success) return good.data.access_token;
  // The description of Microsoft's errors begins with their code; what is behind it may repeat the request.
  const code = z.object({ error: z.string(), error_description: z.string().default('') }).safeParse(answer.body).data;
  const number = /^AADSTS\d+/.exec(code?.error_description ?? '')?.[0];
  const said = code === undefined ? `HTTP ${answer.status}` : [code.error, ...(number === undefined ? [] : [number])].join(', ');
  throw new Failure('unauthenticated', `Entra gives no token (${said})`, 'are --tenant, --client-id and the secret right, and is the secret not expired?');
}

/**
 * Service principals and managed identities of a tenant, with their owners, as Graph v1.0 lists them (`GET /servicePrincipals`, `GET /servicePrincipals/{id}/owners`). The object id is the stable id and the
 * `oid` of their tokens; the name and the application's id are not.
 */
export async function entraIdentities(graph: VendorApi, options: EntraOptions): Promise<Harvest> {
  const principals: ServicePrincipal[] = [];
  const troubles: Trouble[] = [];
  const select = 'id,appId,displayName,servicePrincipalType,accountEnabled,appOwnerOrganizationId,notes,description,verifiedPublisher';
  for await (const one of pages(graph, `/v1.0/servicePrincipals?$select=${select}&$top=100`, 'the service principals')) {
    const parsed = principal.safeParse(one);
    if (!parsed.success) troubles.push({ ref: refOf(one), code: 'malformed', say: `is not what Graph describes: ${parsed.error.issues[0]?.path.join('.') ?? ''}` });
    else if (isOurs(parsed.data, options)) principals.push(parsed.data);
  }
  const found: FoundIdentity[] = [];
  for (let i = 0; i < principals.length; i += atOnce) {
    const part = await Promise.all(principals.slice(i, i + atOnce).map(async (one) => ({ one, owners: await ownersOf(graph, one, troubles) })));
    found.push(...part.map(({ one, owners }) => foundOf(one, owners, options)));
  }
  return { found, troubles };
}

/** Managed identities, and applications: Microsoft's own hundreds of services are in every tenant and nobody's here. */
function isOurs({ servicePrincipalType, appOwnerOrganizationId, accountEnabled }: ServicePrincipal, { tenant, foreign }: EntraOptions): boolean {
  if (accountEnabled === false) return false;
  if (servicePrincipalType === 'ManagedIdentity') return true;
  if (servicePrincipalType !== 'Application') return false;
  const owner = appOwnerOrganizationId?.toLowerCase();
  return owner === tenant.toLowerCase() || (foreign === 'with-foreign' && owner !== undefined && !microsoft.includes(owner));
}

/** The tenants that Microsoft's own services are registered in. */
const microsoft: readonly string[] = ['f8cdef31-a31e-4b4a-93e4-5f571e91255a', '72f988bf-86f1-41af-91ab-2d7cd011db47'];

/** Ids and names of those who own it, people alone. What cannot be read is told, and the identity is drafted for whoever the defaults name. */
async function ownersOf(graph: VendorApi, { id, displayName }: ServicePrincipal, troubles: Trouble[]): Promise<readonly string[]> {
  const owners: string[] = [];
  try {
    for await (const one of pages(graph, `/v1.0/servicePrincipals/${id}/owners?$select=id,userPrincipalName,mail&$top=100`, `the owners of ${displayName ?? id}`)) {
      const owner = directoryObject.safeParse(one).data;
      if (owner === undefined) continue;
      owners.push(...[owner.id, owner.userPrincipalName, owner.mail].flatMap((name) => (typeof name === 'string' && name !== '' ? [name] : [])));
    }
  } catch (error) {
    if (!(error instanceof Failure) || (error.code !== 'forbidden' && error.code !== 'unavailable')) throw error;
    troubles.push({ ref: displayName ?? id, code: 'owners-unread', say: `${error.message}: it is drafted for whoever --owner names` });
  }
  return owners.slice(0, 50);
}

function foundOf({ id, displayName, servicePrincipalType, appOwnerOrganizationId, notes, description, verifiedPublisher }: ServicePrincipal, owners: readonly string[], { tenant, issuer, audience }: EntraOptions): FoundIdentity {
  const name = (displayName ?? '').trim() || id;
  const about = [description, notes].map((text) => text?.trim() ?? '').find((text) => text.length >= 10);
  const foreign = appOwnerOrganizationId !== null && appOwnerOrganizationId.toLowerCase() !== tenant.toLowerCase() && servicePrincipalType !== 'ManagedIdentity';
  return {
    ref: name.slice(0, 300), stable: `${tenant.toLowerCase()}/${id.toLowerCase()}`, name: name.slice(0, 300), kind: 'service', owners, backupOwners: [],
    facts: { ...(about === undefined ? {} : { purpose: about.slice(0, 2000) }), ...(foreign ? { vendor: (verifiedPublisher?.displayName ?? `tenant ${appOwnerOrganizationId}`).slice(0, 200) } : {}) },
    binding: issuer === null ? null : { issuer, audience, claims: { tid: tenant.toLowerCase(), oid: id.toLowerCase() } },
  };
}

async function* pages(graph: VendorApi, first: string, what: string): AsyncGenerator<unknown> {
  let next: string | undefined = first;
  for (let count = 0; next !== undefined; count++) {
    if (count === maxPages) throw new Failure('malformed', `${vendor} has more than ${maxPages} pages of ${what}`);
    const body = page.safeParse(bodyOf(vendor, await graph.get(next), what, needs));
    if (!body.success) throw new Failure('malformed', `${vendor} showed ${what} in a form that is not understood`);
    yield* body.data.value;
    next = body.data['@odata.nextLink'];
  }
}

function refOf(one: unknown): string {
  const named = z.object({ displayName: z.string().optional(), id: z.string().optional() }).safeParse(one).data;
  return (named?.displayName ?? named?.id ?? 'a service principal').slice(0, 300);
}
