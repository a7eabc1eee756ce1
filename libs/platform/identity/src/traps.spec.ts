import { describe, expect, it } from 'vitest';
import { id, type Digest } from '@sallyport/domain-model';
import { issuerDocument, trustBinding, type Provider } from '@sallyport/platform-config';
import type { Candidate } from './binding-index.ts';
import { matchBinding } from './match-binding.ts';
import { TokenRefusedError } from './refused.ts';
import type { VerifiedToken } from './token-verifier.ts';
import { workloadOf } from './workload.ts';

const guid = '271ef6f7-5998-4b0f-86fb-4b54d9129990';
const other = '11111111-2222-4333-8444-555555555555';

function verified(provider: Provider, claims: Record<string, unknown>, audiences = ['sallyport']): VerifiedToken {
  const issuer = issuerDocument.parse({
    apiVersion: 'sallyport/v1', kind: 'Issuer', metadata: { name: 'i' },
    spec: { issuer: provider === 'spiffe' ? 'spiffe://bank.example' : 'https://issuer.example', provider, trusts: ['machines'], keys: { jwksUri: 'https://issuer.example/keys' }, algorithms: ['RS256'], audiences: ['sallyport'], immutableClaims: provider === 'generic' ? ['sub'] : [] },
  });
  return { issuer, claims, audiences, hash: id<Digest>('0'.repeat(64)), jti: null, expires: 0 };
}

const bound = (claims: Record<string, unknown>): Candidate => ({ machine: 'm', binding: trustBinding.parse({ name: 'b', issuer: 'i', audience: 'sallyport', claims }) });

function outcome(token: VerifiedToken, claims: Record<string, unknown>): string {
  try {
    return matchBinding(token, [bound(claims)]).machine;
  } catch (error) {
    if (error instanceof TokenRefusedError) return error.code;
    throw error;
  }
}

const gh = { repository_id: '1234', repository_owner_id: '99' };
const run = { ...gh, repository: 'acme/app', event_name: 'push', ref: 'refs/heads/main', sub: 'repo:acme/app:ref:refs/heads/main' };
const sa = { 'kubernetes\\.io.serviceaccount.uid': guid, 'kubernetes\\.io.namespace': 'batch' };
const pod = (account: object, namespace = 'batch') => ({ 'kubernetes.io': { namespace, serviceaccount: account } });

