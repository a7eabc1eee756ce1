import { describe, expect, it } from 'vitest';
import { id, type Digest } from '@sallyport/domain-model';
import { issuerDocument, personDocument, trustBinding, type Provider } from '@sallyport/platform-config';
import { evidenceClaims } from './evidence-claims.ts';
import type { Candidate } from './binding-index.ts';
import { matchBinding } from './match-binding.ts';
import { matchPerson } from './match-person.ts';
import { TokenRefusedError } from './refused.ts';
import type { VerifiedToken } from './token-verifier.ts';

const guid = '271ef6f7-5998-4b0f-86fb-4b54d9129990';

function verified(provider: Provider, claims: Record<string, unknown>, audiences = ['sallyport']): VerifiedToken {
  const issuer = issuerDocument.parse({
    apiVersion: 'sallyport/v1', kind: 'Issuer', metadata: { name: 'i' },
    spec: { issuer: 'https://issuer.example', provider, trusts: ['machines', 'people'], keys: { discovery: true }, algorithms: ['RS256'], audiences: ['sallyport', 'other'], immutableClaims: provider === 'generic' ? ['workload_id'] : [], personClaim: 'sub' },
  });
  return { issuer, claims, audiences, hash: id<Digest>('0'.repeat(64)), jti: null, expires: 0 };
}

const bound = (machine: string, claims: Record<string, unknown>, rest: Record<string, unknown> = {}): Candidate => ({ machine, binding: trustBinding.parse({ name: 'b', issuer: 'i', audience: 'sallyport', claims, ...rest }) });

function outcome(token: VerifiedToken, candidates: Candidate[]): string {
  try {
    return matchBinding(token, candidates).machine;
  } catch (error) {
    if (error instanceof TokenRefusedError) return error.code;
    throw error;
  }
}

const github = { repository_id: '1234', repository_owner_id: '99', repository: 'acme/app', event_name: 'push', ref: 'refs/heads/main', environment: 'production', actor: 'alice', sub: 'repo:acme/app:environment:production' };
const ids = { repository_id: '1234', repository_owner_id: '99' };
const pod = { 'kubernetes.io': { namespace: 'batch', serviceaccount: { name: 'nightly', uid: guid }, pod: { name: 'p-1', uid: guid } } };
const account = { 'kubernetes\\.io.serviceaccount.uid': guid, 'kubernetes\\.io.namespace': 'batch' };

describe('matching', () => {
  it('finds the machine whose claims are all equal', () => {
    expect(outcome(verified('github', github), [bound('other', { ...ids, environment: 'test' }), bound('ci', { ...ids, environment: 'production' })])).toBe('ci');
    expect(outcome(verified('kubernetes', pod), [bound('job', account)])).toBe('job');
  });

  it('compares with the type: GitLab sends numbers and booleans as strings', () => {
    const token = verified('gitlab', { project_id: '77', ref_protected: 'true' });
    expect(outcome(token, [bound('m', { project_id: '77', ref_protected: 'true' })])).toBe('m');
    expect(outcome(token, [bound('m', { project_id: 77 })])).toBe('claims-unmatched');
    expect(outcome(token, [bound('m', { project_id: '77', ref_protected: true })])).toBe('claims-unmatched');
  });

  it('knows no patterns, prefixes or other case', () => {
    for (const ref of ['refs/heads/*', 'refs/heads', 'refs/heads/Main', 'refs/heads/main ', '^refs/heads/main$']) expect(outcome(verified('github', github), [bound('m', { ...ids, ref })])).toBe('claims-unmatched');
  });

  it('gives a repository that took over the name of another to nobody', () => {
    expect(outcome(verified('github', { ...github, repository_id: '777' }), [bound('ci', { ...ids, repository: 'acme/app' })])).toBe('claims-unmatched');
  });

  it('does not read the squatted hyphen form of a subject as its ids', () => {
    const squatter = { ...github, repository_id: '5', repository_owner_id: '6', sub: 'repo:acme-99/app-1234:environment:production' };
    expect(outcome(verified('github', squatter), [bound('ci', ids)])).toBe('claims-unmatched');
  });

  it('refuses a token that could be two machines, and takes the narrowest binding of one', () => {
    expect(outcome(verified('github', github), [bound('a', ids), bound('b', { ...ids, environment: 'production' })])).toBe('claims-ambiguous');
    const match = matchBinding(verified('github', github), [bound('a', ids), bound('a', { ...ids, environment: 'production' }, { name: 'narrow' })]);
    expect(match.binding.name).toBe('narrow');
  });

  it('skips bindings of other issuers and audiences, and never one without claims', () => {
    expect(outcome(verified('github', github), [bound('m', ids, { issuer: 'x' })])).toBe('claims-unmatched');
    expect(outcome(verified('github', github, ['other']), [bound('m', ids)])).toBe('claims-unmatched');
    expect(outcome(verified('github', github), [bound('m', {})])).toBe('claims-unmatched');
  });

  it('does not find claims in the prototype or in lists', () => {
    expect(outcome(verified('generic', { workload_id: ['w'] }), [bound('m', { workload_id: 'w' })])).toBe('claims-unmatched');
    expect(outcome(verified('generic', {}), [bound('m', { 'constructor.name': 'Object' })])).toBe('claims-unmatched');
  });
});

