import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { governanceDirectories, governanceSignals } from '@sallyport/platform-bus';
import { admin, eventually, SignalsHouse } from '../../testing/signals-house.ts';

/** Events as the OpenID Shared Signals, CAEP and RISC specifications show them. */
const type = {
  disabled: 'https://schemas.openid.net/secevent/risc/event-type/account-disabled', purged: 'https://schemas.openid.net/secevent/risc/event-type/account-purged', enabled: 'https://schemas.openid.net/secevent/risc/event-type/account-enabled',
  revoked: 'https://schemas.openid.net/secevent/caep/event-type/session-revoked', verification: 'https://schemas.openid.net/secevent/ssf/event-type/verification', unknown: 'https://schemas.example/other',
} as const;
const issuer = 'https://idp.example.com/';
const audience = 'https://sallyport.bank.example/ssf';

let h: SignalsHouse;
let token: string;
let key: CryptoKey;
let other: CryptoKey;
let server: Server;
let origin: string;
/** What the transmitter has for whoever polls, and what it was told. */
const waiting = new Map<string, string>();
const polls: { ack?: string[]; setErrs?: Record<string, { err: string }>; authorization: string | undefined }[] = [];

beforeAll(async () => {
  const [pair, second] = [await generateKeyPair('RS256', { extractable: true }), await generateKeyPair('RS256')];
  [key, other] = [pair.privateKey, second.privateKey];
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  server = createServer((request, response) => {
    if (request.url === '/jwks') return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }));
    void text(request).then((body) => {
      const asked: { ack?: string[]; setErrs?: Record<string, { err: string }> } = JSON.parse(body);
      polls.push({ ...asked, authorization: request.headers.authorization });
      for (const jti of [...(asked.ack ?? []), ...Object.keys(asked.setErrs ?? {})]) waiting.delete(jti);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ sets: Object.fromEntries([...waiting].slice(0, 2)), moreAvailable: waiting.size > 2 }));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const at = server.address();
  origin = `http://127.0.0.1:${typeof at === 'object' && at !== null ? at.port : 0}`;
  h = await SignalsHouse.open();
  h.issuers.push({ apiVersion: 'sallyport/v1', kind: 'Issuer', metadata: { name: 'idp' }, spec: { issuer, provider: 'generic', trusts: ['people'], keys: { discovery: true }, algorithms: ['RS256'], audiences: ['sallyport'] } });
  token = await h.add('caep', { issuer, jwksUri: `${origin}/jwks`, audience, authority: null, poll: null, credential: null });
});
afterAll(async () => {
  await h[Symbol.asyncDispose]();
  server.close();
});
beforeEach(() => void (h.signalled.length = 0));

let serial = 0;
interface Twist {
  readonly claims?: JWTPayload;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly key?: CryptoKey;
}
function set(events: Readonly<Record<string, unknown>>, sub_id: unknown, { claims = {}, header = {}, key: by = key }: Twist = {}): Promise<string> {
  const at = Math.floor((Date.now() + h.ahead) / 1000);
  return new SignJWT({ iss: issuer, aud: audience, iat: at, jti: `e-${++serial}`, events, ...(sub_id === undefined ? {} : { sub_id }), ...claims }).setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'secevent+jwt', ...header }).sign(by);
}
const push = (body: string) => h.ask('POST', '/ssf/v1/events', token, body, 'application/secevent+jwt');
const told = (...words: string[]) => eventually(words.join(', '), () => JSON.stringify(h.words) === JSON.stringify(words));

