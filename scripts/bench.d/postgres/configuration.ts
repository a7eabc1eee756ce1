import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TokenIssuer } from '@sallyport/testing-stack';
import { mustSallyport } from '../../stack/cli.ts';
import type { Stack } from '../../stack/stack.ts';
import { role, type Target } from './target.ts';

export const targets = { strict: 'bench-strict', spool: 'bench-spool' } as const;
export const workload = 'workload-of-bench';

/** What an operator would apply: who the machine is, two targets that differ in their evidence mode, what is classified, and policies. */
export async function applyConfiguration(stack: Stack, issuer: TokenIssuer, target: Target): Promise<void> {
  writeFileSync(stack.home.at('credentials', 'bench'), JSON.stringify({ username: role, password: target.password }), { mode: 0o600 });
  const directory = stack.home.at('config', 'bench');
  mkdirSync(directory, { recursive: true });
  // A JSON document is a YAML document.
  documents(stack, issuer, target.server.port).forEach((one, i) => writeFileSync(join(directory, `${i}.yaml`), JSON.stringify(one, null, 2)));
  copyFileSync(join(import.meta.dirname, 'policies.cedar'), join(directory, 'bench.cedar'));
  await mustSallyport(stack.env, 'apply', '-f', directory);
}

function documents(stack: Stack, issuer: TokenIssuer, port: number): object[] {
  const head = (kind: string, name: string) => ({ apiVersion: 'sallyport/v1', kind, metadata: { name } });
  const person = (name: string, roles: string[]) => ({ ...head('Person', name), spec: { displayName: name, issuer: issuer.name, subject: name, roles } });
  return [
    issuer.document,
    person('alice', ['approver']),
    person('oscar', ['operator']),
    { ...head('ApproverGroup', 'owners'), spec: { members: ['alice'] } },
    { ...head('Group', 'batch'), spec: { purpose: 'scheduled jobs' } },
    {
      ...head('Machine', 'bench'),
      spec: {
        kind: 'batch', owner: 'alice', backupOwner: 'oscar', purpose: 'measures the data path', environment: 'test', criticality: 'low', groups: ['batch'], state: 'active',
        reviewBy: new Date(Date.now() + 90 * 24 * 3600 * 1000).toISOString().slice(0, 10),
        bindings: [{ name: 'token', issuer: issuer.name, audience: issuer.audience, claims: { workload_id: workload } }],
      },
    },
    ...Object.entries(targets).map(([evidence, name]) => ({
      ...head('Target', name),
      spec: { kind: 'postgres', address: { host: '127.0.0.1', port }, tls: { mode: 'verify-full', ca: `file:${stack.tls.ca}`, serverName: 'localhost' }, credential: 'file:bench', environment: 'test', tags: ['bench'], evidence },
    })),
    // Detectors are on by default, and look at every text and number that no rule covers.
    ...Object.values(targets).map((name) => ({ ...head('Classification', `${name}-customers`), spec: { target: name, columns: [{ column: 'public.customers.ssn', tag: 'us.ssn', action: 'last4' }, { column: 'public.customers.name', tag: 'person.name', action: 'redact' }] } })),
  ];
}
