import { execFile } from 'node:child_process';
import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { identityExplain, identityResolve } from '@sallyport/platform-bus';
import { readPublicKeyLine } from '@sallyport/platform-identity';
import { base, binding, machine, target } from '../testing/documents.ts';
import { IdentityHouse } from '../testing/house.ts';
import { ticketType } from './token-types.ts';

const run = promisify(execFile);
let house: IdentityHouse;
let user: string;
let publicKey: string;

beforeAll(async () => {
  house = await IdentityHouse.open();
  await house.apply([
    ...base(house.pinned), target('box'), target('ledger'), machine('nightly'), machine('once', { bindings: [binding({ workload_id: 'once' }, { replay: 'single_use' })] }),
    machine('roaming', { bindings: [binding({ workload_id: 'roaming' }, { replay: 'off', justification: 'its runners change address while they work' })] }),
  ]);
  user = join(house.directory.path, 'id_ed25519');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'nightly job', '-f', user]);
  publicKey = await readFile(`${user}.pub`, 'utf8');
});
afterAll(() => house[Symbol.asyncDispose]());
beforeEach(() => {
  house.ahead = 0;
});

const refusedBy = async (form: Parameters<IdentityHouse['exchange']>[0], options: readonly string[] = []) => {
  const { status, json } = await house.exchange(form, options);
  return `${status} ${String(json['error'])}: ${String(json['error_description'])}`;
};

