import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json as bodyOf } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SignedXml } from 'xml-crypto';
import { binding, machine, person, raw, target, issuer as plainIssuer } from '../../testing/documents.ts';
import { IdentityHouse } from '../../testing/house.ts';

const run = promisify(execFile);
const svidType = 'urn:sallyport:params:oauth:token-type:x509-svid';
const samlType = 'urn:ietf:params:oauth:token-type:saml2';

let house: IdentityHouse;
let at: (name: string) => string;
let workloadKey: CryptoKey;
let cluster: Server;
/** What the cluster says of a token; null: nothing at all. */
let says: ((asked: { readonly token: string; readonly audiences: readonly string[] }) => object) | null = null;
const asked: { readonly authorization: string | undefined; readonly path: string | undefined }[] = [];

const openssl = (...args: string[]) => run('openssl', args);

/** A key and a certificate. @param names subjectAltName; by null an authority that signs itself */
async function certificate(name: string, { by, names, ca = false, days = '1' }: { by: string | null; names: string; ca?: boolean; days?: string }): Promise<void> {
  await openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', at(`${name}.key`));
  await openssl('req', '-new', '-key', at(`${name}.key`), '-subj', `/O=test/CN=${name}`, '-out', at(`${name}.csr`));
  await writeFile(at(`${name}.ext`), `basicConstraints=critical,CA:${ca ? 'TRUE' : 'FALSE'}\nkeyUsage=critical,${ca ? 'keyCertSign' : 'digitalSignature'}\nsubjectAltName=${names}\n`);
  const sign = by === null ? ['-signkey', at(`${name}.key`)] : ['-CA', at(`${by}.crt`), '-CAkey', at(`${by}.key`), '-CAcreateserial'];
  await openssl('x509', '-req', '-in', at(`${name}.csr`), ...sign, '-days', days, '-extfile', at(`${name}.ext`), '-out', at(`${name}.crt`));
}

beforeAll(async () => {
  house = await IdentityHouse.open();
  at = (name) => join(house.directory.path, name);
  await certificate('root', { by: null, ca: true, names: 'URI:spiffe://bank.example' });
  await certificate('between', { by: 'root', ca: true, names: 'URI:spiffe://bank.example' });
  await certificate('foreign-between', { by: 'root', ca: true, names: 'URI:spiffe://other.example' });
  await certificate('nightly', { by: 'root', names: 'URI:spiffe://bank.example/ledger/nightly' });
  await certificate('deep', { by: 'between', names: 'URI:spiffe://bank.example/ledger/nightly' });
  await certificate('misled', { by: 'foreign-between', names: 'URI:spiffe://bank.example/ledger/nightly' });
  await certificate('two', { by: 'root', names: 'URI:spiffe://bank.example/ledger/nightly,URI:spiffe://bank.example/ledger/other' });
  await certificate('unnamed', { by: 'root', names: 'DNS:nightly.bank.example' });
  await certificate('elsewhere', { by: 'root', names: 'URI:spiffe://other.example/ledger/nightly' });
  await certificate('pretender', { by: null, names: 'URI:spiffe://bank.example/ledger/nightly' });
  await certificate('authority', { by: 'root', ca: true, names: 'URI:spiffe://bank.example/ledger/nightly' });
  await openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', at('idp.key'), '-out', at('idp.crt'), '-subj', '/CN=idp', '-days', '1');
  await openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', at('thief.key'), '-out', at('thief.crt'), '-subj', '/CN=idp', '-days', '1');
  for (const name of ['deep', 'misled']) await writeFile(at(`${name}.pem`), Buffer.concat([await readFile(at(`${name}.crt`)), await readFile(at(`${name === 'deep' ? 'between' : 'foreign-between'}.crt`))]));

  cluster = createServer((request, response) => {
    asked.push({ authorization: request.headers.authorization, path: request.url });
    void bodyOf(request).then((body) => {
      const { spec } = body as { spec: { token: string; audiences: string[] } };
      if (says === null) return request.socket.destroy();
      response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', status: says(spec) }));
    });
  });
  await new Promise<void>((done) => cluster.listen(0, '127.0.0.1', done));
  const pair = await generateKeyPair('ES256');
  workloadKey = pair.privateKey;
  const jwks = { jwks: { keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'w1' }] } };
  process.env['SALLYPORT_SECRET_CLUSTER'] = 'sallyport:reviewer';
  const certificates = async (name: string) => [await readFile(at(`${name}.crt`), 'utf8')];
  await house.apply([
    plainIssuer(house.pinned), person('alice'), person('bob'), target('box'),
    raw('Issuer', 'mesh', { issuer: 'spiffe://bank.example', provider: 'spiffe', trusts: ['machines'], keys: jwks, algorithms: ['ES256'], audiences: ['sallyport'] }),
    raw('Issuer', 'mesh-x509', { issuer: 'spiffe://bank.example', provider: 'spiffe', trusts: ['machines'], keys: { certificates: await certificates('root') }, algorithms: ['ES256'], audiences: ['sallyport-tls'] }),
    raw('Issuer', 'adfs', { issuer: 'https://adfs.bank.example/trust', provider: 'saml', trusts: ['machines'], keys: { certificates: await certificates('idp') }, algorithms: ['RS256'], audiences: ['urn:sallyport'], immutableClaims: ['objectGuid'] }),
    raw('Issuer', 'cluster', { issuer: 'https://oidc.cluster.bank.example', provider: 'kubernetes', trusts: ['machines'], keys: jwks, algorithms: ['ES256'], audiences: ['sallyport'], tokenReview: { server: `http://127.0.0.1:${(cluster.address() as AddressInfo).port}`, credential: 'env:cluster' } }),
    machine('nightly', {
      bindings: [
        binding({ sub: 'spiffe://bank.example/ledger/nightly' }, { name: 'jwt', issuer: 'mesh' }),
        binding({ sub: 'spiffe://bank.example/ledger/nightly' }, { name: 'x509', issuer: 'mesh-x509', audience: 'sallyport-tls' }),
      ],
    }),
    machine('reports', { bindings: [binding({ objectGuid: 'b7e1' }, { issuer: 'adfs', audience: 'urn:sallyport' })] }),
    machine('pod', { bindings: [binding({ 'kubernetes\\.io.namespace': 'ledger', 'kubernetes\\.io.serviceaccount.uid': '0d2b5d8e-1111-4222-8333-444455556666' }, { issuer: 'cluster' })] }),
  ]);
});
afterAll(async () => {
  delete process.env['SALLYPORT_SECRET_CLUSTER'];
  cluster.close();
  await house[Symbol.asyncDispose]();
});

