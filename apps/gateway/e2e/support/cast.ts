import type { TokenIssuer } from '@sallyport/testing-stack';

export type Document = Readonly<Record<string, unknown>>;

const head = (kind: string, name: string) => ({ apiVersion: 'sallyport/v1', kind, metadata: { name } });

/** The people of every world: nobody has two roles but the machines' owner, who may also approve (and must not, for her own machines). Carlos and nora only answer for machines. */
const people = { erin: ['admin'], alice: ['approver'], bob: ['approver'], brenda: ['approver'], carl: ['auditor'], oscar: ['operator'], carlos: [], nora: [] } as const;
export type Person = keyof typeof people;

/** The issuer with its pinned key, the people, and the group of approvers `owners`. */
export function castDocuments(issuer: TokenIssuer): Document[] {
  return [
    issuer.document,
    ...Object.entries(people).map(([name, roles]) => person(issuer, name, { roles: [...roles] })),
    { ...head('ApproverGroup', 'owners'), spec: { members: ['alice', 'bob', 'brenda'] } },
  ];
}

export const person = (issuer: TokenIssuer, name: string, rest: Readonly<Record<string, unknown>> = {}): Document => ({ ...head('Person', name), spec: { displayName: name, issuer: issuer.name, subject: name, ...rest } });

/** Any document. */
export const document = (kind: string, name: string, spec: Readonly<Record<string, unknown>>): Document => ({ ...head(kind, name), spec });

export const group = (name: string): Document => ({ ...head('Group', name), spec: { purpose: `machines that are ${name}` } });

export interface MachineWords {
  readonly groups?: readonly string[];
  readonly state?: 'active' | 'suspended';
  /** More of its document, or other than usual. */
  readonly rest?: Readonly<Record<string, unknown>>;
}

/** A machine of alice's; its tokens carry `workload_id: <name>`. */
export function machine(issuer: TokenIssuer, name: string, { groups = [], state = 'active', rest = {} }: MachineWords = {}): Document {
  const reviewBy = new Date(Date.now() + 90 * 24 * 3600 * 1000).toISOString().slice(0, 10);
  return {
    ...head('Machine', name),
    spec: {
      kind: 'batch', owner: 'alice', backupOwner: 'oscar', purpose: 'shows the product from end to end', environment: 'test', criticality: 'low', groups: [...groups], state, reviewBy,
      bindings: [{ name: 'token', issuer: issuer.name, audience: issuer.audience, claims: { workload_id: workload(name) } }],
      ...rest,
    },
  };
}

export const workload = (machineName: string) => `workload-of-${machineName}`;

export interface TargetWords {
  readonly port: number;
  readonly ca: string;
  readonly credential: string;
}

export function target(name: string, { port, ca, credential }: TargetWords, rest: Readonly<Record<string, unknown>> = {}): Document {
  return { ...head('Target', name), spec: { kind: 'postgres', address: { host: '127.0.0.1', port }, tls: { mode: 'verify-full', ca: `file:${ca}`, serverName: 'localhost' }, credential: `file:${credential}`, environment: 'test', ...rest } };
}

export interface ColumnWords {
  readonly column: string;
  readonly tag: string;
  readonly action: 'redact' | 'last4' | 'token' | 'null';
}

export function classification(name: string, targetName: string, columns: readonly ColumnWords[], rest: Readonly<Record<string, unknown>> = {}): Document {
  return { ...head('Classification', name), spec: { target: targetName, columns: [...columns], ...rest } };
}