describe('a security event that is pushed', () => {
  it.each([
    ['iss_sub, by who logs in with it', { format: 'iss_sub', iss: issuer, sub: '145234573' }, 'ingrid'],
    ['email', { format: 'email', email: 'Ella@bank.example' }, 'ella'],
    ['opaque', { format: 'opaque', id: 'op-1' }, 'olaf'],
    ['account', { format: 'account', uri: 'acct:anna@bank.example' }, 'anna'],
    ['the user of a complex subject', { format: 'complex', user: { format: 'email', email: 'carl@bank.example' }, tenant: { format: 'opaque', id: 't' } }, 'carl'],
    ['a complex subject without a format, as drafts wrote it', { user: { format: 'opaque', id: 'op-9' } }, 'dora'],
    ['aliases', { format: 'aliases', identifiers: [{ format: 'phone_number', phone_number: '+1' }, { format: 'email', email: 'alia@bank.example' }] }, 'alia'],
  ])('names somebody by %s', async (_format, subject, name) => {
    await h.know('ingrid', [], { issuer: 'idp', subject: '145234573' });
    for (const [who, id] of [['ella', 'ella@bank.example'], ['olaf', 'op-1'], ['anna', 'anna@bank.example'], ['carl', 'carl@bank.example'], ['dora', 'op-9'], ['alia', 'alia@bank.example']] as const) await h.know(who, [id]);
    expect(await push(await set({ [type.disabled]: { reason: 'hijacking' } }, subject))).toMatchObject({ status: 202, text: '' });
    await told(`left ${name}`);
  });

  it('counts once, however often it comes, and by its own time', async () => {
    await h.know('once', ['id-once']);
    const happened = Math.floor(Date.now() / 1000) - 100;
    const token_ = await set({ [type.purged]: {} }, { format: 'opaque', id: 'id-once' }, { claims: { toe: happened } });
    const answers = await Promise.all(Array.from({ length: 8 }, () => push(token_)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 202));
    await told('left once');
    expect(Date.parse(h.signalled[0]?.at ?? '')).toBe(happened * 1000);
    expect(await push(await set({ [type.enabled]: {} }, { format: 'opaque', id: 'id-once' }))).toMatchObject({ status: 202 });
    await told('left once', 'returned once');
  });

  it('ends the sessions of whom it names, by the time that the event says, and leaves them here', async () => {
    await h.know('vera', ['id-vera']);
    const [before, gone] = [(await h.events('signal.received')).length, (await h.sql('select * from governance.departure')).length];
    const [seconds, toe] = [Math.floor(Date.now() / 1000) - 500, Math.floor(Date.now() / 1000) - 300];
    const subject = { format: 'complex', user: { format: 'opaque', id: 'id-vera' }, session: { format: 'opaque', id: 's' } };
    const pushed = [
      await set({ [type.revoked]: { event_timestamp: seconds, initiating_entity: 'policy' } }, subject), await set({ [type.revoked]: { event_timestamp: seconds * 1000 + 250, subject: { format: 'opaque', id: 'id-vera' } } }, undefined),
      await set({ [type.revoked]: {} }, subject, { claims: { toe } }), await set({ [type.revoked]: { event_timestamp: '1' } }, subject, { claims: { iat: toe } }),
    ];
    for (const body of [...pushed, ...pushed]) expect((await push(body)).status).toBe(202);
    await told(...Array.from({ length: 4 }, () => 'session-revoked vera'));
    expect(h.signalled.map(({ at }) => Date.parse(at))).toEqual([seconds * 1000, seconds * 1000 + 250, toe * 1000, toe * 1000]);
    expect((await h.events('signal.received')).slice(before).map(({ d }) => `${String(d['kind'])} ${String(d['person'])}: ${String(d['outcome'])}`)).toEqual(Array.from({ length: 4 }, () => 'caep.session-revoked vera: identity is told: session-revoked'));
    expect(await h.sql('select * from governance.departure')).toHaveLength(gone);
    const listed = await h.console.call(governanceSignals, { by: admin, pending: false, before: null, limit: 1 });
    expect(listed).toMatchObject({ ok: true, value: { signals: [{ kind: 'session-revoked', person: 'vera', ids: [] }] } });
  });

  it('is recorded, and nothing follows, where it names a session and nobody, where it is a trial, and where nobody knows what it means', async () => {
    await h.know('vera', ['id-vera']);
    const before = (await h.events('signal.received')).length;
    for (const body of [
      await set({ [type.revoked]: { event_timestamp: 1 } }, { format: 'complex', session: { format: 'opaque', id: 's' } }),
      await set({ [type.verification]: { state: 'VGhpcyBpcyBhbiBleGFtcGxl' } }, { format: 'opaque', id: 'stream-1' }),
      await set({ [type.unknown]: {} }, { format: 'opaque', id: 'id-vera' }), await set({ [type.disabled]: {} }, { format: 'complex', device: { format: 'opaque', id: 'd' } }),
    ]) expect((await push(body)).status).toBe(202);
    expect((await h.events('signal.received')).slice(before).map(({ d }) => `${String(d['kind'])} ${String(d['person'])}: ${String(d['outcome'])}`)).toEqual([
      'caep.session-revoked null: recorded: it names no person', 'ssf.verification null: recorded', 'other vera: recorded: this type means nothing here', 'risc.account-disabled null: recorded: it names no person',
    ]);
    expect(h.words).toEqual([]);
  });

  it.each<[string, string, Twist, Readonly<Record<string, unknown>>?]>([
    ['another key', 'authentication_failed', { key: 'other' as unknown as CryptoKey }],
    ['a key that is not there', 'invalid_key', { header: { kid: 'k9' } }],
    ['another issuer', 'invalid_issuer', { claims: { iss: 'https://evil.example' } }],
    ['another audience', 'invalid_audience', { claims: { aud: 'https://other.example' } }],
    ['the type of an access token', 'invalid_request', { header: { typ: 'JWT' } }],
    ['no jti', 'invalid_request', { claims: { jti: undefined } as unknown as JWTPayload }],
    ['no iat', 'invalid_request', { claims: { iat: undefined } as unknown as JWTPayload }],
    ['a time to come', 'invalid_request', { claims: { iat: 4_000_000_000 } }],
    ['a time long ago', 'invalid_request', { claims: { iat: 1_000_000_000 } }],
    ['no events', 'invalid_request', {}, {}],
    ['an extension', 'invalid_request', { header: { crit: ['b64'], b64: true } }],
  ])('with %s is refused as RFC 8935 says: %s', async (_what, err, twist, events = { [type.disabled]: {} }) => {
    await h.know('nora', ['id-nora']);
    const { status, body } = await push(await set(events, { format: 'opaque', id: 'id-nora' }, twist.key === undefined ? twist : { ...twist, key: other }));
    expect([status, body]).toEqual([400, { err, description: expect.any(String) }]);
    await new Promise((done) => setTimeout(done, 50));
    expect(h.words).toEqual([]);
  });

  it('that is none is refused, and another method, type or directory', async () => {
    for (const body of ['', 'x', 'a.b.c', '{}', 'e30.e30.', `${'a'.repeat(70_000)}.b.c`]) expect(await push(body)).toMatchObject({ status: 400, body: { err: 'invalid_request' } });
    expect((await push('x'.repeat(1024 * 1024 + 1))).status).toBe(413);
    expect((await h.ask('GET', '/ssf/v1/events', token)).status).toBe(405);
    expect(await h.ask('POST', '/ssf/v1/events', token, 'x', 'application/json')).toMatchObject({ status: 400, body: { err: 'invalid_request' } });
    expect(await h.ask('POST', '/ssf/v1/events', 'wrong', 'x', 'application/secevent+jwt')).toMatchObject({ status: 401, body: { err: 'authentication_failed' } });
  });

  it('waits with the transmitter while it cannot be kept, or while its keys cannot be had', async () => {
    await h.know('sam', ['id-sam']);
    const body = await set({ [type.disabled]: {} }, { format: 'opaque', id: 'id-sam' });
    await h.sql(`create function governance.no() returns trigger language plpgsql as $$ begin raise exception 'no events now'; end $$; create trigger muted before insert on governance.outbox for each row execute function governance.no()`);
    expect((await push(body)).status).toBe(503);
    await h.sql('drop trigger muted on governance.outbox; drop function governance.no()');
    expect((await push(body)).status).toBe(202);
    await told('left sam');
    const lost = await h.add('no-keys', { issuer, jwksUri: 'http://127.0.0.1:9/jwks', audience, authority: null, poll: null, credential: null });
    expect((await h.ask('POST', '/ssf/v1/events', lost, body, 'application/secevent+jwt')).status).toBe(503);
  });
});