/** The traps that a token alone can show: what comes, what the binding says, and what becomes of it. Those of documents are in `lint/traps.spec.ts` of platform/config. */
const traps: readonly (readonly [trap: string, code: string, token: VerifiedToken, binding: Record<string, unknown>])[] = [
  ['GitHub: another repository took the name', 'claims-unmatched', verified('github', { ...run, repository_id: '777' }), gh],
  ['GitHub: another owner took the name', 'claims-unmatched', verified('github', { ...run, repository_owner_id: '5' }), gh],
  ['GitHub: an owner whose name looks like ids', 'claims-unmatched', verified('github', { repository_id: '5', repository_owner_id: '6', sub: 'repo:acme-99/app-1234:ref:refs/heads/main' }), gh],
  ['GitHub: a pull request of a stranger', 'claims-outsider-event', verified('github', { ...run, event_name: 'pull_request' }), gh],
  ['GitHub: pull_request_target', 'claims-outsider-event', verified('github', { ...run, event_name: 'pull_request_target' }), gh],
  ['GitHub: a token for the default audience', 'claims-unmatched', verified('github', run, ['https://github.com/acme']), gh],
  ['GitHub: a branch whose name begins like the one that is bound', 'claims-unmatched', verified('github', { ...run, ref: 'refs/heads/main-2' }), { ...gh, ref: 'refs/heads/main' }],
  ['GitLab: the merge request of a fork', 'claims-outsider-event', verified('gitlab', { project_id: '77', pipeline_source: 'merge_request_event' }), { project_id: '77' }],
  ['GitLab: a number where strings are sent', 'claims-unmatched', verified('gitlab', { project_id: 77 }), { project_id: '77' }],
  ['Entra: a person’s token for the same audience', 'claims-user-token', verified('entra', { tid: guid, oid: guid }), { tid: guid, oid: guid }],
  ['Entra: a person’s token that says so', 'claims-user-token', verified('entra', { tid: guid, oid: guid, idtyp: 'user' }), { tid: guid, oid: guid }],
  ['Entra: too many groups to name them', 'claims-groups-overage', verified('entra', { tid: guid, oid: guid, idtyp: 'app', _claim_names: { groups: 'src1' } }), { tid: guid, oid: guid, groups: 'g' }],
  ['Entra: another instance of the same application', 'claims-unmatched', verified('entra', { tid: guid, oid: other, azp: guid, idtyp: 'app' }), { tid: guid, oid: guid }],
  ['Kubernetes: the token of a Secret', 'claims-legacy', verified('kubernetes', { 'kubernetes.io/serviceaccount/namespace': 'batch', 'kubernetes.io/serviceaccount/service-account.uid': guid }), sa],
  ['Kubernetes: the default account', 'claims-default-account', verified('kubernetes', pod({ name: 'default', uid: guid })), sa],
  ['Kubernetes: an account that was made again', 'claims-unmatched', verified('kubernetes', pod({ name: 'nightly', uid: other })), sa],
  ['Kubernetes: the same account name in another namespace', 'claims-unmatched', verified('kubernetes', pod({ name: 'nightly', uid: guid }, 'other')), sa],
  ['SPIFFE: a path below the one that is bound', 'claims-unmatched', verified('spiffe', { sub: 'spiffe://bank.example/ledger/nightly' }), { sub: 'spiffe://bank.example/ledger' }],
  ['SPIFFE: a federated trust domain', 'claims-malformed', verified('spiffe', { sub: 'spiffe://other.example/ledger' }), { sub: 'spiffe://bank.example/ledger' }],
  ['SPIFFE: a domain that begins like ours', 'claims-malformed', verified('spiffe', { sub: 'spiffe://bank.example.evil/ledger' }), { sub: 'spiffe://bank.example/ledger' }],
];

describe('a genuine token', () => {
  it.each(traps)('of the trap “%s” ends as %s', (_trap, code, token, claims) => {
    expect(outcome(token, claims)).toBe(code);
  });
});

describe('the workload of a genuine token', () => {
  it('is its immutable claims, with their types, and nothing that can be renamed', () => {
    expect(workloadOf(verified('github', run))?.claims).toEqual(gh);
    expect(workloadOf(verified('kubernetes', pod({ name: 'nightly', uid: guid })))?.claims).toEqual(sa);
    expect(workloadOf(verified('spiffe', { sub: 'spiffe://bank.example/ledger' }))?.claims).toEqual({ sub: 'spiffe://bank.example/ledger' });
  });
  it('has one key whatever it is called, and another for every other', () => {
    const key = (claims: Record<string, unknown>) => workloadOf(verified('github', claims))?.key;
    expect(key(run)).toBe(key({ ...run, repository: 'acme/renamed', ref: 'refs/heads/x', environment: 'test' }));
    expect(key(run)).not.toBe(key({ ...run, repository_id: '12349', repository_owner_id: '9' }));
    expect(key(run)).toMatch(/^[0-9a-f]{64}$/);
  });
  it('is none where a claim is missing, is a list or a name, or where a stranger may have started the run', () => {
    for (const claims of [{}, { repository_id: '1' }, { ...gh, repository_id: 'acme/app' }, { ...gh, repository_id: ['1'] }, { ...gh, repository_id: '' }, { ...run, event_name: 'pull_request' }]) expect(workloadOf(verified('github', claims))).toBeNull();
    expect(workloadOf(verified('generic', { sub: 'x'.repeat(1001) }))).toBeNull();
    expect(workloadOf(verified('generic', { sub: 1.5 }))).toBeNull();
    expect(workloadOf(verified('generic', { sub: 7 }))?.claims).toEqual({ sub: 7 });
  });
});