const said = ({ status, json }: Awaited<ReturnType<IdentityHouse['exchange']>>) => (status === 200 ? 'given' : `${status} ${String(json['error_description'])}`);

describe('an X.509-SVID that the TLS handshake shows', () => {
  const shown = async (name: string, file = `${name}.crt`) => said(await house.exchange({ subject_token_type: svidType, audience: 'box' }, ['--cert', at(file), '--key', at(`${name}.key`)]));

  it('is the machine that is bound to its SPIFFE ID, and the ticket is bound to its key', async () => {
    expect(await shown('nightly')).toBe('given');
    const [came, exchanged] = (await house.events()).slice(-2);
    const thumb = new X509Certificate(await readFile(at('nightly.crt'))).fingerprint256.replaceAll(':', '');
    expect(came).toMatchObject({ type: 'auth.ok', who: { id: 'machine:nightly', tok: thumb.toLowerCase() }, d: { binding: 'nightly/x509', claims: { sub: 'spiffe://bank.example/ledger/nightly' } } });
    expect(exchanged).toMatchObject({ type: 'token.exchanged', d: { key: `x5t#S256:${Buffer.from(thumb, 'hex').toString('base64url')}` } });
  });

  it('may be signed by way of authorities of its own domain that the client brings along', async () => {
    expect(await shown('deep', 'deep.pem')).toBe('given');
    expect(await shown('deep')).toContain('(signature-wrong)');
    expect(await shown('misled', 'misled.pem')).toContain('(signature-wrong)');
  });

  it.each([['two', 'certificate-refused'], ['unnamed', 'certificate-refused'], ['elsewhere', 'issuer-unknown'], ['pretender', 'signature-wrong'], ['authority', 'certificate-refused']])('is refused: %s', async (name, code) => {
    expect(await shown(name)).toContain(`(${code})`);
    expect(await house.last()).toMatchObject({ type: 'auth.failed', d: { code } });
  });

  it('is refused when it is too old, and without a certificate', async () => {
    house.ahead = 3 * 3_600_000;
    expect(await shown('nightly')).toContain('(token-too-old)');
    house.ahead = 2 * 86_400_000;
    expect(await shown('nightly')).toContain('(token-expired)');
    house.ahead = 0;
    expect(said(await house.exchange({ subject_token_type: svidType, audience: 'box' }))).toContain('(token-missing)');
    expect(said(await house.exchange({ subject_token_type: svidType, subject_token: 'x', audience: 'box' }))).toContain('subject_token stays empty');
  });
});