describe('the exchange of a token for a ticket', () => {
  it('answers as RFC 8693 says, with 47 characters for a quarter of an hour, which is recorded without them', async () => {
    const token = await house.mint({ act: { iss: 'https://agents.example', sub: 'planner', act: { sub: 'alice@bank.example' } } });
    const { status, json, text } = await house.exchange({ subject_token: token, audience: 'box' }, ['-D', join(house.directory.path, 'headers')]);
    expect(status).toBe(200);
    expect(json).toEqual({ access_token: expect.stringMatching(/^slt_[\w-]{43}$/), issued_token_type: ticketType, token_type: 'Bearer', expires_in: expect.any(Number) });
    expect(json['expires_in']).toBeGreaterThan(890);
    expect(json['expires_in']).toBeLessThanOrEqual(900);
    expect(await readFile(join(house.directory.path, 'headers'), 'utf8')).toMatch(/cache-control: no-store/i);
    const ticket = String(json['access_token']);
    expect(Buffer.byteLength(ticket)).toBeLessThan(1023);
    const [came, exchanged] = (await house.events()).slice(-2);
    const actors = ['https://agents.example planner', `sha256:${createHash('sha256').update('alice@bank.example').digest('hex').slice(0, 32)}`];
    expect(came).toMatchObject({ type: 'auth.ok', who: { id: 'machine:nightly' }, d: { door: 'token-exchange', source: '127.0.0.1', claims: { act: actors.join(' < ') } } });
    expect(exchanged).toMatchObject({ type: 'token.exchanged', who: { id: 'machine:nightly', owner: 'alice' }, d: { kind: 'ticket', binding: 'nightly/b', targets: ['box'], key: null, uses: null, sources: ['127.0.0.1'], act: actors, source: '127.0.0.1' } });
    expect(JSON.stringify(await house.events())).not.toContain(ticket.slice(4));
    const kept = await house.postgres.sql('select t::text from identity.ticket t', house.database.name);
    expect(JSON.stringify(kept)).not.toContain(ticket.slice(4));
    expect(text).not.toContain(token);
  });

  it('lets its machine in at any door, with what it came of, and nobody anywhere else', async () => {
    const ticket = await house.ticket({ audience: ['box', 'reader@ledger'] });
    const reply = await house.gateway.call(identityResolve, { token: ticket, door: 'postgres', target: 'ledger', role: 'reader', source: { address: '127.0.0.1', port: 1, client: 'psql' }, session: null, expect: 'machine' });
    const event = (await house.events()).findLast(({ type }) => type === 'token.exchanged');
    expect(reply).toMatchObject({ ok: true, value: { kind: 'machine', actor: { machine: 'nightly', owner: 'alice', issuer: 'https://idp.example', jti: event?.d['id'], tokenHash: createHash('sha256').update(ticket).digest('hex') }, ticket: { kind: 'ticket', id: event?.d['id'], targets: ['box', 'reader@ledger'], extensions: [], act: [] } } });
    expect(await house.last()).toMatchObject({ type: 'auth.ok', who: { id: 'machine:nightly', jti: event?.d['id'] }, d: { binding: 'nightly/b', door: 'postgres', claims: { ticket: event?.d['id'] } } });
    expect(await house.resolve(ticket)).toBe('nightly');
    for (const over of [{ target: 'ledger' }, { target: 'ledger', role: 'admin' }, { target: 'box', role: 'reader' }]) expect(await house.resolve(ticket, over)).toContain('(ticket-target-wrong)');
    expect(await house.resolve(ticket, { target: null })).toContain('(ticket-target-unnamed)');
    expect(await house.resolve(ticket, { expect: 'person' })).toContain('(ticket-not-for-people)');
    expect(await house.last()).toMatchObject({ type: 'auth.failed', who: null, d: { code: 'ticket-not-for-people' } });
    const changed = ticket.slice(0, -1) + (ticket.endsWith('A') ? 'B' : 'A');
    expect(await house.resolve(changed)).toContain('(ticket-unknown)');
    expect(await house.resolve(ticket.slice(0, 40))).toContain('(ticket-malformed)');
    expect(await house.resolve(`${ticket}x`)).toContain('(ticket-malformed)');
    const explained = await house.console.call(identityExplain, { by: { person: 'root', roles: ['admin'], groups: [], source: '127.0.0.1' }, token: ticket });
    expect(explained).toMatchObject({ ok: true, value: { verdict: 'refused', code: 'token-malformed', say: expect.stringContaining('that is a ticket'), machine: null } });
  });

  it('from another address than the one that it was given to is a replay', async () => {
    const ticket = await house.ticket();
    expect(await house.resolve(ticket, { source: { address: '10.9.9.9', port: 1, client: null } })).toContain('(ticket-source-wrong)');
    expect(await house.last()).toMatchObject({ type: 'auth.replay', who: { id: 'machine:nightly' }, d: { source: '10.9.9.9', first_source: '127.0.0.1', binding: 'nightly/b' } });
    expect(await house.resolve(ticket, { source: { address: '::ffff:127.0.0.1', port: 1, client: null } })).toBe('nightly');
    const elsewhere = await house.ticket({ source_address: '10.9.0.0/16,192.168.7.7' });
    expect(await house.resolve(elsewhere, { source: { address: '10.9.9.9', port: 1, client: null } })).toBe('nightly');
    expect(await house.resolve(elsewhere)).toContain('(ticket-source-wrong)');
    expect(await refusedBy({ subject_token: await house.mint(), audience: 'box', source_address: '0.0.0.0/0' })).toContain('400 invalid_request: source_address may span /16');
    const free = await house.ticket({ subject_token: await house.mint({ workload_id: 'roaming' }) });
    expect(await house.resolve(free, { source: { address: '203.0.113.9', port: 1, client: null } })).toBe('roaming');
  });

  it('is counted: fifty uses at once of a ticket for seven are seven', async () => {
    const ticket = await house.ticket({ uses: '7' });
    const answers = await Promise.all(Array.from({ length: 50 }, () => house.resolve(ticket)));
    expect(answers.filter((answer) => answer === 'nightly')).toHaveLength(7);
    expect(answers.filter((answer) => answer.includes('(ticket-used-up)'))).toHaveLength(43);
    expect((await house.events()).filter(({ type, who }) => type === 'auth.replay' && who?.['jti'] !== undefined)).toHaveLength(43 + 2);
    expect(await house.postgres.sql('select uses from identity.ticket where max_uses = 7', house.database.name)).toEqual([{ uses: 7 }]);
  });

  it('of a single-use token may be used once, and the token itself not at all any more', async () => {
    const token = await house.mint({ workload_id: 'once' });
    const ticket = await house.ticket({ subject_token: token });
    expect(await house.resolve(token)).toContain('(replay)');
    expect(await refusedBy({ subject_token: token, audience: 'box' })).toContain('(replay)');
    const answers = await Promise.all(Array.from({ length: 10 }, () => house.resolve(ticket)));
    expect(answers.filter((answer) => answer === 'once')).toHaveLength(1);
  });

  it('never outlives its token, nor the time that was asked for', async () => {
    const now = Math.floor(Date.now() / 1000);
    const short = await house.exchange({ subject_token: await house.mint({ exp: now + 120 }), audience: 'box' });
    expect(short.json['expires_in']).toBeLessThanOrEqual(120);
    const asked = await house.exchange({ subject_token: await house.mint(), audience: 'box', lifetime: '30' });
    expect(asked.json['expires_in']).toBeLessThanOrEqual(30);
    const [brief, ticket] = [String(asked.json['access_token']), await house.ticket()];
    house.ahead = 31_000;
    expect(await house.resolve(brief)).toContain('(ticket-expired)');
    expect(await house.resolve(ticket)).toBe('nightly');
    house.ahead = 900_001;
    expect(await house.resolve(ticket)).toContain('(ticket-expired)');
    house.ahead = 0;
    expect(await refusedBy({ subject_token: await house.mint({ exp: now + 2 }), audience: 'box' })).toContain('the token ends within seconds');
    // Within the issuer's clock skew the token is taken, and nothing can be made of it.
    expect(await refusedBy({ subject_token: await house.mint({ exp: now - 20 }), audience: 'box' })).toContain('the token ends within seconds');
    expect(await refusedBy({ subject_token: await house.mint({ exp: now - 90 }), audience: 'box' })).toContain('(token-expired)');
  });

  it('ends when the machine is suspended, and stays ended when it works again', async () => {
    await house.apply([machine('leaver')]);
    const [ticket, other] = [await house.ticket({ subject_token: await house.mint({ workload_id: 'leaver' }) }), await house.ticket()];
    expect(await house.resolve(ticket)).toBe('leaver');
    await house.apply([machine('leaver', { state: 'suspended' })]);
    expect(await house.resolve(ticket)).toContain('unauthorized: machine leaver is suspended (machine-suspended)');
    const revoked = (await house.events()).find(({ type }) => type === 'token.revoked');
    expect(revoked).toMatchObject({ who: { id: 'person:root' }, d: { machine: 'leaver', count: 1, why: 'its state was set to suspended' } });
    expect(await refusedBy({ subject_token: await house.mint({ workload_id: 'leaver' }), audience: 'box' })).toContain('(machine-suspended)');
    await house.apply([machine('leaver')]);
    expect(await house.resolve(ticket)).toContain('(ticket-revoked)');
    expect(await house.resolve(other)).toBe('nightly');
  });

  it('ends when its trust binding is changed', async () => {
    await house.apply([machine('bound')]);
    const ticket = await house.ticket({ subject_token: await house.mint({ workload_id: 'bound' }) });
    await house.apply([machine('bound', { bindings: [binding({ workload_id: 'bound', more: 'x' })] })]);
    expect(await house.resolve(ticket)).toContain('(ticket-revoked)');
  });

  it('that races with a suspension never leaves a ticket that works afterwards', async () => {
    for (let round = 0; round < 5; round++) {
      await house.apply([machine('racer')]);
      const tokens = await Promise.all(Array.from({ length: 6 }, () => house.mint({ workload_id: 'racer' })));
      const [outcomes] = await Promise.all([
        Promise.all(tokens.map((token) => house.exchange({ subject_token: token, audience: 'box' }))),
        house.apply([machine('racer', { state: 'suspended' })]),
      ]);
      await house.apply([machine('racer')]);
      for (const { status, json } of outcomes) if (status === 200) expect(await house.resolve(String(json['access_token']))).toMatch(/\(ticket-revoked\)/);
    }
  });

  it('is remembered over a restart', async () => {
    const ticket = await house.ticket({ uses: '2' });
    expect(await house.resolve(ticket)).toBe('nightly');
    await house.stop();
    await house.start();
    expect(await house.resolve(ticket)).toBe('nightly');
    expect(await house.resolve(ticket)).toContain('(ticket-used-up)');
  });
});

