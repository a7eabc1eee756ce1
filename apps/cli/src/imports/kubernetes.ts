import { z } from 'zod';
import { Failure } from '../failure.ts';
import type { Facts, FoundIdentity, Harvest, Trouble } from './found.ts';
import { bodyOf, type VendorApi } from './vendor-api.ts';

export interface KubernetesOptions {
  /** None: all but those of the cluster's own system. */
  readonly namespaces: readonly string[];
  /** Name of the Issuer document of this cluster's tokens; null: drafts without bindings. */
  readonly issuer: string | null;
  readonly audience: string | null;
}

const vendor = 'the Kubernetes API server';
const needs = 'the credential needs the verb list on serviceaccounts (a ClusterRole, or a Role in each namespace)';
const pageSize = 500;
const maxPages = 1000;
/** What a ServiceAccount's annotations can say for the inventory. */
const annotation = 'sallyport.dev/';

const list = z.object({ metadata: z.object({ continue: z.string().optional() }).default({}), items: z.array(z.unknown()) });
const account = z.object({ metadata: z.object({ name: z.string(), namespace: z.string(), uid: z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i), annotations: z.record(z.string(), z.string()).default({}) }) });
type Account = z.infer<typeof account>['metadata'];

/**
 * ServiceAccounts of a cluster by `GET /api/v1/serviceaccounts` or `GET /api/v1/namespaces/{namespace}/serviceaccounts`, in chunks of 500. The uid is the stable id: an account that was made again under its name is
 * another one. `default` accounts are left out: they are whoever names none.
 */
export async function kubernetesIdentities(api: VendorApi, options: KubernetesOptions): Promise<Harvest> {
  const found: FoundIdentity[] = [];
  const troubles: Trouble[] = [];
  const paths = options.namespaces.length === 0 ? ['/api/v1/serviceaccounts'] : options.namespaces.map((one) => `/api/v1/namespaces/${encodeURIComponent(one)}/serviceaccounts`);
  for (const path of paths) {
    try {
      for (const one of await chunks(api, path)) {
        const parsed = account.safeParse(one);
        if (!parsed.success) troubles.push({ ref: 'a ServiceAccount', code: 'malformed', say: `is not what Kubernetes describes: ${parsed.error.issues[0]?.path.join('.') ?? ''}` });
        else if (isMeant(parsed.data.metadata, options)) found.push(foundOf(parsed.data.metadata, options));
      }
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'forbidden' || paths.length === 1) throw error;
      troubles.push({ ref: path, code: error.code, say: error.message });
    }
  }
  return { found, troubles };
}

/** All chunks of one listing. When the server has let go of the snapshot (410), once from the beginning. */
async function chunks(api: VendorApi, path: string): Promise<readonly unknown[]> {
  for (let begun = 0; ; begun++) {
    const items: unknown[] = [];
    let next: string | undefined = '';
    for (let count = 0; next !== undefined; count++) {
      if (count === maxPages) throw new Failure('malformed', `${vendor} has more than ${maxPages} chunks of ${path}`);
      const answer = await api.get(`${path}?limit=${pageSize}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`);
      if (answer.status === 410 && begun === 0) break;
      const body = list.safeParse(bodyOf(vendor, answer, path, needs));
      if (!body.success) throw new Failure('malformed', `${vendor} answered ${path} in a form that is not understood`);
      items.push(...body.data.items);
      next = body.data.metadata.continue === '' ? undefined : body.data.metadata.continue;
      if (next === undefined) return items;
    }
  }
}

function isMeant({ name, namespace }: Account, { namespaces }: KubernetesOptions): boolean {
  return name !== 'default' && (namespaces.length > 0 || !namespace.startsWith('kube-'));
}

function foundOf({ name, namespace, uid, annotations }: Account, { issuer, audience }: KubernetesOptions): FoundIdentity {
  const say = (key: string) => annotations[annotation + key]?.trim() ?? '';
  const several = (key: string) => say(key).split(',').map((one) => one.trim()).filter((one) => one !== '').slice(0, 50);
  const facts: Facts = Object.fromEntries((['team', 'purpose', 'environment', 'criticality'] as const).flatMap((key) => (say(key) === '' ? [] : [[key, say(key).slice(0, 2000)]])));
  return {
    ref: `${namespace}/${name}`.slice(0, 300), stable: uid.toLowerCase(), name: `${namespace}-${name}`.slice(0, 300), kind: 'service', owners: several('owner'), backupOwners: several('backup-owner'), facts,
    binding: issuer === null ? null : { issuer, audience, claims: { 'kubernetes\\.io.namespace': namespace, 'kubernetes\\.io.serviceaccount.uid': uid.toLowerCase() } },
  };
}