describe('runs that outsiders start', () => {
  it('are refused unless the binding names the event', () => {
    for (const event_name of ['pull_request', 'pull_request_target']) expect(outcome(verified('github', { ...github, event_name }), [bound('m', ids)])).toBe('claims-outsider-event');
    expect(outcome(verified('gitlab', { project_id: '77', pipeline_source: 'merge_request_event' }), [bound('m', { project_id: '77' })])).toBe('claims-outsider-event');
    expect(outcome(verified('github', { ...github, event_name: 'pull_request' }), [bound('m', { ...ids, event_name: 'pull_request' })])).toBe('m');
    expect(outcome(verified('github', { ...github, event_name: 'pull_request' }), [bound('m', { ...ids, event_name: 'push' })])).toBe('claims-unmatched');
  });
});

describe('Entra', () => {
  const app = { tid: guid, oid: guid, idtyp: 'app' };
  it('tokens of users are no machines, nor are those that do not say', () => {
    expect(outcome(verified('entra', app), [bound('m', { tid: guid, oid: guid })])).toBe('m');
    for (const idtyp of ['user', undefined, 'App']) expect(outcome(verified('entra', { ...app, idtyp }), [bound('m', { tid: guid, oid: guid })])).toBe('claims-user-token');
  });
  it('groups are members of a list, and a missing list is not "no groups"', () => {
    const member = { tid: guid, oid: guid, groups: 'g-1' };
    expect(outcome(verified('entra', { ...app, groups: ['g-0', 'g-1'] }), [bound('m', member)])).toBe('m');
    expect(outcome(verified('entra', { ...app, groups: ['g-0'] }), [bound('m', member)])).toBe('claims-unmatched');
    expect(outcome(verified('entra', { ...app, _claim_names: { groups: 'src1' } }), [bound('m', member)])).toBe('claims-groups-overage');
    expect(outcome(verified('entra', { ...app, hasgroups: true }), [bound('m', member)])).toBe('claims-groups-overage');
  });
});

describe('Kubernetes', () => {
  it('legacy tokens of secrets are refused', () => {
    const legacy = { 'kubernetes.io/serviceaccount/namespace': 'batch', 'kubernetes.io/serviceaccount/service-account.uid': guid };
    expect(outcome(verified('kubernetes', legacy), [bound('m', account)])).toBe('claims-legacy');
  });
  it('the default account is refused', () => {
    const token = { 'kubernetes.io': { namespace: 'batch', serviceaccount: { name: 'default', uid: guid } } };
    expect(outcome(verified('kubernetes', token), [bound('m', account)])).toBe('claims-default-account');
  });
  it('an account that was made again under its name is another one', () => {
    const again = { 'kubernetes.io': { namespace: 'batch', serviceaccount: { name: 'nightly', uid: '00000000-0000-4000-8000-000000000000' } } };
    expect(outcome(verified('kubernetes', again), [bound('m', account)])).toBe('claims-unmatched');
  });
});

describe('the stable key', () => {
  const npid = (claims: Record<string, unknown>, named: Record<string, unknown> = ids) => matchBinding(verified('github', claims), [bound('m', named)]).npid;
  it('stays when names change, and differs by repository and by environment', () => {
    const base = npid(github);
    expect(base).toMatch(/^[0-9a-f]{64}$/);
    expect(npid({ ...github, repository: 'acme/renamed', ref: 'refs/heads/x' })).toBe(base);
    expect(npid({ ...github, repository_id: '5' }, { ...ids, repository_id: '5' })).not.toBe(base);
    expect(npid(github, { ...ids, environment: 'production' })).not.toBe(base);
  });
  it('cannot be made equal by moving characters between claims', () => {
    expect(npid({ ...github, repository_id: '12', repository_owner_id: '3499' }, { repository_id: '12', repository_owner_id: '3499' })).not.toBe(npid(github));
  });
});

describe('people', () => {
  const person = (name: string, subject: string, issuer = 'i') => personDocument.parse({ apiVersion: 'sallyport/v1', kind: 'Person', metadata: { name }, spec: { displayName: name, issuer, subject } });
  const found = (token: VerifiedToken) => {
    try {
      return matchPerson(token, [person('eve', 'alice', 'another'), person('alice', 'alice'), person('bob', 'bob')]).metadata.name;
    } catch (error) {
      if (error instanceof TokenRefusedError) return error.code;
      throw error;
    }
  };
  it('are known by issuer and exact subject', () => {
    expect(found(verified('generic', { sub: 'alice' }))).toBe('alice');
    expect(found(verified('generic', { sub: 'Alice' }))).toBe('person-unknown');
    expect(found(verified('generic', { sub: ['alice'] }))).toBe('claims-missing');
    expect(found(verified('entra', { sub: 'alice', idtyp: 'app' }))).toBe('claims-app-token');
  });
});

describe('evidence of claims', () => {
  it('holds listed ids and what was matched, bounded, and nobody\'s name', () => {
    const token = verified('github', { ...github, ref: `refs/heads/${'x'.repeat(500)}\n`, actor: 'alice', user_email: 'a@b.example', nested: {} });
    const claims = evidenceClaims(token, bound('m', { ...ids, environment: 'production' }).binding);
    expect(claims).toMatchObject({ repository_id: '1234', environment: 'production', event_name: 'push' });
    expect(Object.keys(claims)).not.toEqual(expect.arrayContaining(['actor']));
    expect(JSON.stringify(claims)).not.toMatch(/alice|example/);
    expect(claims['ref']).toHaveLength(200);
  });
  it('replaces control characters', () => expect(evidenceClaims(verified('generic', { workload_id: 'a\u0000b\n' }), null)).toEqual({ workload_id: 'a�b�' }));
});