describe('a ticket that is bound to a key', () => {
  const holds = (keys: Partial<Record<'ssh' | 'x5t' | 'jkt', string>>) => ({ holds: { ssh: null, x5t: null, jkt: null, ...keys } });

  it('of SSH is refused without it', async () => {
    const ticket = await house.ticket({ public_key: publicKey });
    expect((await house.last())?.d['key']).toBe(`ssh:${readPublicKeyLine(publicKey).fingerprint}`);
    expect(await house.resolve(ticket)).toContain('(ticket-key-wrong)');
    expect(await house.resolve(ticket, holds({ ssh: 'SHA256:other', x5t: readPublicKeyLine(publicKey).fingerprint }))).toContain('(ticket-key-wrong)');
    expect(await house.resolve(ticket, holds({ ssh: readPublicKeyLine(publicKey).fingerprint }))).toBe('nightly');
  });

  it('of the TLS client certificate is bound by showing one (RFC 8705)', async () => {
    const [key, cert] = [join(house.directory.path, 'client.key'), join(house.directory.path, 'client.pem')];
    await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-days', '1', '-subj', '/CN=nightly']);
    const { json } = await house.exchange({ subject_token: await house.mint(), audience: 'box' }, ['--cert', cert, '--key', key]);
    const x5t = createHash('sha256').update(new X509Certificate(await readFile(cert)).raw).digest('base64url');
    expect((await house.last())?.d['key']).toBe(`x5t#S256:${x5t}`);
    expect(await house.resolve(String(json['access_token']))).toContain('(ticket-key-wrong)');
    expect(await house.resolve(String(json['access_token']), holds({ x5t }))).toBe('nightly');
    expect(await refusedBy({ subject_token: await house.mint(), audience: 'box', public_key: publicKey }, ['--cert', cert, '--key', key])).toContain('bound to one key');
  });

  it('of a DPoP proof (RFC 9449) is bound by a fresh proof for this endpoint, taken once', async () => {
    const { privateKey, publicKey: proven } = await generateKeyPair('ES256');
    const jwk = await exportJWK(proven);
    const proof = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
      new SignJWT({ htm: 'POST', htu: `${house.url}/v1/token`, iat: Math.floor(Date.now() / 1000), jti: randomUUID(), ...claims }).setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk, ...header }).sign(privateKey);
    const good = await proof();
    const { status, json } = await house.exchange({ subject_token: await house.mint(), audience: 'box' }, ['-H', `DPoP: ${good}`]);
    expect([status, json['token_type']]).toEqual([200, 'DPoP']);
    const jkt = await calculateJwkThumbprint(jwk);
    expect(await house.resolve(String(json['access_token']))).toContain('(ticket-key-wrong)');
    expect(await house.resolve(String(json['access_token']), holds({ jkt }))).toBe('nightly');
    const refused = async (text: string) => refusedBy({ subject_token: await house.mint(), audience: 'box' }, ['-H', `DPoP: ${text}`]);
    expect(await refused(good)).toBe('400 invalid_dpop_proof: the proof was used before');
    expect(await refused(await proof({ htm: 'GET' }))).toContain('invalid_dpop_proof: htm');
    expect(await refused(await proof({ htu: 'https://other.example/v1/token' }))).toContain('invalid_dpop_proof: htu');
    expect(await refused(await proof({ iat: Math.floor(Date.now() / 1000) - 120 }))).toContain('invalid_dpop_proof: iat');
    expect(await refused(await proof({}, { typ: 'JWT' }))).toContain('invalid_dpop_proof: typ');
    const other = await exportJWK((await generateKeyPair('ES256')).publicKey);
    expect(await refused(await proof({}, { jwk: other }))).toBe('400 invalid_dpop_proof: the signature is wrong');
    expect(await refused('nonsense')).toContain('invalid_dpop_proof');
  });
});

