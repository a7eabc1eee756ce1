import { describe, expect, it } from 'vitest';
import { issuerDocument } from '../kinds/identity.ts';
import { lintIssuer } from './lint-issuer.ts';

const base = { issuer: 'https://idp.example', provider: 'generic', trusts: ['machines'], keys: { discovery: true }, algorithms: ['ES256'], audiences: ['sallyport'], immutableClaims: ['workload_id'] };
const codes = (spec: Record<string, unknown>) => lintIssuer(issuerDocument.parse({ apiVersion: 'sallyport/v1', kind: 'Issuer', metadata: { name: 'i' }, spec: { ...base, ...spec } })).map(({ severity, code }) => `${severity} ${code}`);

describe('an issuer', () => {
  it('is accepted when nothing is wrong', () => expect(codes({})).toEqual([]));
  it('may speak http on loopback only', () => {
    expect(codes({ issuer: 'http://127.0.0.1:8080' })).toEqual([]);
    expect(codes({ issuer: 'http://idp.example' })).toContain('refuse issuer-insecure');
    expect(codes({ issuer: 'http://127.0.0.1.evil.example' })).toContain('refuse issuer-insecure');
    expect(codes({ keys: { jwksUri: 'http://idp.example/keys' } })).toContain('refuse issuer-insecure');
  });
  it('is the exact iss', () => {
    expect(codes({ issuer: 'https://idp.example/?a=b' })).toContain('refuse issuer-not-canonical');
    expect(codes({ issuer: 'https://user@idp.example' })).toContain('refuse issuer-not-canonical');
  });
  it('cannot be called generic to escape the checks of its provider', () => {
    for (const issuer of ['https://token.actions.githubusercontent.com', 'https://gitlab.com', 'https://sts.windows.net/x/', 'https://kubernetes.default.svc.cluster.local']) expect(codes({ issuer })).toContain('refuse issuer-provider-wrong');
  });
  it('names one tenant of Entra', () => {
    expect(codes({ provider: 'entra', issuer: 'https://login.microsoftonline.com/common/v2.0' })).toContain('refuse issuer-tenant-missing');
    expect(codes({ provider: 'entra', issuer: 'https://login.microsoftonline.com/271ef6f7-5998-4b0f-86fb-4b54d9129990/v2.0' })).toEqual([]);
  });
  it('that all clusters share needs pinned keys', () => {
    const shared = { provider: 'kubernetes', issuer: 'https://kubernetes.default.svc' };
    expect(codes(shared)).toContain('refuse issuer-keys-shared');
    expect(codes({ ...shared, keys: { jwksUri: 'https://10.0.0.1:6443/openid/v1/jwks' } })).toEqual([]);
  });
  it('of Azure DevOps by its old name is said to end', () => {
    expect(codes({ provider: 'azure-devops', issuer: 'https://vstoken.dev.azure.com/271ef6f7-5998-4b0f-86fb-4b54d9129990' })).toEqual(['warn issuer-retiring']);
  });
  it('holds public keys only', () => {
    expect(codes({ keys: { jwks: { keys: [{ kty: 'oct', k: 'x' }] } } })).toContain('refuse issuer-keys-private');
    expect(codes({ keys: { jwks: { keys: [{ kty: 'EC', d: 'x' }] } } })).toContain('refuse issuer-keys-private');
  });
  it('of the generic kind says what is immutable, and no names', () => {
    expect(codes({ immutableClaims: [] })).toContain('refuse issuer-immutable-missing');
    expect(codes({ immutableClaims: ['email'] })).toContain('refuse issuer-immutable-mutable');
  });
  it('has no audience that nobody chose', () => {
    expect(codes({ provider: 'github', issuer: 'https://ghes.example', audiences: ['https://github.com/acme'] })).toContain('refuse issuer-audience-default');
    expect(codes({ provider: 'kubernetes', issuer: 'https://c.example', audiences: ['https://kubernetes.default.svc'] })).toContain('refuse issuer-audience-default');
  });
  it('keeps its times short', () => {
    expect(codes({ clockSkew: '6m' })).toContain('refuse issuer-skew');
    expect(codes({ maxTokenAge: '30d' })).toContain('refuse issuer-age');
    expect(codes({ maxTokenAge: '2h' })).toEqual(['warn issuer-age']);
    expect(codes({ serveStaleKeysFor: '2d' })).toContain('refuse issuer-stale-keys');
  });
  it('offers a login to people only, with a token that is for us', () => {
    const people = { trusts: ['people'], login: { clientId: 'sallyport-cli' } };
    expect(codes(people)).toEqual([]);
    expect(codes({ ...people, trusts: ['machines'] })).toContain('refuse issuer-login-not-for-people');
    expect(codes({ ...people, login: { clientId: 'sallyport-cli', token: 'id' } })).toContain('refuse issuer-login-audience');
    expect(codes({ ...people, audiences: ['sallyport-cli'], login: { clientId: 'sallyport-cli', token: 'id' } })).toEqual([]);
    expect(() => codes({ ...people, login: { clientId: 'x', scopes: ['openid profile'] } })).toThrow(/one scope/);
  });
});