describe('a JWT-SVID', () => {
  const svid = (claims: Record<string, unknown> = {}) => new SignJWT({ sub: 'spiffe://bank.example/ledger/nightly', aud: ['sallyport'], exp: Math.floor(Date.now() / 1000) + 300, ...claims }).setProtectedHeader({ alg: 'ES256', kid: 'w1', typ: 'JOSE' }).sign(workloadKey);

  it('names its trust domain, needs neither iss nor iat, and is taken at every door', async () => {
    expect(said(await house.exchange({ subject_token: await svid(), audience: 'box' }))).toBe('given');
    expect(await house.resolve(await svid())).toBe('nightly');
  });

  it.each([
    ['another domain', { sub: 'spiffe://other.example/ledger/nightly' }, 'issuer-unknown'],
    ['another workload', { sub: 'spiffe://bank.example/ledger/nightly2' }, 'claims-unmatched'],
    ['an ID that is spelt otherwise', { sub: 'spiffe://bank.example/ledger/../ledger/nightly' }, 'token-malformed'],
    ['the domain itself', { sub: 'spiffe://bank.example' }, 'token-malformed'],
    ['another audience', { aud: ['vault'] }, 'audience-wrong'],
    ['a life that is longer than the oldest token may be', { exp: Math.floor(Date.now() / 1000) + 7200 }, 'token-not-yet-valid'],
  ])('is refused: %s', async (_what, claims, code) => {
    expect(await house.resolve(await svid(claims))).toContain(`(${code})`);
  });
});

