import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SshdServer } from '@sallyport/testing-servers';
import type { TokenIssuer } from '@sallyport/testing-stack';
import { mustSallyport } from '../../stack/cli.ts';
import type { Stack } from '../../stack/stack.ts';

export const target = 'bench-box';
export const workload = 'workload-of-bench';

/** What an operator would apply: who the machine is, a target with strict evidence and everything else as it is by default (recording, detectors), and policies. */
export async function applyConfiguration(stack: Stack, issuer: TokenIssuer, sshd: SshdServer): Promise<void> {
  const directory = stack.home.at('config', 'bench');
  mkdirSync(directory, { recursive: true });
  // A JSON document is a YAML document.
  documents(issuer, sshd).forEach((one, i) => writeFileSync(join(directory, `${i}.yaml`), JSON.stringify(one, null, 2)));
  copyFileSync(join(import.meta.dirname, 'policies.cedar'), join(directory, 'bench.cedar'));
  await mustSallyport(stack.env, 'apply', '-f', directory);
}

function documents(issuer: TokenIssuer, sshd: SshdServer): object[] {
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
    {
      ...head('Target', target),
      spec: {
        kind: 'ssh', address: { host: '127.0.0.1', port: sshd.port }, credential: 'file:bench', environment: 'test', tags: ['bench'], evidence: 'strict',
        settings: { hostKeys: [sshd.hostKey], login: 'certificate', user: sshd.user, shell: 'bash', home: sshd.home },
      },
    },
  ];
}