describe('security events that are fetched', () => {
  it('are acknowledged when they are durable, refused by name, and asked for until there are no more', async () => {
    await h.secret('caep-poll', 'poll-token-1');
    for (const name of ['pia', 'paul', 'petra']) await h.know(name, [`id-${name}`]);
    for (const name of ['pia', 'paul', 'petra']) waiting.set(`poll-${name}`, await set({ [type.disabled]: {} }, { format: 'opaque', id: `id-${name}` }, { claims: { jti: `poll-${name}` } }));
    waiting.set('poll-wrong', await set({ [type.disabled]: {} }, { format: 'opaque', id: 'id-pia' }, { claims: { jti: 'poll-wrong', aud: 'x' } }));
    await h.add('poller', { issuer, jwksUri: `${origin}/jwks`, audience, authority: null, poll: `${origin}/poll`, credential: 'file:caep-poll' });
    await eventually('all were fetched', () => waiting.size === 0);
    expect([...h.words].sort()).toEqual(['left paul', 'left petra', 'left pia']);
    expect(polls[0]).toMatchObject({ authorization: 'Bearer poll-token-1', returnImmediately: true });
    expect(polls.flatMap(({ ack = [] }) => ack).sort()).toEqual(['poll-paul', 'poll-petra', 'poll-pia']);
    expect(polls.flatMap(({ setErrs = {} }) => Object.entries(setErrs).map(([jti, { err }]) => `${jti} ${err}`))).toEqual(['poll-wrong invalid_audience']);
  });

  it('that cannot be fetched show in the list of directories', async () => {
    await h.add('lost', { issuer, jwksUri: `${origin}/jwks`, audience, authority: null, poll: 'http://127.0.0.1:9/poll', credential: 'file:caep-poll' });
    await eventually('the fault is shown', async () => {
      const reply = await h.console.call(governanceDirectories, { by: admin });
      return reply.ok && reply.value.directories.some(({ name, fault }) => name === 'lost' && fault !== null);
    });
  });
});