describe('a SAML assertion', () => {
  interface Over { readonly issuer?: string; readonly audience?: string; readonly key?: string; readonly until?: number; readonly guid?: string; readonly weak?: boolean; readonly id?: string }
  let serial = 0;

  async function assertion({ issuer = 'https://adfs.bank.example/trust', audience = 'urn:sallyport', key = 'idp', until = 300, guid = 'b7e1', weak = false, id = `_a${++serial}` }: Over = {}): Promise<string> {
    const moment = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
    const xml = `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${id}" Version="2.0" IssueInstant="${moment(0)}"><saml:Issuer>${issuer}</saml:Issuer><saml:Subject><saml:NameID>svc-reports</saml:NameID></saml:Subject><saml:Conditions NotBefore="${moment(-60)}" NotOnOrAfter="${moment(until)}"><saml:AudienceRestriction><saml:Audience>${audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AttributeStatement><saml:Attribute Name="objectGuid"><saml:AttributeValue>${guid}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>`;
    const signer = new SignedXml({ privateKey: await readFile(at(`${key}.key`)), signatureAlgorithm: `http://www.w3.org/${weak ? '2000/09/xmldsig#rsa-sha1' : '2001/04/xmldsig-more#rsa-sha256'}`, canonicalizationAlgorithm: 'http://www.w3.org/2001/10/xml-exc-c14n#' });
    signer.addReference({ xpath: '/*', transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', 'http://www.w3.org/2001/10/xml-exc-c14n#'], digestAlgorithm: `http://www.w3.org/${weak ? '2000/09/xmldsig#sha1' : '2001/04/xmlenc#sha256'}` });
    signer.computeSignature(xml, { location: { reference: "/*/*[local-name(.)='Issuer']", action: 'after' } });
    return signer.getSignedXml();
  }
  const shown = async (xml: string) => said(await house.exchange({ subject_token_type: samlType, subject_token: Buffer.from(xml).toString('base64url'), audience: 'box' }));

  it('is the machine that is bound to its attributes', async () => {
    expect(await shown(await assertion())).toBe('given');
    expect((await house.events()).findLast(({ type }) => type === 'auth.ok')).toMatchObject({ who: { id: 'machine:reports' }, d: { binding: 'reports/b', claims: { objectGuid: 'b7e1' } } });
  });

  it('is refused from another key, another provider, for another audience, too late, over SHA-1, and for nobody', async () => {
    expect(await shown(await assertion({ key: 'thief' }))).toContain('(assertion-refused)');
    expect(await shown(await assertion({ issuer: 'https://evil.example' }))).toContain('(assertion-refused)');
    expect(await shown(await assertion({ audience: 'urn:other' }))).toContain('(assertion-refused)');
    expect(await shown(await assertion({ until: -120 }))).toContain('(assertion-refused)');
    expect(await shown(await assertion({ weak: true }))).toContain('(algorithm-refused)');
    expect(await shown(await assertion({ guid: 'c000' }))).toContain('(claims-unmatched)');
  });

  it('is refused with one byte changed, without its signature, with a second assertion around or behind it, and with what could be read in two ways', async () => {
    const good = await assertion();
    expect(await shown(good.replace('b7e1', 'b7e2'))).toContain('(assertion-refused)');
    expect(await shown(good.replace(/<Signature.*<\/Signature>/s, ''))).toContain('(assertion-refused)');
    expect(await shown(`${good}${good}`)).toContain('(assertion-refused)');
    const inner = good.replace('<saml:Assertion', '<saml:Assertion');
    const outer = good.replace(/<Signature.*<\/Signature>/s, '').replace('b7e1', 'c000').replace(/ID="_a\d+"/, 'ID="_outer"').replace('</saml:Assertion>', `${inner}</saml:Assertion>`);
    expect(await shown(outer)).toContain('(assertion-refused)');
    for (const trick of [`<!DOCTYPE x [<!ENTITY a "b">]>${good}`, good.replace('b7e1', 'b7<!-- -->e1'), good.replace('b7e1', '<![CDATA[b7e1]]>'), good.replace('b7e1', 'b7&#101;1')]) {
      expect(await shown(trick)).toMatch(/\((assertion-refused|token-malformed)\)/);
    }
    expect(await shown('hello')).toContain('(token-malformed)');
  });

  it('shown from elsewhere again is a replay, as with tokens', async () => {
    const xml = await assertion();
    expect(await shown(xml)).toBe('given');
    expect(await shown(xml)).toBe('given');
    const elsewhere = await house.exchange({ subject_token_type: samlType, subject_token: Buffer.from(xml).toString('base64url'), audience: 'box' }, ['--interface', '127.0.0.2']);
    expect(said(elsewhere)).toContain('(replay)');
  });
});

describe('a token of Kubernetes whose cluster is asked', () => {
  const uid = '0d2b5d8e-1111-4222-8333-444455556666';
  let serial = 0;
  const token = () => {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ iss: 'https://oidc.cluster.bank.example', aud: ['sallyport'], sub: 'system:serviceaccount:ledger:nightly', iat: now, exp: now + 600, jti: `p-${++serial}`, 'kubernetes.io': { namespace: 'ledger', serviceaccount: { name: 'nightly', uid } } }).setProtectedHeader({ alg: 'ES256', kid: 'w1' }).sign(workloadKey);
  };

  it('is let in when the cluster knows it, which is asked with the credential and remembered for seconds', async () => {
    says = ({ audiences }) => ({ authenticated: true, audiences, user: { username: 'system:serviceaccount:ledger:nightly', uid } });
    const one = await token();
    asked.length = 0;
    expect(await house.resolve(one)).toBe('pod');
    expect(await house.resolve(one)).toBe('pod');
    expect(asked).toEqual([{ authorization: 'Bearer reviewer', path: '/apis/authentication.k8s.io/v1/tokenreviews' }]);
    house.ahead = 11_000;
    expect(await house.resolve(one)).toBe('pod');
    house.ahead = 0;
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['does not know it', () => ({ authenticated: false, error: 'pod deleted' })],
    ['knows another account of that name', () => ({ authenticated: true, audiences: ['sallyport'], user: { uid: 'other' } })],
    ['knows it for somebody else', () => ({ authenticated: true, audiences: ['api'], user: { uid } })],
  ])('is refused when the cluster %s', async (_what, answer) => {
    says = answer;
    expect(await house.resolve(await token())).toContain('(token-revoked)');
  });

  it('is refused while the cluster cannot be asked', async () => {
    says = null;
    expect(await house.resolve(await token())).toContain('(issuer-unreachable)');
  });
});