describe('the exchange refuses', () => {
  it('by name what is not a request of RFC 8693', async () => {
    const token = await house.mint();
    const good = { subject_token: token, audience: 'box' };
    expect(await refusedBy({ ...good, grant_type: 'client_credentials' })).toContain('400 unsupported_grant_type');
    expect(await refusedBy({ audience: 'box' })).toContain('400 invalid_request: subject_token is missing');
    expect(await refusedBy({ ...good, subject_token_type: 'urn:ietf:params:oauth:token-type:saml1' })).toContain('subject_token_type must be one of');
    expect(await refusedBy({ ...good, requested_token_type: 'urn:ietf:params:oauth:token-type:jwt' })).toContain('requested_token_type must be');
    expect(await refusedBy({ ...good, actor_token: token })).toContain('actor_token needs its actor_token_type');
    expect(await refusedBy({ ...good, scope: 'all' })).toContain('400 invalid_scope');
    expect(await refusedBy({ ...good, resource: 'https://x' })).toContain('400 invalid_target');
    expect(await refusedBy({ ...good, use: '1' })).toContain('the parameter use is not known here');
    expect(await refusedBy({ ...good, uses: ['1', '2'] })).toContain('the parameter uses stands twice');
    for (const uses of ['0', '-1', '1001', '1e1', '٣']) expect(await refusedBy({ ...good, uses })).toContain('uses must be');
    expect(await refusedBy({ ...good, lifetime: '901' })).toContain('lifetime must be');
    for (const audience of ['*', 'box*', 'a@b@box', 'box ledger', '../box', 'reader@', '-x@box', '-oX', 'b\u00f6x']) expect(await refusedBy({ ...good, audience })).toContain('400 invalid_target');
    expect(await refusedBy({ subject_token: token })).toContain('invalid_target: name at least one target');
    expect((await house.curl(['/v1/token', '-X', 'POST', '-H', 'content-type: application/json', '-d', '{}'])).json['error_description']).toContain('application/x-www-form-urlencoded');
    expect((await house.curl(['/v1/token'])).status).toBe(400);
    expect((await house.curl(['/v1/tokens'])).status).toBe(404);
    const huge = join(house.directory.path, 'huge');
    await writeFile(huge, 'x'.repeat(70_000));
    expect((await house.exchange(good, ['--data-urlencode', `client_id@${huge}`])).json['error_description']).toContain('larger than 65536 bytes');
    // None of it counted as a use of the token.
    expect((await house.exchange(good)).status).toBe(200);
  });

  it('and records what came with a genuine token, and what did not', async () => {
    expect(await refusedBy({ subject_token: await house.mint(), audience: 'nowhere' })).toBe('400 invalid_target: there is no target nowhere here');
    expect(await house.last()).toMatchObject({ type: 'token.refused', who: { id: 'machine:nightly' }, d: { code: 'target-unknown', binding: 'nightly/b', source: '127.0.0.1' } });
    expect(await refusedBy({ subject_token: 'nonsense', audience: 'box' })).toContain('(token-malformed)');
    expect(await house.last()).toMatchObject({ type: 'auth.failed', who: null, d: { code: 'token-malformed', door: 'token-exchange' } });
    expect(await refusedBy({ subject_token: await house.mint({ workload_id: 'stranger' }), audience: 'box' })).toContain('(claims-unmatched)');
    expect(await refusedBy({ subject_token: await house.ticket(), audience: 'box' })).toContain('a ticket is not exchanged for another');
  });

  it('who asks too often, and tells when to come again', async () => {
    await house.stop();
    await house.start({ SALLYPORT_TOKEN_RATE: '1' });
    const outcomes = await Promise.all(Array.from({ length: 12 }, () => house.exchange({ subject_token: 'x', audience: 'box' }, ['-D', '-'])));
    const slowed = outcomes.filter(({ status }) => status === 429);
    expect(slowed.length).toBeGreaterThanOrEqual(4);
    expect(slowed[0]?.text).toMatch(/retry-after: [1-9]/i);
    expect(slowed[0]?.text).toContain('"error":"slow_down"');
    await house.stop();
    await house.start();
  });
});
